using Tangram.Model;
using Tangram.Planning.Composing;

namespace Tangram.Planning;

/// <summary>The disk, and the environment of whoever runs the command.</summary>
internal sealed class ComposeFolder(Func<string, string?> variable) : IComposeFiles
{
    public string? Text(string path, bool required, Place asked, ProblemList problems) =>
        ComposeFile.Bytes(path, required, asked, problems) is { } bytes
            ? ComposeFile.Text(bytes, path, problems)
            : null;

    public byte[]? Bytes(string path, Place asked, ProblemList problems) =>
        ComposeFile.Bytes(path, required: true, asked, problems);

    public Tree? Yaml(string path, Place asked, ProblemList problems) =>
        ComposeFile.Bytes(path, required: true, asked, problems) is { } bytes
            ? ComposeFile.Parse(bytes, path, problems)
            : null;

    public string? Variable(string name) => variable(name);
}
