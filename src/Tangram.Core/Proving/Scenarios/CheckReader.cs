using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads <c>checks</c> of a step.</summary>
internal static class CheckReader
{
    public static IEnumerable<Check> Read(Fields checks, Action<Template, Place> note)
    {
        var problems = checks.Problems;
        if (checks["status"] is { } status) yield return Status(status, problems);
        if (checks["body"] is { } body)
            foreach (var check in Tests(body, "body", new ReplySource.Body(), TextTestKind.Contains, problems, note))
                yield return check;
        foreach (var (name, place, tree) in Named(checks, "header"))
            foreach (var check in Tests(tree, $"header {name}", new ReplySource.Header(name), TextTestKind.Contains,
                problems, note))
                yield return check;
        if (checks.DurationOrNull("within", positive: true) is { } within) yield return Check.Within(within);
        foreach (var (name, place, tree) in Named(checks, "json"))
        {
            if (JsonPath.TryMake(name, out var wrong) is not { } path)
            {
                problems.Error(place, $"{Quoted.Of(name)} is a JSON path {wrong}", "write one such as $.items[0].id");
                continue;
            }
            foreach (var check in Tests(tree, $"json {name}", new ReplySource.Json(path), TextTestKind.Equals, problems,
                note))
                yield return check;
        }
    }

    private static IEnumerable<(string Name, Place Place, Tree Value)> Named(Fields checks, string key)
    {
        if (checks[key] is Tree.Map map)
            return map.Entries.Select(entry => (entry.Key.Text, entry.Key.Place, entry.Value));
        if (checks[key] is not (null or Tree.Refused))
            checks.Problems.Error(checks.PlaceOf(key), $"'{key}' takes a map and is {checks[key]!.Kind}",
                $"write {(key == "json" ? "$.path: value" : "name: text")} below it");
        return [];
    }

    private static Check Status(Tree tree, ProblemList problems)
    {
        var tests = new List<TextTest>();
        foreach (var item in tree is Tree.List list ? list.Items : [tree])
        {
            if (Scalars.Filled(item, "status", problems) is not { } text) continue;
            if (StatusRange.Read(text) is null)
                problems.Error(item.Place, $"'status' is {Quoted.Of(text)}, which is not a status",
                    "write 200, 2xx or 200-299");
            tests.Add(new TextTest(TextTestKind.InRange, Template.Plain(text)));
        }
        var name = $"status {string.Join(" or ", tests.Select(test => test.Wanted.Text))}";
        return new Check(name, new ReplySource.Status(), tests.ToEquatableArray()) { Any = true };
    }

    /// <summary>A text alone means <paramref name="usual"/>.</summary>
    private static IEnumerable<Check> Tests(
        Tree tree, string name, ReplySource source, TextTestKind usual, ProblemList problems,
        Action<Template, Place> note)
    {
        if (tree is not Tree.Map)
        {
            var plain = Texts(tree, usual, problems, note);
            return plain.Count == 0 ? [] : [new Check(Named(name, plain), source, plain)];
        }
        var fields = Fields.Open(tree, ScenarioKeys.Test, tree.Place, problems);
        var checks = new List<Check>();
        foreach (var (key, kind, not) in new[]
        {
            ("contains", TextTestKind.Contains, false), ("equals", TextTestKind.Equals, false),
            ("matches", TextTestKind.Finds, false), ("lacks", TextTestKind.Contains, true),
        })
            if (fields[key] is { } value && Texts(value, kind, problems, note) is { Count: > 0 } tests)
                checks.Add(new Check(Named(not ? $"{name} lacks" : name, tests), source, tests) { Not = not });
        if (fields["exists"] is not null)
        {
            var exists = fields.Flag("exists", true);
            checks.Add(new Check($"{name} {(exists ? "exists" : "does not exist")}", source, []) { Not = !exists });
        }
        return checks;
    }

    private static EquatableArray<TextTest> Texts(
        Tree tree, TextTestKind kind, ProblemList problems, Action<Template, Place> note)
    {
        var tests = new List<TextTest>();
        foreach (var item in tree is Tree.List list ? list.Items : [tree])
        {
            var regex = kind is TextTestKind.Finds or TextTestKind.Matches;
            // A dollar in a regular expression is mostly the end of the text, and ${ is not one.
            if (ScenarioReader.Text(item, "checks", problems) is not { } text) continue;
            note(text, item.Place);
            if (regex && text.IsPlain && ReplyPattern.TryMake(text.Text, out var wrong) is null)
                problems.Error(item.Place, $"'matches' is {Quoted.Of(text.Text)}, {wrong}",
                    "write a regular expression as .NET's, without look-arounds where possible");
            tests.Add(new TextTest(kind, text));
        }
        return tests.ToEquatableArray();
    }

    private static string Named(string name, EquatableArray<TextTest> tests) =>
        $"{name} {Quoted.Plain(string.Join(", ", tests.Select(test => test.Wanted.Text)), 60)}";
}
