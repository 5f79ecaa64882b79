namespace Tangram.Tests.Tidy;

/// <summary>A text file of the repository, as the tidy tests read it.</summary>
/// <param name="Path">Relative to the root, with '/'.</param>
public sealed record SourceFile(string Path, string Text)
{
    private static readonly string[] NotOurs = ["artifacts", "bin", "obj", ".git", "TestResults", ".vs", ".idea"];
    private static readonly string[] NotText = [".db", ".png", ".swp", ".pyc"];

    /// <summary>Every text file that stands in the repository, sorted by path.</summary>
    public static IReadOnlyList<SourceFile> All { get; } = Read(Repository.Root, "").OrderBy(f => f.Path).ToList();

    public static IReadOnlyList<SourceFile> CSharp { get; } = All.Where(f => f.Path.EndsWith(".cs")).ToList();

    public static IReadOnlyList<SourceFile> Documents { get; } = All.Where(f => f.Path.EndsWith(".md")).ToList();

    public string[] Lines { get; } = Text.Split('\n');

    public static SourceFile Of(string path) => All.Single(file => file.Path == path);

    public static bool Exists(string path) =>
        File.Exists(System.IO.Path.Combine(Repository.Root, path)) ||
        Directory.Exists(System.IO.Path.Combine(Repository.Root, path));

    /// <summary>The lines, numbered from 1, that match.</summary>
    public IEnumerable<(int Number, string Text)> Where(Func<string, bool> matches) =>
        Lines.Select((text, index) => (index + 1, text)).Where(line => matches(line.text));

    public override string ToString() => Path;

    private static IEnumerable<SourceFile> Read(string folder, string prefix)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            if (!NotText.Contains(System.IO.Path.GetExtension(file)))
                yield return new SourceFile(prefix + System.IO.Path.GetFileName(file), File.ReadAllText(file));
        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = System.IO.Path.GetFileName(child);
            if (NotOurs.Contains(name)) continue;
            foreach (var file in Read(child, $"{prefix}{name}/")) yield return file;
        }
    }
}
