using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Files of <c>KEY=VALUE</c> lines that services name. Each is read once, however many name it, and what it
/// gives is counted for each.</summary>
internal sealed class PairFiles(
    IComposeFiles files, ComposeSource source, InputBudget budget, ProblemList problems)
{
    private sealed record Read(IReadOnlyDictionary<string, Tree.Scalar?> Pairs, long Characters);

    private static readonly Dictionary<string, Tree.Scalar?> None = [];

    private readonly Dictionary<(string Path, bool Raw), Read> _read = [];

    /// <summary>None after a problem, and when it may be missing and is.</summary>
    public IReadOnlyDictionary<string, Tree.Scalar?> Of(string path, bool raw, bool required, Place asked)
    {
        if (budget.Spent || problems.Full) return None;
        if (!_read.TryGetValue((path, raw), out var read))
        {
            if (files.Text(path, required, asked, problems) is not { } text
                || !budget.Take(0, text.Length, asked)) return None;
            var pairs = EnvFile.Parse(text, path, source.Variable, raw, budget.Characters, problems);
            read = new Read(pairs, pairs.Sum(pair => pair.Key.Length + (pair.Value?.Characters ?? 0)));
            _read[(path, raw)] = read;
        }
        // A name and a value each.
        return budget.Take(2L * read.Pairs.Count, read.Characters, asked) ? read.Pairs : None;
    }
}
