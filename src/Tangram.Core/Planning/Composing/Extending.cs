using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>Works in <c>extends</c>: a service becomes the one that it extends, with its own words laid over
/// it.</summary>
internal sealed class Extending(ComposeSource source, Merging merging, ProblemList problems)
{
    private const int Deepest = 50;

    private readonly Dictionary<(string File, string Service), Tree?> _done = [];
    private readonly List<(string File, string Service)> _open = [];
    private readonly Dictionary<string, Tree?> _others = new(StringComparer.Ordinal);
    private readonly Dictionary<Tree, Dictionary<string, Tree>> _services = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tree, Tree> _settled = new(ReferenceEqualityComparer.Instance);

    /// <summary>The file with none of its services extending another.</summary>
    public Tree In(Tree root, string file, string folder)
    {
        if (root is not Tree.Map map || ServicesOf(root) is not { } services
            || !services.Entries.Any(e => Asks(e.Value) is not null)) return root;
        var resolved = services.Entries.Select(e =>
            new Tree.Entry(e.Key, Of(e.Key.Text, e.Value, root, file, folder) ?? new Tree.Refused(e.Value.Place)));
        var extended = new Tree.Map(services.Place, [.. resolved]);
        return new Tree.Map(map.Place,
            [.. map.Entries.Select(e => e.Value == services ? new Tree.Entry(e.Key, extended) : e)]);
    }

    private static Tree.Map? ServicesOf(Tree root) =>
        (root as Tree.Map)?.Entries.FirstOrDefault(e => e.Key.Text == "services")?.Value as Tree.Map;

    private static Tree? Asks(Tree service) =>
        (service as Tree.Map)?.Entries.FirstOrDefault(e => e.Key.Text == "extends")?.Value;

    /// <summary>Null after a problem.</summary>
    private Tree? Of(string name, Tree service, Tree root, string file, string folder)
    {
        if (Asks(service) is not { } asks) return service;
        if (_done.TryGetValue((file, name), out var known)) return known;
        if (_open.Contains((file, name)) || _open.Count > Deepest)
        {
            problems.Error(asks.Place, _open.Count > Deepest
                ? $"services extend each other more than {Deepest} deep"
                : "these services extend each other: " + Quoted.Chain(
                    _open.SkipWhile(o => o != (file, name)).Select(o => o.Service).Append(name)),
                "let one of them stand by itself");
            return null;
        }
        _open.Add((file, name));
        var below = Below(asks, root, file, folder);
        _open.RemoveAt(_open.Count - 1);
        var map = (Tree.Map)service;
        var own = new Tree.Map(map.Place, [.. map.Entries.Where(e => e.Key.Text != "extends")]);
        return _done[(file, name)] = below is null ? null : merging.Merge(Settled(below), own, Merging.Service);
    }

    private Tree Settled(Tree below) =>
        _settled.TryGetValue(below, out var known) ? known : _settled[below] = Merging.Settled(below);

    private Tree? Below(Tree asks, Tree root, string file, string folder)
    {
        if (asks is Tree.Refused) return null;
        var (name, path) = (asks as Tree.Scalar, (Tree.Scalar?)null);
        if (asks is Tree.Map)
        {
            var fields = Fields.Open(asks, FileKeys.Extends, asks.Place, problems);
            (name, path) = (Filled(fields, "service"), Filled(fields, "file"));
            if (name is null && fields["service"] is not null) return null;
        }
        if (name is null or { IsNull: true })
        {
            problems.Error(asks.Place, "'extends' names no service", "write extends: { service: NAME }");
            return null;
        }
        if (path is null) return Found(name, root, file, folder);
        var other = Path.GetFullPath(path.Text, folder);
        if (other == file) return Found(name, root, file, folder);
        var beside = Path.GetDirectoryName(other) ?? "/";
        if (!_others.TryGetValue(other, out var tree))
        {
            var read = source.Yaml(other, path.Place);
            _others[other] = tree = read is null ? null : RelativePaths.Absolute(read, beside);
        }
        return tree is null ? null : Found(name, tree, other, beside);
    }

    private static Tree.Scalar? Filled(Fields fields, string key) =>
        fields.Filled(key) is null ? null : fields[key] as Tree.Scalar;

    private Tree? Found(Tree.Scalar name, Tree root, string file, string folder)
    {
        if (!_services.TryGetValue(root, out var services))
            _services[root] = services = (ServicesOf(root)?.Entries ?? [])
                .ToDictionary(e => e.Key.Text, e => e.Value, StringComparer.Ordinal);
        if (services.TryGetValue(name.Text, out var found)) return Of(name.Text, found, root, file, folder);
        var meant = NearMiss.Of(name.Text, services.Keys, problems);
        problems.Error(name.Place,
            $"the service {Quoted.Of(name.Text)} to extend is not in " + Quoted.Plain(Path.GetFileName(file)),
            meant is null ? "name a service of that file" : $"write {Quoted.Of(meant)}");
        return null;
    }
}
