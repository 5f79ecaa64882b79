using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>A file's tree with its variables replaced, in values and not in keys, as Compose does.</summary>
internal sealed class Interpolated
{
    private readonly Func<string, string?> _variable;
    private readonly InputBudget _budget;
    private readonly ProblemList _problems;
    private readonly Dictionary<Tree, Tree> _done = new(ReferenceEqualityComparer.Instance);

    private Interpolated(Func<string, string?> variable, InputBudget budget, ProblemList problems) =>
        (_variable, _budget, _problems) = (variable, budget, problems);

    /// <summary>What variables put in is counted: a long one in many places is refused before it fills the
    /// memory.</summary>
    public static Tree Of(Tree tree, Func<string, string?> variable, InputBudget budget, ProblemList problems) =>
        new Interpolated(variable, budget, problems).Of(tree);

    private Tree Of(Tree tree, string above = "")
    {
        if (tree is Tree.Scalar scalar) return Of(scalar);
        if (_done.TryGetValue(tree, out var known)) return known;
        return _done[tree] = tree switch
        {
            Tree.List list => new Tree.List(list.Place, [.. list.Items.Select(item => Of(item))]),
            Tree.Map map => new Tree.Map(map.Place, [.. map.Entries.Select(e => PassedOver(e.Key.Text, above)
                ? e : new Tree.Entry(e.Key, Of(e.Value, e.Key.Text)))]),
            Tree.Tagged tagged => new Tree.Tagged(tagged.Place, tagged.Tag, Of(tagged.Value, above)),
            _ => tree,
        };
    }

    private Tree Of(Tree.Scalar scalar)
    {
        if (!scalar.Text.Contains('$', StringComparison.Ordinal)) return scalar;
        if (_budget.Spent) return new Tree.Refused(scalar.Place);
        if (Interpolation.Expand(scalar.Text, _variable, _budget.Characters, scalar.Place, _problems) is not { } text
            || !_budget.Take(0, text.Length, scalar.Place)) return new Tree.Refused(scalar.Place);
        if (!text.Contains('\0', StringComparison.Ordinal)) return new Tree.Scalar(scalar.Place, text, quoted: true);
        _problems.Error(scalar.Place, "a variable here holds a character that no program can be given",
            "take the NUL out of it");
        return new Tree.Refused(scalar.Place);
    }

    /// <summary>Below these stand names that the author chose, which may begin with x- too.</summary>
    private static readonly HashSet<string> Named =
    [
        "services", "networks", "volumes", "configs", "secrets", "depends_on", "environment", "labels", "annotations",
        "sysctls", "extra_hosts", "args", "ulimits",
    ];

    /// <summary>An extension means nothing by itself; where an alias uses it, it is replaced there.</summary>
    /// <param name="above">The key below which the map with it stands; empty for none.</param>
    internal static bool PassedOver(string key, string above = "") =>
        key.StartsWith("x-", StringComparison.Ordinal) && key != "x-tangram" && !Named.Contains(above);
}
