using System.Text.RegularExpressions;
using Tangram.Planning;

namespace Tangram.Tests.Tidy;

/// <summary>A promise, as a file in docs/guarantees has it.</summary>
internal sealed partial record GuaranteeRow(
    string Promise, string Goal, string[] Commands, string[] Figures, string[] Broken)
{
    public const string NoneTried = "none tried", NotMeasured = "not measured yet";

    private static readonly string[] Keys = ["promise", "goal", "command", "figures", "broken"];

    /// <summary>With every problem in <paramref name="problems"/>.</summary>
    public static GuaranteeRow? Read(Tree tree, List<string> problems)
    {
        if (tree is not Tree.Map map)
        {
            problems.Add($"{tree.Place}: a row is a map of {string.Join(", ", Keys)}");
            return null;
        }
        foreach (var entry in map.Entries)
            if (!Keys.Contains(entry.Key.Text))
                problems.Add($"{entry.Key.Place}: '{entry.Key.Text}' is no key of a row");
        var row = new GuaranteeRow(One("promise"), One("goal"), Some("command"), Some("figures"), Some("broken"));
        problems.AddRange(row.Figures.Where(f => f != NotMeasured && !IsDated(f)).Select(f =>
            $"{map.Place}: a figure begins with the day on which it was measured, 2026-11-29: …, and not {f}"));
        problems.AddRange(row.Commands.SelectMany(GuaranteeCheck.Problems).Select(p => $"{map.Place}: {p}"));
        return row;

        string One(string key) => string.Join(" ", Some(key));

        string[] Some(string key)
        {
            var value = map.Entries.FirstOrDefault(entry => entry.Key.Text == key)?.Value;
            string[] texts = value switch
            {
                Tree.Scalar one => [one.Text.Trim()],
                Tree.List many => [.. many.Items.OfType<Tree.Scalar>().Select(item => item.Text.Trim())],
                _ => [],
            };
            if (texts.Length == 0 || texts.Contains("")) problems.Add($"{map.Place}: the row has no {key}");
            if (texts.Any(text => text.Contains('|') || text.Contains('\n')))
                problems.Add($"{map.Place}: '{key}' would break the table: no | and no new line in it");
            return texts;
        }
    }

    /// <summary>As a row of the table.</summary>
    public string Cells() => "| " + string.Join(" | ", Promise, Goal,
        string.Join(", ", Commands.Select(GuaranteeCheck.Link).Distinct()),
        string.Join(" and ", Commands.Select(command => $"`{command}`")),
        string.Join("; ", Figures), string.Join("; ", Broken)) + " |";

    /// <summary>As a file has it.</summary>
    public string Yaml()
    {
        return $"  - promise: {Block(Promise)}\n    goal: {Block(Goal)}\n" +
            "    command:" + Many(Commands) + "    figures:" + Many(Figures) +
            (Broken is [NoneTried] ? $"    broken: {NoneTried}\n" : "    broken:" + Many(Broken));

        static string Block(string text) => ">-\n      " + text;
        static string Many(string[] texts) => "\n" + string.Concat(texts.Select(t => $"      - >-\n        {t}\n"));
    }

    private static bool IsDated(string figure) => Date().Match(figure) is { Success: true } match
        && DateOnly.TryParseExact(match.Groups[1].Value, "yyyy-MM-dd", out _)
        && Dates().Matches(figure).All(m => DateOnly.TryParseExact(m.Value, "yyyy-MM-dd", out _));

    [GeneratedRegex(@"^(\d{4}-\d\d-\d\d)(:|,| and) ")]
    private static partial Regex Date();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d")]
    private static partial Regex Dates();
}
