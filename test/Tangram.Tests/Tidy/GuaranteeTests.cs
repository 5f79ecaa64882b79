using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

/// <summary>docs/guarantees.md is a table of what was measured. A row without the command that repeats it is a
/// boast.</summary>
public sealed partial class GuaranteeTests
{
    private static readonly string[] Benches = SourceFile.CSharp
        .Where(file => file.Path.StartsWith("bench/")).Select(file => file.Text).ToArray();

    private static IEnumerable<string[]> Rows => SourceFile.Of("docs/guarantees.md").Lines
        .Where(line => line.StartsWith("| ") && !line.StartsWith("| what"))
        .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries));

    [Fact]
    public void Every_guarantee_has_a_command_and_a_figure()
    {
        Assert.NotEmpty(Rows);
        Findings.None(
            from row in Rows
            where row.Length != 4 || row.Any(cell => cell == "") || !row[2].StartsWith('`')
            select $"expected what, goal, `command`, figure: {string.Join(" | ", row)}");
    }

    [Fact]
    public void Every_command_names_something_that_exists() => Findings.None(
        from row in Rows
        from Match match in Code().Matches(row[2])
        let missing = Missing(match.Groups[1].Value)
        where missing is not null
        select $"{match.Value}: {missing}");

    private static string? Missing(string command)
    {
        foreach (Match test in TestClass().Matches(command))
            if (!SourceFile.CSharp.Any(file => file.Path.EndsWith($"/{test.Groups[1].Value}.cs")))
                return $"there is no test class {test.Groups[1].Value}";
        foreach (var word in command.Split(' '))
            if (word.Contains('/') && !word.Contains("://") && !SourceFile.Exists(word))
                return $"there is no {word}";
        if (command.Contains("Tangram.Bench") && command.Split(" -- ") is [_, var bench] &&
            !Benches.Any(text => text.Contains($"\"{bench.Split(' ')[0]}\"")))
            return $"there is no bench '{bench}'";
        return null;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"--filter-class ""\*([\w]+)""")]
    private static partial Regex TestClass();
}
