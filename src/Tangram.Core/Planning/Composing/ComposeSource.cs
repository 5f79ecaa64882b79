using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>The files of one project, with the variables that hold in it: the environment's, then those of its
/// <c>.env</c>.</summary>
internal sealed class ComposeSource
{
    private readonly IComposeFiles _files;
    private readonly ProblemList _problems;
    private readonly InputBudget _budget;
    private readonly Func<string, string?> _outside;
    private readonly Dictionary<string, Tree.Scalar?> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tree?> _trees = new(StringComparer.Ordinal);

    /// <param name="outside">The variables of the project that includes this one, which win.</param>
    public ComposeSource(
        IComposeFiles files, Func<string, string?> outside, InputBudget budget, ProblemList problems) =>
        (_files, _outside, _budget, _problems) = (files, outside, budget, problems);

    public string? Variable(string name) =>
        _outside(name) ?? (_own.TryGetValue(name, out var value) ? value?.Text : null);

    /// <summary>A later file's variables win over an earlier one's.</summary>
    public void Learn(string path, bool required, Place asked)
    {
        if (_files.Text(path, required, asked, _problems) is not { } text
            || !_budget.Take(0, text.Length, asked)) return;
        foreach (var (name, value) in EnvFile.Parse(text, path, Variable, raw: false, _budget.Characters, _problems))
            if (_budget.Take(1, value?.Characters ?? 0, asked)) _own[name] = value;
    }

    /// <summary>A file's tree with its variables replaced; null after a problem.</summary>
    public Tree? Yaml(string path, Place asked)
    {
        if (_trees.TryGetValue(path, out var known)) return known;
        return _trees[path] = _files.Text(path, required: true, asked, _problems) is { } text
            && _budget.Take(0, text.Length, asked)
            && _files.Yaml(text, path, _problems) is { } tree && _budget.Take(tree.Size, 0, asked)
                ? Interpolated.Of(tree, Variable, _budget, _problems) : null;
    }
}
