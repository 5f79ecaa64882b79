using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

/// <summary>What the command of a guarantee runs: a test class, a folder of tests, a bench or a drill.</summary>
internal static partial class GuaranteeCheck
{
    private const string Drills = "src/Tangram/Proving/Drills/Ready/";

    public static IEnumerable<string> Problems(string command)
    {
        if (Named(command).Count == 0) yield return $"`{command}` names no test class, bench or command of tangram";
        foreach (var (name, path) in Named(command))
            if (path is null) yield return $"`{command}`: there is no {name}";
        foreach (var word in command.Split(' '))
            if (word.Contains('/') && !word.Contains("://") && !SourceFile.Exists(word))
                yield return $"`{command}`: there is no {word}";
    }

    /// <summary>To where each of them stands.</summary>
    public static string Link(string command) => string.Join(", ", Named(command).Select(one =>
        one.Path is null or "" ? one.Name : $"[{one.Name}](../{one.Path})"));

    /// <summary>Of the area whose rows are checked by what stands in this folder; "" when it does not tell.</summary>
    public static string Folder(string command) => Named(command).Select(one => one.Path?.Split('/'))
        .FirstOrDefault(parts => parts is ["test", _, _, _, ..])?[2].ToLowerInvariant() ?? "";

    /// <summary>A path is null when it should exist and does not, and empty where there is nothing to link
    /// to.</summary>
    private static List<(string Name, string? Path)> Named(string command)
    {
        var project = Project().Match(command).Groups[1].Value;
        var found = new List<(string, string?)>();
        foreach (Match match in TestClass().Matches(command))
        {
            var parts = match.Groups[1].Value.Split('.', StringSplitOptions.RemoveEmptyEntries);
            var name = parts.Last(part => part != "*");
            found.Add((name, PathOf(project, name, folder: parts[^1] == "*")));
        }
        foreach (Match match in TestFolder().Matches(command))
            found.Add((match.Groups[1].Value, PathOf(project, match.Groups[1].Value, folder: true)));
        if (command.Contains("Tangram.Bench") && Bench().Match(command) is { Success: true } bench)
            found.Add(($"bench {bench.Groups[1].Value}", BenchOf(bench.Groups[1].Value)));
        if (Drill().Match(command) is { Success: true } drill)
            found.Add(($"drill {drill.Groups[1].Value}", SourceFile.Exists($"{Drills}{drill.Groups[1].Value}.yaml")
                ? $"{Drills}{drill.Groups[1].Value}.yaml" : null));
        // That the command exists, CommandTests say.
        else if (OtherCommand().Match(command) is { Success: true } other) found.Add((other.Value, ""));
        return found;
    }

    private static string? PathOf(string project, string name, bool folder) => SourceFile.CSharp
        .Select(file => file.Path).Where(path => path.StartsWith(project + "/", StringComparison.Ordinal))
        .Select(path => !folder ? path.EndsWith($"/{name}.cs", StringComparison.Ordinal) ? path : null
            : path.IndexOf($"/{name}/", StringComparison.Ordinal) is > 0 and var at
                ? path[..(at + name.Length + 1)] : null)
        .FirstOrDefault(path => path is not null);

    /// <summary>By the line of its Program.cs.</summary>
    private static string? BenchOf(string name)
    {
        var line = SourceFile.Of("bench/Tangram.Bench/Program.cs").Lines
            .FirstOrDefault(text => text.Contains($"\"{name}\" =>", StringComparison.Ordinal));
        return line is null ? null : PathOf("bench/Tangram.Bench", BenchClass().Match(line).Groups[1].Value, false);
    }

    [GeneratedRegex(@"--project (\S+)")]
    private static partial Regex Project();

    [GeneratedRegex(@"--filter-class ""\*?([\w.*]+)""")]
    private static partial Regex TestClass();

    [GeneratedRegex(@"--filter-namespace ""(?:\*|[\w.]+\.)?(\w+)(?:\.\*)?""")]
    private static partial Regex TestFolder();

    [GeneratedRegex(@" -- ([\w-]+)")]
    private static partial Regex Bench();

    [GeneratedRegex(@"^(?:\./)?tangram drill ([\w-]+)")]
    private static partial Regex Drill();

    [GeneratedRegex(@"^(?:\./)?tangram \w+")]
    private static partial Regex OtherCommand();

    [GeneratedRegex(@"(\w+)\.Run")]
    private static partial Regex BenchClass();
}
