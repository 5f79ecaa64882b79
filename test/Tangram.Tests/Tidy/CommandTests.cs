using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tangram.Tests.Tidy;

/// <summary>Every command that a document shows is one that the binary knows, with the options that it is shown
/// with.</summary>
public sealed partial class CommandTests
{
    private static readonly string[] Showing = ["README.md", "docs/guarantees.md", "examples/shop/README.md"];

    [Fact]
    public void Every_command_in_a_document_exists()
    {
        var known = Commands(Help());
        Assert.Contains("up", known);
        Findings.None(
            from file in Showing
            from command in Shown(SourceFile.Of(file))
            let missing = Missing(command, known)
            where missing is not null
            select $"{file}: {command}: {missing}");
    }

    [Fact]
    public void Every_command_explains_itself() => Findings.None(
        from line in CommandList(Help())
        where line.Trim().Split("  ", StringSplitOptions.RemoveEmptyEntries).Length < 2
        select $"no description: {line}");

    /// <summary>Lines that start a command, in fenced code or in one cell of a table.</summary>
    private static IEnumerable<string> Shown(SourceFile file) =>
        CommandLine().Matches(file.Text).Select(match => match.Groups[1].Value.Split(" #")[0].Trim());

    private static string? Missing(string command, HashSet<string> known)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2) return null;
        if (!words[1].StartsWith('-') && !known.Contains(words[1])) return $"there is no command '{words[1]}'";
        var help = words[1].StartsWith('-') ? Help() : Help(words[1]);
        var options = words.Skip(1).Where(word => word.StartsWith('-')).Select(word => word.Split('=')[0]);
        var unknown = options.FirstOrDefault(o => !Regex.IsMatch(help, $@"(?<![\w-]){Regex.Escape(o)}(?![\w-])"));
        return unknown is null ? null : $"there is no option '{unknown}'";
    }

    private static HashSet<string> Commands(string help) =>
        CommandList(help).Select(line => line.Trim().Split(' ', ',')[0]).ToHashSet();

    private static IEnumerable<string> CommandList(string help) => help.Split('\n')
        .SkipWhile(line => !line.StartsWith("Commands:", StringComparison.Ordinal)).Skip(1)
        .TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
        .Where(line => line.Length > 2 && line[2] != ' ');

    private static string Help(params string[] command)
    {
        var binary = Path.Combine(AppContext.BaseDirectory, "tangram.dll");
        var start = new ProcessStartInfo("dotnet", [binary, .. command, "--help"]) { RedirectStandardOutput = true };
        start.Environment["COLUMNS"] = "200";
        using var process = Process.Start(start)!;
        var help = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return help;
    }

    [GeneratedRegex(@"(?:^|`|\$ )((?:\./)?tangram(?: [^`|\n]*)?)", RegexOptions.Multiline)]
    private static partial Regex CommandLine();
}
