using Tangram.Cli;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Chaos;

namespace Tangram.Proving.Drills;

/// <summary>A drill of ours, or an experiment of Chaos Toolkit.</summary>
internal sealed record DrillFile(DrillSpec? Ours, ChaosExperiment? Theirs);

/// <summary>Where drills come from: the ready ones in this program, and files.</summary>
internal static class DrillFiles
{
    /// <summary>A thousand faults have a tenth of it.</summary>
    private const int MostBytes = 1_000_000;

    private const string Prefix = "Tangram.Proving.Drills.Ready.", Suffix = ".yaml";

    /// <summary>The names of the ready drills, sorted.</summary>
    public static IReadOnlyList<string> Ready { get; } =
    [
        .. typeof(DrillFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Suffix.Length]).Order(StringComparer.Ordinal),
    ];

    public static string Text(string ready)
    {
        using var stream = typeof(DrillFiles).Assembly.GetManifestResourceStream(Prefix + ready + Suffix)!;
        using var text = new StreamReader(stream);
        return text.ReadToEnd();
    }

    /// <summary>A ready drill by its name.</summary>
    public static DrillSpec Load(string ready) => Read(Text(ready), $"{ready}{Suffix}", ready, _ => null).Ours!;

    /// <summary>A ready drill by its name, or a file. Throws <see cref="CommandFailure"/> with every problem.</summary>
    public static DrillFile Load(string name, string folder, Func<string, string?> variable)
    {
        if (Ready.Contains(name)) return Read(Text(name), $"{name}{Suffix}", name, variable);
        var path = Path.GetFullPath(name, folder);
        var (bytes, fault, why) = new InputFile(InputFile.Patience).Read(path, MostBytes);
        if (fault == InputFault.Missing && !name.Contains('/') && !name.Contains('.'))
            throw CommandFailure.Arguments($"there is no ready drill '{name}', and no such file. Ready are: " +
                string.Join(", ", Ready));
        if (bytes is null)
            throw CommandFailure.Arguments($"{path} cannot be read: " + fault switch
            {
                InputFault.Missing => "there is no such file",
                InputFault.Folder => "it is a folder",
                InputFault.TooLarge => $"it has more than {MostBytes} bytes",
                InputFault.Silent => "nothing came from it",
                _ => why,
            } + ". Name a drill's file, or a ready drill: " + string.Join(", ", Ready));
        var problems = new ProblemList();
        return ComposeFile.Text(bytes, path, problems) is { } text
            ? Read(text, path, Path.GetFileNameWithoutExtension(path), variable, problems)
            : throw Refused(problems.InOrder(), path);
    }

    internal static DrillFile Read(
        string text, string path, string name, Func<string, string?> variable, ProblemList? given = null)
    {
        var problems = given ?? new ProblemList();
        if (string.IsNullOrWhiteSpace(text))
            problems.Error(new Place(path, 0, 0), "the file is empty",
                $"print a ready drill with `tangram drill --print {Ready[0]}`, and change that");
        else if (YamlTree.Parse(text, path, problems) is { } tree)
        {
            var read = ChaosReader.IsTheirs(tree)
                ? new DrillFile(null, new ChaosReader(variable, problems).Read(tree))
                : new DrillFile(DrillReader.Read(tree, name, problems), null);
            if (!problems.HasErrors) return read;
        }
        throw Refused(problems.InOrder(), path);
    }

    public static CommandFailure Refused(IEnumerable<Problem> problems, string path)
    {
        var all = problems.ToList();
        return CommandFailure.Arguments(string.Join('\n', all) +
            $"\n{all.Count} problem{(all.Count == 1 ? "" : "s")} in {path}; nothing was begun");
    }
}
