using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Planning.Composing;

namespace Tangram.Tests.Planning;

/// <summary>Files of /srv/shop by their names there, without a disk; places show the name alone.</summary>
internal sealed class MemoryFiles : IComposeFiles
{
    private const string Folder = "/srv/shop";

    public Dictionary<string, byte[]> Files { get; } = [];
    public Dictionary<string, string> Variables { get; } = [];

    public string this[string name]
    {
        set => Files[Path.GetFullPath(name, Folder)] = Encoding.UTF8.GetBytes(value);
    }

    public ComposeAnswer Read(string[] files, string[]? profiles = null, string[]? envFiles = null) => ComposeFile.Read(
        new ComposeRequest(At(files), At(envFiles ?? []), (profiles ?? []).ToEquatableArray()), this,
        new ProblemList());

    public string? Text(string path, bool required, Place asked, ProblemList problems)
    {
        if (Files.TryGetValue(path, out var bytes)) return ComposeFile.Text(bytes, Shown(path), problems);
        if (required) problems.Error(asked, $"{Shown(path)}: there is no such file", "create it");
        return null;
    }

    public byte[]? Bytes(string path, int most, Place asked, ProblemList problems)
    {
        if (Files.TryGetValue(path, out var bytes)) return bytes;
        problems.Error(asked, $"{Shown(path)}: there is no such file", "create it");
        return null;
    }

    public Tree? Yaml(string text, string path, ProblemList problems) =>
        YamlTree.Parse(text, Shown(path), problems);

    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    private static string Shown(string path) => Path.GetRelativePath(Folder, path);

    private static EquatableArray<string> At(string[] names) =>
        names.Select(name => Path.GetFullPath(name, Folder)).ToEquatableArray();
}
