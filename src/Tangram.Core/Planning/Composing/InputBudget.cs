using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>What all files of one project may come to together, so that reading them ends soon and within the memory of
/// a small machine, whatever they hold.</summary>
public sealed class InputBudget(ProblemList problems)
{
    /// <summary>Named on the command line.</summary>
    public const int MostFiles = 1000;

    /// <summary>Scalars, lists, maps and keys, wherever an alias or an extension puts them: a service takes about 40,
    /// so that it is enough for 25,000 of them.</summary>
    public const long MostValues = 1_000_000;

    /// <summary>The text in them: twice the largest file.</summary>
    public const long MostCharacters = 20_000_000;

    private long _values, _characters;

    /// <summary>What is left for variables to put in.</summary>
    public long Characters => Math.Max(0, MostCharacters - _characters);

    /// <summary>False when there is no room for it; the first time, that is told.</summary>
    public bool Take(long values, long characters, Place at)
    {
        if (Spent) return false;
        (_values, _characters) = (_values + values, _characters + characters);
        if (!Spent) return true;
        var what = _values > MostValues ? $"{MostValues} values" : $"{MostCharacters} characters";
        problems.Error(at, $"with this, all the files and what they lead to have more than {what}",
            "split the cluster into several, or include, extend and give less");
        return false;
    }

    /// <summary>Of what came of the files: nothing of it is taken, since the files were counted when they were
    /// read.</summary>
    public bool Holds(Tree whole)
    {
        if (whole is { Size: <= MostValues, Characters: <= MostCharacters }) return true;
        var what = whole.Size > MostValues ? $"{whole.Size} values, and the most is {MostValues}"
            : $"{whole.Characters} characters, and the most is {MostCharacters}";
        problems.Error(Heaviest(whole).Place, $"worked out, the file has {what}; the largest part of it is here",
            "let aliases, extends and include repeat less, or split the cluster into several");
        return false;
    }

    /// <summary>What is read from here on is left out; that was told.</summary>
    public bool Spent => _values > MostValues || _characters > MostCharacters;

    /// <summary>The largest service, or whatever else stands in the second level.</summary>
    private static Tree Heaviest(Tree tree)
    {
        for (var level = 0; level < 2 && tree is Tree.Map { Entries.Count: > 0 } map; level++)
            tree = map.Entries.MaxBy(entry => entry.Value.Size + entry.Value.Characters / 20)!.Value;
        return tree;
    }
}
