using System.Text;
using System.Text.Unicode;
using Tangram.Model;
using Tangram.Planning.Composing;
using Tangram.Planning.Designing;

namespace Tangram.Planning;

/// <summary>What the files ask for. <see cref="Spec"/> is null when any problem is an error.</summary>
internal sealed record ComposeAnswer(ClusterSpec? Spec, EquatableArray<Problem> Problems)
{
    /// <summary>What is allowed and weak in the design.</summary>
    public EquatableArray<DesignFinding> Design { get; init; }

    /// <summary>Those that the files name, sorted.</summary>
    public EquatableArray<string> Profiles { get; init; }

    /// <summary>One file that asks for the same; null when there is no spec.</summary>
    public Func<string>? Resolved { get; init; }
}

/// <summary>Loads Compose files from the disk.</summary>
internal static class ComposeFile
{
    /// <summary>A file for 10,000 services has about 5 MB.</summary>
    public const int MostBytes = 10_000_000;

    private static readonly string[] DefaultNames =
        ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    /// <summary>The Compose file of a folder, by Compose's default names in their order; null when there is
    /// none.</summary>
    public static string? Find(string folder) =>
        DefaultNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>What a command's files ask for, and every problem of them. Never throws for what a path or a file may
    /// hold.</summary>
    /// <param name="variable">The environment of whoever runs the command.</param>
    /// <param name="clock">Null: files for TLS are not looked at.</param>
    public static ComposeAnswer Load(
        ComposeRequest request, Func<string, string?> variable, TimeProvider? clock = null) =>
        Read(request, new ComposeFolder(variable), new ProblemList(), clock);

    /// <summary>As above, with files from wherever <paramref name="files"/> has them.</summary>
    internal static ComposeAnswer Read(
        ComposeRequest request, IComposeFiles files, ProblemList problems, TimeProvider? clock = null)
    {
        if (new ComposeProject(files, problems).Load(request) is not var (tree, profiles, variable))
            return new ComposeAnswer(null, problems.InOrder());
        var folder = Path.GetDirectoryName(request.Files[0]) ?? "/";
        var draft = ComposeReader.Read(tree, folder, profiles, problems);
        foreach (var asked in draft.Folders)
            if (!(asked.Key == "volumes" ? Path.Exists(asked.Path) : Directory.Exists(asked.Path)))
                problems.Error(asked.Place,
                    $"'{asked.Key}' names the folder {Quoted.Plain(asked.Path)}, which does not exist",
                    "create it, or correct the path; it is relative to the file");
        foreach (var asked in draft.Schedules) Cron.Check(asked, problems);
        foreach (var asked in draft.Drills) DrillsCheck.Check(asked, problems);
        var contents = Contents.Read(request.NameOnly ? [] : draft.Contents, files, variable, problems);
        if (clock is not null && !request.NameOnly) TlsFiles.Check(draft, contents, clock.GetUtcNow(), problems);
        var filled = draft.Spec is { } asks && !request.NameOnly
            ? Answers.Read(asks, draft.Answers, files, problems) : draft.Spec;
        if (problems.HasErrors || filled is not { } read) return new ComposeAnswer(null, problems.InOrder());
        var spec = read with { Contents = contents.Count == 0 ? null : contents };
        return new ComposeAnswer(spec, problems.InOrder())
        {
            Design = draft.Design,
            Profiles = draft.Profiles,
            Resolved = () => ResolvedYaml.Of(tree, spec.Name, folder,
                name => Names.IsValid(name) && spec.Find(ServiceName.Of(name)) is not null),
        };
    }

    /// <summary>The text of UTF-8 bytes, without a byte order mark; null after a problem.</summary>
    internal static string? Text(ReadOnlySpan<byte> bytes, string file, ProblemList problems)
    {
        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        var chars = new char[bytes.Length];
        Utf8.ToUtf16(bytes, chars, out _, out var length, replaceInvalidSequences: false);
        var text = new string(chars, 0, length);
        if (Encoding.UTF8.GetByteCount(text) < bytes.Length)
        {
            problems.Error(PlaceOf(text, length, file), "this is not UTF-8", "save the file as UTF-8");
            return null;
        }
        // YAML ends at a NUL, so what follows one would be ignored silently.
        var control = text.AsSpan().IndexOfAny(Unprintable);
        if (control < 0) return text;
        problems.Error(PlaceOf(text, control, file), $"there is a control character (U+{(int)text[control]:X4}) here",
            "delete it");
        return null;
    }

    private static readonly System.Buffers.SearchValues<char> Unprintable = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(c => (char)c)
            .Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\u0085')), '\uFFFE', '\uFFFF']);

    private static Place PlaceOf(string text, int index, string file)
    {
        var before = text.AsSpan(0, index);
        return new Place(file, before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }
}
