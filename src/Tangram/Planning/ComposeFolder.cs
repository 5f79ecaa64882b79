using Tangram.Model;
using Tangram.Planning.Composing;

namespace Tangram.Planning;

/// <summary>The disk, and the environment of whoever runs the command.</summary>
internal sealed class ComposeFolder(Func<string, string?> variable, TimeSpan? patience = null) : IComposeFiles
{
    private readonly InputFile _input = new(patience ?? InputFile.Patience);

    public string? Text(string path, bool required, Place asked, ProblemList problems) =>
        Read(path, ComposeFile.MostBytes, required, asked, "keep only what is needed, or split it", problems)
            is { } read ? ComposeFile.Text(read, path, problems) : null;

    public byte[]? Bytes(string path, int most, Place asked, ProblemList problems) =>
        Read(path, most, required: true, asked, "put it into the service's x-tangram.files folder, which has no such " +
            "limit", problems);

    public Tree? Yaml(string text, string path, ProblemList problems) => YamlTree.Parse(text, path, problems);

    public string? Variable(string name) => variable(name);

    /// <summary>Null after a problem, and when it may be missing and is.</summary>
    /// <param name="asked">Where the file is named, for problems.</param>
    private byte[]? Read(
        string path, int most, bool required, Place asked, string smaller, ProblemList problems)
    {
        var answer = _input.Read(path, most);
        if (answer.Bytes is not null || (answer.Fault == InputFault.Missing && !required)) return answer.Bytes;
        var named = asked.Line == 0 ? "" : $"{Quoted.Plain(path)}: ";
        var (what, remedy) = answer.Fault switch
        {
            InputFault.Missing => ("there is no such file",
                asked.Line == 0 ? "name the right one on the command line" : "correct the path, or create it"),
            InputFault.Folder => ("this is a folder", "name the file in it"),
            InputFault.TooLarge => ($"the file has more than {most / 1e6:0.###} MB", smaller),
            InputFault.Silent => ("this is a pipe or a device, and its end did not come in time",
                "write into it and close it, or name a file"),
            _ => ($"the file cannot be read: {answer.Why}", "check the path and its permissions"),
        };
        problems.Error(asked, named + what, remedy);
        return null;
    }
}
