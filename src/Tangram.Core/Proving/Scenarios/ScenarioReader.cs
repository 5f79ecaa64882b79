using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

/// <summary>Reads our own scenario file.</summary>
public static class ScenarioReader
{
    public const int MostSteps = 1000, MostFiles = 20;

    /// <summary>Null when there are errors.</summary>
    /// <param name="target">Instead of the file's, as typed.</param>
    /// <param name="profile">Instead of the file's, as typed.</param>
    public static Scenario? Read(
        Tree tree, string file, ProblemList problems, string? target = null, LoadProfile? profile = null)
    {
        var top = Fields.Open(tree, ScenarioKeys.Top, new Place(file, 1, 1), problems);
        if (!top.IsMap) return null;
        var shared = new StepReader(
            target ?? Target(top), Pairs(top, "headers"),
            top["think"] is { } think ? Think(think, problems) : null);
        var items = new List<ScenarioItem>();
        foreach (var step in top.Items("steps").Take(MostSteps)) items.AddRange(shared.Read(step, problems));
        if (top["steps"] is null || top["steps"] is Tree.List { Items.Count: 0 })
            problems.Error(top.PlaceOf("steps"), "the scenario has no steps",
                "write steps: and below it - path: /… for each request");
        if (top["steps"] is Tree.List { Items.Count: > MostSteps } many)
            problems.Error(many.Items[MostSteps].Place, $"there are more than {MostSteps} steps", "leave some out");
        if (top["profile"] is null && profile is null)
            problems.Error(top.Place, "the scenario has no profile",
                "write profile: { rate: 50, duration: 1m } or profile: { users: 100, duration: 1m }");
        var read = profile ?? (top["profile"] is null ? null
            : ProfileReader.Read(top.Open("profile", ScenarioKeys.Profile)));
        var scenario = new Scenario
        {
            Name = top.Filled("name") ?? file,
            Groups =
            [
                new UserGroup("users", read ?? LoadProfile.Constant(1, TimeSpan.FromSeconds(1)),
                    items.ToEquatableArray()) { Cookies = top.Flag("cookies", true) },
            ],
            Variables = Pairs(top, "variables").Select(p => new Fixed(p.Name.Text, p.Value)).ToEquatableArray(),
            Files = Files(top).ToEquatableArray(),
            Timeout = top.Duration("timeout", TimeSpan.FromSeconds(10), positive: true),
        };
        scenario = scenario with
        {
            Thresholds = ThresholdReader.Read(top["thresholds"], scenario, problems),
            Texts = shared.Places.ToEquatableArray(),
        };
        return problems.HasErrors ? null : scenario;
    }

    /// <summary>Names and texts of a map.</summary>
    internal static EquatableArray<Pair> Pairs(Fields fields, string key)
    {
        if (fields[key] is null or Tree.Refused) return [];
        if (fields[key] is not Tree.Map map)
        {
            fields.Problems.Error(fields.PlaceOf(key), $"'{key}' takes a map and is {fields[key]!.Kind}",
                "write NAME: TEXT on lines of their own");
            return [];
        }
        var pairs = new List<Pair>();
        foreach (var entry in map.Entries)
        {
            if (key == "headers" && !entry.Key.Text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(
                c)))
                fields.Problems.Error(entry.Key.Place, $"{Quoted.Of(entry.Key.Text)} is not a header's name",
                    "write letters, digits and dashes");
            if (Text(entry.Value, entry.Key.Text, fields.Problems) is { } value)
                pairs.Add(new Pair(Template.Plain(entry.Key.Text), value));
        }
        return pairs.ToEquatableArray();
    }

    /// <summary>A text with variables in it; it may be empty.</summary>
    internal static Template? Text(Tree tree, string what, ProblemList problems)
    {
        if (Scalars.Text(tree, what, problems) is not { } text) return null;
        if (Template.Parse(text, out var wrong) is { } template) return template;
        problems.Error(tree.Place, $"'{what}' is {Quoted.Of(text)}, {wrong}",
            "write ${name} for a variable, and \\${ for the two characters themselves");
        return null;
    }

    /// <summary><c>500ms</c>, or <c>1s..3s</c>.</summary>
    internal static ThinkSpec? Think(Tree tree, ProblemList problems)
    {
        if (Scalars.Filled(tree, "think", problems) is not { } text) return null;
        var ends = text.Split("..");
        if (ends.Length <= 2 && Quantities.Duration(ends[0]) is { } least
            && Quantities.Duration(ends[^1]) is { } most && least <= most && most <= ThinkSpec.Longest)
            return new ThinkSpec(least, most);
        problems.Error(tree.Place, $"'think' is {Quoted.Of(text)}, which is not a duration of at most a day",
            "write a duration such as 500ms, or two such as 1s..3s");
        return null;
    }

    private static string? Target(Fields top)
    {
        if (top.Filled("target") is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return text;
        top.Problems.Error(top.PlaceOf("target"),
            $"'target' is {Quoted.Of(text)}, which is not a URL that starts with http:// or https://",
            "write one such as http://127.0.0.1:8080");
        return null;
    }

    private static IEnumerable<DataSpec> Files(Fields top)
    {
        if (top["data"] is null or Tree.Refused) return [];
        IReadOnlyList<Tree> files = top["data"] is Tree.List list ? list.Items : [top["data"]!];
        if (files.Count > MostFiles)
            top.Problems.Error(files[MostFiles].Place, $"there are more than {MostFiles} data files", "join some");
        return files.Take(MostFiles).Select(file => File(file, top.Problems)).OfType<DataSpec>();
    }

    private static DataSpec? File(Tree tree, ProblemList problems)
    {
        if (tree is Tree.Scalar)
            return Scalars.Filled(tree, "data", problems) is { } path
                ? new DataSpec { File = path, Place = tree.Place } : null;
        var fields = Fields.Open(tree, ScenarioKeys.Data, tree.Place, problems);
        if (!fields.IsMap) return null;
        if (fields["file"] is null)
            problems.Error(fields.Place, "'data' names no file", "write file: and its path");
        var random = fields.Choice("pick", false, [("round-robin", false), ("random", true)]);
        var seed = (ulong)fields.Whole("seed", 1, 0, int.MaxValue);
        return new DataSpec
        {
            File = fields.Filled("file") ?? "", Place = fields.PlaceOf("file"),
            Columns = fields["columns"] is null ? null
                : fields.Items("columns").Select(item => Scalars.Filled(item, "columns", problems))
                    .OfType<string>().ToEquatableArray(),
            Separator = fields.Parsed<char>("separator", text => text.Length == 1 ? text[0] : null, "one character")
                ?? ',',
            OncePerUser = fields.Choice("per", false, [("iteration", false), ("user", true)]),
            Seed = random ? seed : null,
            EndsUsers = fields.Choice("end", false, [("repeat", false), ("stop", true)]),
        };
    }
}
