using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads one of <c>steps</c>. <see cref="Places"/> tells where each text with variables stands.</summary>
internal sealed class StepReader(string? target, EquatableArray<Pair> headers, ThinkSpec? think)
{
    private readonly List<(int Step, Template Text, Place Place)> _places = [];
    private int _step;

    /// <summary>In the order in which users come by.</summary>
    public IReadOnlyList<(int Step, Template Text, Place Place)> Places => _places;

    public IEnumerable<ScenarioItem> Read(Tree tree, ProblemList problems)
    {
        var step = Fields.Open(tree, ScenarioKeys.Request, tree.Place, problems);
        if (!step.IsMap) return [];
        _step++;
        var url = Url(step);
        var body = Text(step, "body");
        var form = Known(ScenarioReader.Pairs(step, "form"), step, "form");
        if (body is not null && form.Count > 0)
            problems.Error(step.PlaceOf("form"), "a step has either a body or a form", "delete one of them");
        var method = Method(step, body is not null || form.Count > 0);
        var request = new RequestSpec
        {
            Name = step.Filled("name") ?? $"{method} {step.Filled("path") ?? step.Filled("url")}",
            Method = method,
            Url = url ?? Template.Empty,
            Headers = Merged(Known(ScenarioReader.Pairs(step, "headers"), step, "headers")),
            Query = Known(ScenarioReader.Pairs(step, "query"), step, "query"),
            Form = form, Body = body,
            Checks = step["checks"] is null ? []
                : CheckReader.Read(step.Open("checks", ScenarioKeys.Checks), Note).ToEquatableArray(),
            Extracts = ExtractReader.Read(step).ToEquatableArray(),
            Follows = step.Flag("follow", false),
            Timeout = step.DurationOrNull("timeout", positive: true),
        };
        var rest = step["think"] is { } own ? ScenarioReader.Think(own, problems) : think;
        EquatableArray<ScenarioItem> items = rest is null or { Most.Ticks: 0 }
            ? [new ScenarioItem.Send(request)] : [new ScenarioItem.Send(request), new ScenarioItem.Rest(rest)];
        return step.Flag("once", false) ? [new ScenarioItem.Once(items)] : items;
    }

    private void Note(Template text, Place place) => _places.Add((_step, text, place));

    private EquatableArray<Pair> Known(EquatableArray<Pair> pairs, Fields step, string key)
    {
        foreach (var pair in pairs) Note(pair.Value, step.PlaceOf(key));
        return pairs;
    }

    private Template? Text(Fields step, string key)
    {
        if (step[key] is not { } tree || ScenarioReader.Text(tree, key, step.Problems) is not { } text) return null;
        Note(text, tree.Place);
        return text;
    }

    private Template? Url(Fields step)
    {
        if (step["url"] is null == step["path"] is null)
            step.Problems.Error(step.Place, step["url"] is null ? "the step asks for nothing"
                : "the step has a url and a path",
                "write path: /… (or url: with the whole of it)");
        if (step["url"] is not null)
        {
            var whole = Text(step, "url");
            if (whole is { IsPlain: true } && !Uri.TryCreate(whole.Text, UriKind.Absolute, out _))
                step.Problems.Error(step.PlaceOf("url"), $"'url' is {Quoted.Of(whole.Text)}, which is not a whole URL",
                    "write path: for what is below 'target'");
            return whole;
        }
        if (Text(step, "path") is not { } path) return null;
        if (!path.Text.StartsWith('/') && !path.Text.StartsWith("${", StringComparison.Ordinal))
            step.Problems.Error(step.PlaceOf("path"), $"'path' is {Quoted.Of(path.Text)}, which does not begin with /",
                "write a / before it");
        if (target is null)
            step.Problems.Error(step.PlaceOf("path"), "the scenario has no target for this path",
                "write target: http://HOST:PORT at the top, or give --target");
        return Template.Parse(target?.TrimEnd('/').Replace("$", "\\$") + path.Text, out _);
    }

    private static string Method(Fields step, bool hasBody)
    {
        var method = step.Filled("method")?.ToUpperInvariant() ?? (hasBody ? "POST" : "GET");
        if (method.Length > 20 || !method.All(char.IsAsciiLetter))
            step.Problems.Error(step.PlaceOf("method"), $"{Quoted.Of(method)} is not an HTTP method",
                "write GET, POST or the like");
        return method;
    }

    /// <summary>A step's own wins over the scenario's.</summary>
    private EquatableArray<Pair> Merged(EquatableArray<Pair> own) => headers
        .Where(header => !own.Any(other => other.Name.Text.Equals(header.Name.Text,
            StringComparison.OrdinalIgnoreCase)))
        .Concat(own).ToEquatableArray();
}
