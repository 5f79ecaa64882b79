using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Lays one file over another, or a service over the one that it extends, by Compose's rules: maps are merged,
/// lists appended, other values replaced, with the exceptions below. Places stay those of the file that spoke
/// last.</summary>
internal sealed class Merging(ProblemList problems)
{
    /// <summary>As many as one file may hold: a long chain of services that extend each other is refused before it
    /// fills the memory.</summary>
    private const long MostValues = 1_000_000;

    private long _values;

    public const string Service = "services.*";

    private static readonly HashSet<string> Replaced =
    [
        "command", "entrypoint", "healthcheck.test", "x-tangram.route", "x-tangram.zones", "x-tangram.gateway.listen",
        "x-tangram.gateway.routes", "x-tangram.gateway.trusted_proxies",
    ];

    private static readonly HashSet<string> Pairs =
        ["environment", "labels", "deploy.labels", "annotations", "sysctls", "extra_hosts", "build.args"];

    private static readonly HashSet<string> Names = ["depends_on", "networks"];

    private static readonly HashSet<string> OneOrMore = ["env_file", "label_file", "dns", "dns_search", "tmpfs"];

    /// <param name="path">Where both stand, such as <c>services.*.deploy</c>; empty for whole files.</param>
    public Tree Merge(Tree below, Tree above, string path)
    {
        if (above is Tree.Tagged { Tag: MergeTag.Override } instead) return instead.Value;
        below = below is Tree.Tagged tagged ? tagged.Value : below;
        var key = path.StartsWith(Service + ".", StringComparison.Ordinal) ? path[(Service.Length + 1)..] : path;
        if (above is Tree.Scalar { IsNull: true } && below is Tree.Map or Tree.List && !Replaced.Contains(key))
            return below;
        if (Replaced.Contains(key)) return above;
        if (Pairs.Contains(key)) (below, above) = (Keyed(below, '='), Keyed(above, '='));
        if (Names.Contains(key)) (below, above) = (Keyed(below, null), Keyed(above, null));
        if (OneOrMore.Contains(key)) (below, above) = (Listed(below), Listed(above));
        return (below, above) switch
        {
            (Tree.Map a, Tree.Map b) => Maps(a, b, path),
            (Tree.List a, Tree.List b) => Lists(a, b, key),
            _ => above,
        };
    }

    /// <summary>Without the tags that are left: what has nothing below it to reset is gone.</summary>
    public static Tree Settled(Tree tree) => !tree.HasTags ? tree : tree switch
    {
        Tree.Tagged { Tag: MergeTag.Override } tagged => Settled(tagged.Value),
        Tree.Tagged => new Tree.Refused(tree.Place),
        Tree.Map map => new Tree.Map(map.Place,
        [
            .. map.Entries.Where(e => e.Value is not Tree.Tagged { Tag: MergeTag.Reset })
                .Select(e => new Tree.Entry(e.Key, Settled(e.Value))),
        ]),
        Tree.List list => new Tree.List(list.Place,
            [.. list.Items.Where(item => item is not Tree.Tagged { Tag: MergeTag.Reset }).Select(Settled)]),
        _ => tree,
    };

    private Tree Maps(Tree.Map below, Tree.Map above, string path)
    {
        if (!Room(below.Entries.Count + above.Entries.Count, above.Place)) return above;
        var entries = below.Entries.ToList();
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < entries.Count; i++) index[entries[i].Key.Text] = i;
        var gone = new HashSet<int>();
        foreach (var entry in above.Entries)
        {
            var known = index.TryGetValue(entry.Key.Text, out var at);
            if (!known && entry.Value is not Tree.Tagged) entries.Add(entry);
            else if (!known && entry.Value is Tree.Tagged { Tag: MergeTag.Override } instead)
                entries.Add(new Tree.Entry(entry.Key, instead.Value));
            else if (known && entry.Value is Tree.Tagged { Tag: MergeTag.Reset })
                gone.Add(at);
            else if (known)
                entries[at] = new Tree.Entry(entry.Key,
                    Merge(entries[at].Value, entry.Value, Below(path, entry.Key.Text)));
        }
        return new Tree.Map(above.Place, [.. entries.Where((_, i) => !gone.Contains(i))]);
    }

    private static string Below(string path, string key) =>
        path.Length == 0 ? key : path == "services" ? Service : $"{path}.{key}";

    private Tree Lists(Tree.List below, Tree.List above, string key)
    {
        if (!Room(below.Items.Count + above.Items.Count, above.Place)) return above;
        Func<Tree, string?> same = key switch
        {
            "ports" => UniqueKeys.Port,
            "volumes" => UniqueKeys.Volume,
            "secrets" or "configs" => UniqueKeys.Given,
            "expose" or "profiles" or "env_file" => item => (item as Tree.Scalar)?.Text,
            _ => _ => null,
        };
        var said = above.Items.Select(same).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return new Tree.List(above.Place,
            [.. below.Items.Where(item => same(item) is not { } known || !said.Contains(known)), .. above.Items]);
    }

    private bool Room(int values, Place place)
    {
        if (_values > MostValues) return false;
        _values += values;
        if (_values <= MostValues) return true;
        problems.Error(place, $"merging the files and what they extend takes more than {MostValues} values",
            "split the file, or extend less");
        return false;
    }

    private static Tree Listed(Tree tree) => tree is Tree.Scalar or Tree.Map ? new Tree.List(tree.Place, [tree]) : tree;

    /// <summary>A list of <c>KEY=VALUE</c>, or of names, as a map; as it is when it is neither.</summary>
    internal static Tree Keyed(Tree tree, char? cut)
    {
        if (tree is not Tree.List list) return tree;
        if (list.Items.Any(item => item is not Tree.Scalar { IsNull: false })) return tree;
        var entries = new List<Tree.Entry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in list.Items.Cast<Tree.Scalar>())
        {
            var at = cut is { } c ? item.Text.IndexOf(c, StringComparison.Ordinal) : -1;
            var name = at < 0 ? item.Text : item.Text[..at];
            if (!seen.Add(name)) return tree;
            Tree value = at >= 0 ? new Tree.Scalar(item.Place, item.Text[(at + 1)..], quoted: true)
                : cut is null ? new Tree.Map(item.Place, []) : new Tree.Scalar(item.Place, "", quoted: false);
            entries.Add(new Tree.Entry(new Tree.Scalar(item.Place, name, quoted: true), value));
        }
        return new Tree.Map(list.Place, entries);
    }
}
