using System.Diagnostics;
using System.Text;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning.Fuzzing;

/// <summary>A project that a seed made, and what must hold of reading it.</summary>
internal sealed record FuzzInput(
    ulong Seed, IReadOnlyDictionary<string, byte[]> Files, string[] Read, string[] Profiles)
{
    /// <summary>Far more than any of these takes on an idle machine.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>What is wrong with the reader; null when all holds.</summary>
    public string? Wrong()
    {
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var answer = Answer(Read, Profiles);
            var took = Stopwatch.GetElapsedTime(begun);
            if (took > Longest && Again() > Longest) return $"it takes {took.TotalSeconds:0.0} s";
            return Answered(answer) ?? answer.Problems.Select(Unsound).FirstOrDefault(wrong => wrong is not null)
                ?? Same(answer);
        }
        catch (Exception e)
        {
            return e.ToString();
        }
    }

    public string Shown() => string.Concat(Files.Select(file =>
        $"===== {file.Key}{(Read.Contains(file.Key) ? " (read)" : "")}\n{Encoding.UTF8.GetString(file.Value)}\n"));

    private ComposeAnswer Answer(string[] read, string[] profiles, string? resolved = null)
    {
        var files = new MemoryFiles();
        foreach (var (name, bytes) in Files) files.Files[Path.GetFullPath(name, "/srv/shop")] = bytes;
        if (resolved is not null) files["resolved.yaml"] = resolved;
        foreach (var (name, value) in Hostile.Variables) files.Variables[name] = value;
        return files.Read(read, profiles);
    }

    private TimeSpan Again()
    {
        var begun = Stopwatch.GetTimestamp();
        Answer(Read, Profiles);
        return Stopwatch.GetElapsedTime(begun);
    }

    private static string? Answered(ComposeAnswer answer) =>
        answer.Spec is null == answer.Problems.Any(problem => problem.Severity == Severity.Error)
            ? null : "there is a spec beside errors, or neither";

    private string? Unsound(Problem problem)
    {
        var (what, remedy) = (problem.What, problem.Remedy);
        if (what.Length is 0 or > 1000 || remedy.Length is 0 or > 1000 || (what + remedy).Any(char.IsControl)
            || what.EndsWith('.') || remedy.EndsWith('.')) return $"not a sentence: {problem}";
        var (file, line, column) = problem.Place;
        if (line == 0 && column == 0 && Path.IsPathRooted(file)) return null;
        if (!Files.TryGetValue(Path.GetRelativePath("/srv/shop", Path.GetFullPath(file, "/srv/shop")), out var bytes))
            return $"the place is in no file: {problem}";
        var text = Encoding.UTF8.GetString(bytes);
        // Not everybody takes the same characters for the end of a line.
        return line == 0 || Inside(text.Split('\n')) || Inside(text.ReplaceLineEndings("\n").Split('\n'))
            ? null : $"the place is outside of the file: {problem}";
        bool Inside(string[] lines) =>
            line >= 1 && line <= lines.Length && column >= 1 && column <= lines[line - 1].Length + 1;
    }

    private string? Same(ComposeAnswer answer)
    {
        var again = Answer(Read, Profiles);
        if (answer.Spec != again.Spec || answer.Problems != again.Problems) return "read twice, it is not the same";
        if (answer.Spec is not { } spec || answer.Resolved!() is not { Length: < ComposeFile.MostBytes } resolved)
            return null;
        var back = Answer(["resolved.yaml"], [], resolved);
        if (back.Spec != spec)
            return $"what config prints is not the same:\n{resolved}\n{string.Join('\n', back.Problems)}\n" +
                $"{Json.Write(spec)}\n{(back.Spec is null ? "" : Json.Write(back.Spec))}";
        return Json.Read<ClusterSpec>(Json.Write(spec)) == spec ? null : "as JSON it is not the same";
    }
}
