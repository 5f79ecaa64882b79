using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>A file's tree with its variables replaced, in values and not in keys, as Compose does.</summary>
internal sealed class Interpolated
{
    /// <summary>Characters that variables may put in: a long variable in many places is refused before it fills the
    /// memory.</summary>
    private const long MostText = 50_000_000;

    private readonly Func<string, string?> _variable;
    private readonly ProblemList _problems;
    private readonly Dictionary<Tree, Tree> _done = new(ReferenceEqualityComparer.Instance);
    private long _text;

    private Interpolated(Func<string, string?> variable, ProblemList problems) =>
        (_variable, _problems) = (variable, problems);

    public static Tree Of(Tree tree, Func<string, string?> variable, ProblemList problems) =>
        new Interpolated(variable, problems).Of(tree);

    private Tree Of(Tree tree)
    {
        if (tree is Tree.Scalar scalar) return Of(scalar);
        if (_done.TryGetValue(tree, out var known)) return known;
        return _done[tree] = tree switch
        {
            Tree.List list => new Tree.List(list.Place, [.. list.Items.Select(Of)]),
            Tree.Map map => new Tree.Map(map.Place, [.. map.Entries.Select(e => PassedOver(e.Key.Text)
                ? e : new Tree.Entry(e.Key, Of(e.Value)))]),
            Tree.Tagged tagged => new Tree.Tagged(tagged.Place, tagged.Tag, Of(tagged.Value)),
            _ => tree,
        };
    }

    private Tree Of(Tree.Scalar scalar)
    {
        if (!scalar.Text.Contains('$', StringComparison.Ordinal)) return scalar;
        if (_text > MostText) return new Tree.Refused(scalar.Place);
        if (Interpolation.Expand(scalar.Text, _variable, scalar.Place, _problems) is not { } text)
            return new Tree.Refused(scalar.Place);
        _text += text.Length;
        if (_text > MostText)
            _problems.Error(scalar.Place, $"with its variables replaced, the file has more than {MostText} characters",
                "use shorter variables, or fewer");
        if (!text.Contains('\0', StringComparison.Ordinal)) return new Tree.Scalar(scalar.Place, text, quoted: true);
        _problems.Error(scalar.Place, "a variable here holds a character that no program can be given",
            "take the NUL out of it");
        return new Tree.Refused(scalar.Place);
    }

    /// <summary>An extension means nothing by itself; where an alias uses it, it is replaced there.</summary>
    internal static bool PassedOver(string key) =>
        key.StartsWith("x-", StringComparison.Ordinal) && key != "x-tangram";
}
