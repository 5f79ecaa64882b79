using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>What a Compose file leads to: other files, and the environment of whoever runs the command. Paths are
/// absolute. Never throws for what a path or a file may hold: what is wrong is noted at <c>asked</c>, where the file is
/// named, or in its own place within the file.</summary>
public interface IComposeFiles
{
    /// <summary>Null after a problem; also when there is no such file and it is not <paramref name="required"/>, which
    /// is no problem.</summary>
    string? Text(string path, bool required, Place asked, ProblemList problems);

    /// <summary>Whatever bytes it holds; null after a problem.</summary>
    /// <param name="most">More are a problem.</param>
    byte[]? Bytes(string path, int most, Place asked, ProblemList problems);

    /// <summary>The tree of a file's text; null after a problem.</summary>
    Tree? Yaml(string text, string path, ProblemList problems);

    /// <summary>Null when it is not set.</summary>
    string? Variable(string name);
}
