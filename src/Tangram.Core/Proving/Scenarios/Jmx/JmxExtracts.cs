using System.Globalization;
using Tangram.Model;

namespace Tangram.Proving.Scenarios.Jmx;

/// <summary>Extractors: what they find is known to what comes later; what they do not find stops nobody.</summary>
internal static class JmxExtracts
{
    public static IEnumerable<Extract> Read(JmxElement one, JmxPlan plan) =>
        one.Kind == "RegexExtractor" ? Regex(one, plan) : Json(one, plan);

    private static IEnumerable<Extract> Regex(JmxElement one, JmxPlan plan)
    {
        ReplySource? source = one.Text("RegexExtractor.useHeaders", "false") switch
        {
            "false" => new ReplySource.Body(),
            "true" => new ReplySource.Head(),
            "code" => new ReplySource.Status(),
            "message" => new ReplySource.Reason(),
            _ => null,
        };
        var pattern = one.Text("RegexExtractor.regex", "");
        var (name, form) = (one.Text("RegexExtractor.refname", ""), one.Text("RegexExtractor.template", "$1$"));
        var otherwise = one.Text("RegexExtractor.default", "");
        var match = Match(one.Text("RegexExtractor.match_number", "0"));
        var empty = one.Flag("RegexExtractor.default_empty_value");
        Scope(one, plan);
        if (source is null) plan.Unsupported(one.Place, $"the field that {one.Shown} looks at");
        else if (ReplyPattern.TryMake(pattern, out var wrong) is null)
            plan.Unsupported(one.Place, $"{Planning.Quoted.Of(pattern)}, {wrong},");
        else if (name.Length > 0)
            yield return new Extract(name, source)
            {
                Pattern = pattern, Form = form, Match = match,
                Default = otherwise.Length > 0 || empty ? otherwise : null,
            };
    }

    /// <summary>Several in one, with semicolons between.</summary>
    private static IEnumerable<Extract> Json(JmxElement one, JmxPlan plan)
    {
        var (names, paths) = (Split(one, "referenceNames"), Split(one, "jsonPathExprs"));
        var (matches, defaults) = (Split(one, "match_numbers"), Split(one, "defaultValues"));
        if (one.Flag("JSONPostProcessor.compute_concat"))
            plan.Unsupported(one.Place, $"the concatenation of all values (compute_concat) in {one.Shown}");
        Scope(one, plan);
        if (names.Length != paths.Length)
        {
            plan.Problems.Error(one.Place, $"{one.Shown} has {names.Length} names and {paths.Length} paths",
                "part them by semicolons, as many of each");
            yield break;
        }
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i].Trim().Length == 0) continue;
            if (JsonPath.TryMake(paths[i].Trim(), out var wrong) is { } path)
                yield return new Extract(names[i].Trim(), new ReplySource.Json(path))
                {
                    Match = Match(i < matches.Length ? matches[i] : "0"),
                    Default = i < defaults.Length ? defaults[i] : "",
                };
            else plan.Unsupported(one.Place, $"the path {Planning.Quoted.Of(paths[i])}, {wrong}, of {one.Shown}");
        }
    }

    private static string[] Split(JmxElement one, string name) => one.Text($"JSONPostProcessor.{name}", "").Split(';');

    private static void Scope(JmxElement one, JmxPlan plan)
    {
        if (one.Text("Sample.scope", "parent") is not ("parent" or "all"))
            plan.Unsupported(one.Place, $"the scope of {one.Shown}");
    }

    private static int Match(string text) =>
        int.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var number) ? Math.Max(Extract.All, number) : 0;
}
