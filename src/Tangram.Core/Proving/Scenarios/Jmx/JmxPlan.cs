using System.Globalization;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>What reading a test plan needs everywhere: its variables, and where to tell what is not known.</summary>
internal sealed class JmxPlan(
    ProblemList problems, bool ignoresUnsupported, IReadOnlyDictionary<string, string> properties)
{
    private readonly List<Fixed> _variables = [];
    private readonly SortedDictionary<string, int> _needless = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    public ProblemList Problems => problems;
    public IReadOnlyList<Fixed> Variables => _variables;
    public List<DataSpec> Files { get; } = [];

    /// <summary>What was read and has no use here, such as listeners.</summary>
    public IEnumerable<string> Needless => _needless.Select(one => one.Value == 1 ? one.Key
        : $"{one.Value} × {one.Key}");

    public void NotNeeded(string kind) => _needless[kind] = _needless.GetValueOrDefault(kind) + 1;

    /// <summary>Listed, never dropped silently: the run is refused, or goes on without it when that was asked
    /// for.</summary>
    public void Unsupported(Place place, string what)
    {
        if (ignoresUnsupported) problems.Warn(place, $"{what} is not known here and left out", "the run is without it");
        else problems.Error(place, $"{what} is not known here",
            "take it out of the plan, or run without it: --ignore-unsupported");
    }

    /// <summary>Defaults are asked by the samplers of their scope, so only the end tells what nobody asked.</summary>
    public List<JmxElement> Defaults { get; } = [];

    /// <summary>How many timers there are so far that keep a pace.</summary>
    public int Timers { get; set; }

    public void Unread(JmxElement element)
    {
        foreach (var (place, name, value) in element.Unread())
            if (!Harmless.Contains(name))
                Unsupported(place, $"{name} = {Quoted.Of(value)} of {element.Shown}");
    }

    /// <summary>A variable of the plan; those before it may stand in it.</summary>
    public void Define(string name, string value, Place place)
    {
        if (name.Length == 0) return;
        var text = Text(value, place);
        _variables.Add(new Fixed(name, text));
        _known[name] = text.Expand(Nobody, default);
    }

    /// <summary>A text for users. What is no template of ours is listed, and taken as it stands.</summary>
    public Template Text(string text, Place place)
    {
        if (Template.Parse(text, out var wrong) is { } template) return template;
        Unsupported(place, $"{Quoted.Of(text)}, {wrong},");
        return Template.Plain(text);
    }

    /// <summary>What must be known before the run, such as how many users.</summary>
    public string Settled(string text, string what, Place place)
    {
        var template = Text(text, place);
        if (template.Variables.FirstOrDefault(name => !_known.ContainsKey(name)) is { } unknown)
            Unsupported(place, $"{what} that depends on ${{{unknown}}}, which is known only while users run,");
        return template.Expand(Nobody, default);
    }

    public double? Number(string text, string what, Place place)
    {
        var settled = Settled(text, what, place).Trim();
        if (double.TryParse(settled, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)) return number;
        problems.Error(place, $"{what} is {Quoted.Of(settled)}, which is not a number", "write a number");
        return null;
    }

    private ScenarioUser Nobody => new(0, new Rng(0), new ScenarioTable(_known, properties));

    /// <summary>They change nothing that is measured here.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "TestElement.gui_class", "TestElement.test_class", "TestElement.name", "TestElement.enabled",
        "TestPlan.comments", "TestPlan.tearDown_on_shutdown", "TestPlan.user_define_classpath",
        "HTTPSampler.use_keepalive", "HTTPSampler.implementation", "HTTPSampler.concurrentPool",
        "HTTPSampler.BROWSER_COMPATIBLE_MULTIPART", "HTTPSampler.embedded_url_re", "HTTPSampler.monitor",
        "ThreadGroup.start_time", "ThreadGroup.end_time", "ThreadGroup.delayedStart", "CookieManager.policy",
        "CookieManager.implementation", "Assertion.custom_message",
        "HTTPSampler.concurrentDwn", "HTTPSampler.proxyScheme", "HTTPSampler.ipSourceType",
        "HTTPSampler.embedded_url_exclude_re", "ConstantTimer.comments", "TransactionController.parent",
    };
}
