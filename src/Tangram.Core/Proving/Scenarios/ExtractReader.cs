using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads <c>extract</c> of a step.</summary>
internal static class ExtractReader
{
    public static IEnumerable<Extract> Read(Fields step)
    {
        var problems = step.Problems;
        if (step["extract"] is null or Tree.Refused) yield break;
        if (step["extract"] is not Tree.Map map)
        {
            problems.Error(step.PlaceOf("extract"), $"'extract' takes a map and is {step["extract"]!.Kind}",
                "write NAME: { json: $.path } below it");
            yield break;
        }
        foreach (var entry in map.Entries)
        {
            if (!IsName(entry.Key.Text))
                problems.Error(entry.Key.Place, $"{Quoted.Of(entry.Key.Text)} cannot be a variable's name",
                    "write letters, digits, dots, dashes and underscores");
            var fields = Fields.Open(entry.Value, ScenarioKeys.Extract, entry.Value.Place, problems);
            if (fields.IsMap && Source(fields) is { } source)
                yield return new Extract(entry.Key.Text, source)
                {
                    Pattern = fields.Filled("regex"),
                    Match = Match(fields),
                    Default = fields["default"] is { } otherwise
                        ? Scalars.Text(otherwise, "default", problems) : null,
                    Needed = true,
                };
        }
    }

    internal static bool IsName(string text) => text.Length is > 0 and <= 200
        && !text.StartsWith("__", StringComparison.Ordinal)
        && text.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.');

    private static ReplySource? Source(Fields fields)
    {
        var problems = fields.Problems;
        if (fields.Filled("regex") is { } pattern && ReplyPattern.TryMake(pattern, out var bad) is null)
            problems.Error(fields.PlaceOf("regex"), $"'regex' is {Quoted.Of(pattern)}, {bad}",
                "write a regular expression as .NET's");
        if (fields["json"] is not null && (fields["regex"] is not null || fields["header"] is not null))
            problems.Error(fields.PlaceOf("json"), "'json' stands beside 'regex' or 'header'", "delete one of them");
        if (fields.Filled("header") is { } header) return new ReplySource.Header(header);
        if (fields.Filled("json") is { } text)
        {
            if (JsonPath.TryMake(text, out var wrong) is { } path) return new ReplySource.Json(path);
            problems.Error(fields.PlaceOf("json"), $"{Quoted.Of(text)} is a JSON path {wrong}",
                "write one such as $.items[0].id");
            return null;
        }
        if (fields["regex"] is not null) return new ReplySource.Body();
        if (fields["json"] is null && fields["header"] is null)
            problems.Error(fields.Place, "this extracts from nowhere", "write json:, regex: or header:");
        return null;
    }

    private static int Match(Fields fields) => fields["match"] is Tree.Scalar { Text: "random" }
        ? Extract.Random : fields.Whole("match", 1, 1, Extract.MostMatches);
}
