using System.Globalization;
using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Chaos;

/// <summary>Reads an experiment of Chaos Toolkit. JSON is YAML, so both are read alike.</summary>
/// <param name="variable">The environment of whoever runs it.</param>
internal sealed partial class ChaosReader(Func<string, string?> variable, ProblemList problems)
{
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(30), LongestPause = TimeSpan.FromHours(1);

    private readonly Dictionary<string, string> _configuration = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChaosActivity> _named = new(StringComparer.Ordinal);

    /// <summary>A file that has a method, or their hypothesis, is theirs; ours have neither.</summary>
    public static bool IsTheirs(Tree tree) => tree is Tree.Map map
        && map.Entries.Any(entry => entry.Key.Text is "method" or "steady-state-hypothesis");

    /// <summary>What is returned counts only when no problem was noted.</summary>
    public ChaosExperiment Read(Tree tree)
    {
        var top = Fields.Open(tree, ChaosKeys.Top, tree.Place, problems);
        Configure(top["configuration"]);
        var hypothesis = top.Open("steady-state-hypothesis", ChaosKeys.Hypothesis);
        var experiment = new ChaosExperiment(
            top.Filled("title") ?? "experiment", Activities(hypothesis, "probes"), Activities(top, "method"),
            Activities(top, "rollbacks"));
        foreach (var (probe, item) in experiment.Hypothesis.Zip(hypothesis.Items("probes")))
            if (probe.Tolerance is null && !problems.HasErrors)
                problems.Error(item.Place, $"{Quoted.Of(probe.Name)} has no tolerance", "write tolerance: 200, say");
        return experiment;
    }

    private void Configure(Tree? tree)
    {
        if (tree is not Tree.Map map) return;
        foreach (var entry in map.Entries)
        {
            if (entry.Value is Tree.Map)
            {
                var fields = Fields.Open(entry.Value, ChaosKeys.FromEnvironment, entry.Key.Place, problems);
                var found = fields.Filled("key") is { } key ? variable(key) : null;
                found ??= fields["default"] is Tree.Scalar given ? given.Text : null;
                if (found is not null) _configuration[entry.Key.Text] = found;
                else
                    problems.Error(entry.Key.Place, $"{Quoted.Of(entry.Key.Text)} has no value",
                        "set its variable, or write default:");
            }
            else if (Scalars.Text(entry.Value, entry.Key.Text, problems) is { } text)
                _configuration[entry.Key.Text] = text;
        }
    }

    private EquatableArray<ChaosActivity> Activities(Fields fields, string key)
    {
        var read = new List<ChaosActivity>();
        foreach (var item in fields.Items(key))
        {
            var activity = Fields.Open(item, ChaosKeys.Activity, item.Place, problems);
            if (activity.Filled("ref") is { } name)
            {
                if (_named.TryGetValue(name, out var known)) read.Add(known);
                else
                    problems.Error(activity.PlaceOf("ref"), $"no earlier activity is named {Quoted.Of(name)}",
                        "name one that stands before");
            }
            else if (activity.IsMap && Activity(activity) is { } one)
            {
                _named.TryAdd(one.Name, one);
                read.Add(one);
            }
        }
        return read.ToEquatableArray();
    }

    private ChaosActivity? Activity(Fields fields)
    {
        var pauses = fields.Open("pauses", ChaosKeys.Pauses);
        if (fields["provider"] is null)
        {
            problems.Error(fields.Place, "this activity has no provider", "write provider: with type: http or process");
            return null;
        }
        if (Provider(fields.Open("provider", ChaosKeys.Provider)) is not { } provider) return null;
        var action = fields.Choice("type", false, [("probe", false), ("action", true)]);
        return new ChaosActivity(fields.Filled("name") ?? provider.ToString()!, action, provider,
            Tolerance(fields["tolerance"]), Pause(pauses, "before"), Pause(pauses, "after"),
            fields.Flag("background", false));
    }

    private ChaosProvider? Provider(Fields fields)
    {
        if (fields["type"] is null) return Missing(fields, "type");
        var type = fields.Choice("type", "", [("http", "http"), ("process", "process")],
            ("python", "say the same with an http or a process provider: extensions in Python are not run"));
        var timeout = Seconds(fields, "timeout") ?? UsualTimeout;
        if (type == "process")
        {
            if (Filled(fields, "path") is not { } path) return Missing(fields, "path");
            return new ChaosProvider.Process(path, Arguments(fields["arguments"]), timeout);
        }
        if (type != "http") return null;
        if (Filled(fields, "url") is not { } url) return Missing(fields, "url");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
            problems.Error(fields.PlaceOf("url"), $"{Quoted.Of(url)} does not start with http:// or https://",
                "write a whole URL");
        var method = (Filled(fields, "method") ?? "GET").ToUpperInvariant();
        var headers = Pairs(fields["headers"]).Select(pair => new LoadHeader(pair.Key, pair.Value)).ToEquatableArray();
        var query = string.Join('&', Pairs(fields["arguments"])
            .Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        var asBody = query != "" && method is not ("GET" or "HEAD" or "DELETE");
        if (query != "" && !asBody) url += (url.Contains('?') ? "&" : "?") + query;
        return new ChaosProvider.Http(url, method, headers, asBody ? query : null,
            fields.WholeOrNull("expected_status", 100, 599), timeout);
    }

    private ChaosProvider? Missing(Fields fields, string key)
    {
        problems.Error(fields.Place, $"this provider has no {key}", $"write {key}:");
        return null;
    }

    private EquatableArray<string> Arguments(Tree? tree) => tree switch
    {
        Tree.Scalar scalar => Words(scalar),
        Tree.List list => list.Items.Select(item => Value(item, "arguments")).ToEquatableArray(),
        Tree.Map => Pairs(tree).SelectMany(pair => (string[])[pair.Key, pair.Value]).Where(word => word != "")
            .ToEquatableArray(),
        _ => [],
    };

    private EquatableArray<string> Words(Tree.Scalar scalar)
    {
        var (words, wrong) = ShellWords.Split(Filled(scalar.Text));
        if (words is not null) return words.ToEquatableArray();
        problems.Error(scalar.Place, $"'arguments' {wrong}", "write a list of words, or a shell: /bin/sh with -c");
        return [];
    }

    private IEnumerable<KeyValuePair<string, string>> Pairs(Tree? tree) => tree is Tree.Map map
        ? map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Text, Value(entry.Value, entry.Key.Text))) : [];

    private string Value(Tree tree, string what) => tree is Tree.Scalar { IsNull: true } ? ""
        : Scalars.Text(tree, what, problems) is { } text ? Filled(text) : "";

    private ChaosTolerance? Tolerance(Tree? tree)
    {
        switch (tree)
        {
            case null or Tree.Refused: return null;
            case Tree.Scalar { Quoted: false } scalar when scalar.Text is "true" or "false":
                return new ChaosTolerance.Went(scalar.Text == "true");
            case Tree.Scalar { Quoted: false } scalar when int.TryParse(scalar.Text, out var status):
                return new ChaosTolerance.Statuses([status]);
            case Tree.Scalar scalar: return new ChaosTolerance.Words(Filled(scalar.Text));
            case Tree.List list:
                var all = list.Items.Select(item => Scalars.Whole(item, "tolerance", 0, 599, problems));
                return new ChaosTolerance.Statuses(all.OfType<long>().Select(n => (int)n).ToEquatableArray());
        }
        var fields = Fields.Open(tree, ChaosKeys.Tolerance, tree.Place, problems);
        var type = fields.Choice("type", "", [("regex", "regex"), ("range", "range")],
            ("jsonpath", "use a process that answers with one value, such as jq"),
            ("probe", "use a probe of its own"));
        if (type == "range" && fields.Items("range") is [Tree.Scalar least, Tree.Scalar most]
            && Number(least) is { } from && Number(most) is { } to) return new ChaosTolerance.Between(from, to);
        if (type == "regex" && fields.Filled("pattern") is { } pattern && IsPattern(pattern))
            return new ChaosTolerance.Pattern(pattern);
        if (!problems.HasErrors)
            problems.Error(tree.Place, "this tolerance says nothing that can be compared",
                "write {type: regex, pattern: …} or {type: range, range: [least, most]}");
        return null;
    }

    private static bool IsPattern(string text)
    {
        try
        {
            _ = new Regex(text, RegexOptions.NonBacktracking);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static double? Number(Tree.Scalar scalar) =>
        double.TryParse(scalar.Text, CultureInfo.InvariantCulture, out var number) ? number : null;

    private TimeSpan Pause(Fields fields, string key) =>
        TimeSpan.FromTicks(Math.Min((Seconds(fields, key) ?? TimeSpan.Zero).Ticks, LongestPause.Ticks));

    private TimeSpan? Seconds(Fields fields, string key) =>
        fields.Parsed(key, text => Quantities.Number(Filled(text)), "seconds, such as 5") is { } seconds
            ? TimeSpan.FromSeconds(Math.Min(seconds, 86_400)) : null;

    private string? Filled(Fields fields, string key) => fields.Filled(key) is { } text ? Filled(text) : null;

    /// <summary>With what the configuration says in place of each ${NAME}.</summary>
    private string Filled(string text) => Reference().Replace(text,
        match => _configuration.GetValueOrDefault(match.Groups[1].Value, match.Value));

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Reference();
}
