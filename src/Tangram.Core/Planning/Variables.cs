using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads what Compose lets people write as a map or as a list of <c>KEY=VALUE</c>.</summary>
internal static class Variables
{
    /// <summary>Sorted by name. Calls <paramref name="check"/> for every key, with its place.</summary>
    public static EquatableArray<Variable> Read(
        Tree? tree, string what, ProblemList problems, Action<string, Place>? check = null)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        switch (tree)
        {
            case null or Tree.Refused:
                break;
            case Tree.Map map:
                foreach (var entry in map.Entries)
                {
                    check?.Invoke(entry.Key.Text, entry.Key.Place);
                    if (Value(entry, problems) is { } value) found[entry.Key.Text] = value;
                }
                break;
            case Tree.List list:
                foreach (var item in list.Items) Item(item, what, found, problems, check);
                break;
            default:
                problems.Error(tree.Place, $"'{what}' takes a map and is {tree.Kind}",
                    "write KEY: VALUE on lines of their own");
                break;
        }
        return found.Select(pair => new Variable(pair.Key, pair.Value)).ToEquatableArray();
    }

    private static string? Value(Tree.Entry entry, ProblemList problems)
    {
        if (entry.Value is not Tree.Scalar { IsNull: true }) return Scalars.Text(entry.Value, entry.Key.Text, problems);
        NoValue(entry.Key.Text, entry.Key.Place, $"{entry.Key.Text}: \"\"", problems);
        return null;
    }

    private static void Item(
        Tree item, string what, SortedDictionary<string, string> found, ProblemList problems,
        Action<string, Place>? check)
    {
        if (Scalars.Filled(item, what, problems) is not { } text) return;
        var cut = text.IndexOf('=', StringComparison.Ordinal);
        var key = cut < 0 ? text : text[..cut];
        check?.Invoke(key, item.Place);
        if (cut < 0)
            NoValue(key, item.Place, $"{key}=", problems);
        else if (!found.TryAdd(key, text[(cut + 1)..]))
            problems.Error(item.Place, $"{Quoted.Of(key)} is given twice in '{what}'", "keep one of them");
    }

    private static void NoValue(string key, Place place, string empty, ProblemList problems) =>
        problems.Error(place, $"{Quoted.Of(key)} has no value",
            $"give it one, or write {Quoted.Of(empty)} for an empty one");
}
