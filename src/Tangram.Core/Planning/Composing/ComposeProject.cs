using Tangram.Model;

namespace Tangram.Planning.Composing;

/// <summary>What a command names: Compose files, of which later ones are laid over earlier ones, files of variables
/// (empty: <c>.env</c> beside the first), and profiles. Paths are absolute.</summary>
public sealed record ComposeRequest(
    EquatableArray<string> Files, EquatableArray<string> EnvFiles = default, EquatableArray<string> Profiles = default)
{
    /// <summary>Which cluster it is, and no more: what configs and secrets hold is not read, and need not be there.
    /// </summary>
    public bool NameOnly { get; init; }
}

/// <summary>All files as one tree.</summary>
/// <param name="Variable">A variable by its name, as it is known in the file of a place.</param>
public sealed record ComposedTree(Tree Tree, ActiveProfiles Profiles, Func<string, Place, string?> Variable);

/// <summary>One tree out of all the files that make up a project: variables replaced, includes and extensions worked
/// in, files merged, environment files read. Every part keeps the place where it was written.</summary>
public sealed class ComposeProject(IComposeFiles files, ProblemList problems)
{
    /// <summary>Files that are included, in all: enough for every use, and an end to circles of them.</summary>
    private const int MostIncluded = 200;

    private readonly Merging _merging = new(problems);
    private readonly InputBudget _budget = new(problems);
    private readonly List<string> _open = [];
    private readonly Dictionary<string, ComposeSource> _sources = new(StringComparer.Ordinal);
    private int _included;

    /// <summary>Null after a problem that leaves nothing to read.</summary>
    public ComposedTree? Load(ComposeRequest request)
    {
        if (request.Files.Count > InputBudget.MostFiles)
        {
            problems.Error(new Place(request.Files[0], 0, 0),
                $"this is the first of {request.Files.Count} files, and the most is {InputBudget.MostFiles}",
                "lay fewer files over each other");
            return null;
        }
        var folder = Path.GetDirectoryName(request.Files[0]) ?? "/";
        var source = Source(request.EnvFiles, folder, files.Variable);
        if (Merged(request.Files.Select(file => (file, new Place(file, 0, 0))), folder, source) is not { } tree)
            return null;
        if (tree is Tree.Tagged) problems.Error(tree.Place, "a whole file has a tag of merging", "delete the tag");
        if (!_budget.Holds(tree)) return null;
        return new ComposedTree(EnvironmentStage.In(Merging.Settled(tree), folder, files, source, _budget, problems),
            new ActiveProfiles(request.Profiles, source.Variable("COMPOSE_PROFILES")),
            (name, place) => _sources.GetValueOrDefault(place.File, source).Variable(name));
    }

    private ComposeSource Source(IEnumerable<string> envFiles, string folder, Func<string, string?> outside)
    {
        var source = new ComposeSource(files, outside, _budget, problems);
        var any = false;
        foreach (var path in envFiles)
        {
            source.Learn(path, required: true, new Place(path, 0, 0));
            any = true;
        }
        if (!any) source.Learn(Path.Combine(folder, ".env"), required: false, new Place(folder, 0, 0));
        return source;
    }

    private Tree? Merged(IEnumerable<(string Path, Place Asked)> paths, string folder, ComposeSource source)
    {
        Tree? merged = null;
        var extending = new Extending(source, _merging, problems);
        foreach (var (path, asked) in paths)
        {
            if (source.Yaml(path, asked) is not { } tree) return null;
            _sources[tree.Place.File] = source;
            tree = Including(extending.In(tree, path, folder), path, folder, source);
            merged = merged is null ? tree : _merging.Merge(merged, tree, "");
        }
        return merged;
    }

    private Tree Including(Tree root, string file, string folder, ComposeSource source)
    {
        if (root is not Tree.Map map || map.Entries.FirstOrDefault(e => e.Key.Text == "include") is not { } include)
            return root;
        var own = new Tree.Map(map.Place, [.. map.Entries.Where(e => e != include)]);
        if (_open.Contains(file))
        {
            problems.Error(include.Key.Place, "this file includes itself", "delete one of the includes in the circle");
            return own;
        }
        _open.Add(file);
        foreach (var item in Scalars.Items(include.Value, "include", problems))
            if (Included(item, folder, source) is { } other) own = Beside(own, other);
        _open.RemoveAt(_open.Count - 1);
        return own;
    }

    private Tree.Map? Included(Tree item, string folder, ComposeSource source)
    {
        if (item is Tree.Refused) return null;
        var fields = item is Tree.Map ? Fields.Open(item, FileKeys.Include, item.Place, problems) : null;
        var paths = Texts(fields is null ? item : fields["path"], folder);
        var asked = fields?.Filled("project_directory");
        var envFiles = Texts(fields?["env_file"], folder).Select(p => p.Path);
        if (paths.Count == 0)
        {
            problems.Error(item.Place, "this include names no file", "write the path of a Compose file");
            return null;
        }
        if ((_included += paths.Count) > MostIncluded)
        {
            if (_included - paths.Count <= MostIncluded)
                problems.Error(item.Place, $"more than {MostIncluded} files are included", "include fewer");
            return null;
        }
        var start = asked is null ? Path.GetDirectoryName(paths[0].Path) ?? "/" : Path.GetFullPath(asked, folder);
        var own = Source(envFiles, start, source.Variable);
        return Merged(paths, start, own) is { } tree
            && _budget.Holds(tree)
            ? EnvironmentStage.In(
                RelativePaths.Absolute(Merging.Settled(tree), start), start, files, own, _budget, problems) as Tree.Map
            : null;
    }

    private List<(string Path, Place Place)> Texts(Tree? tree, string folder)
    {
        var items = tree is Tree.List list ? list.Items : tree is null ? [] : [tree];
        var texts = new List<(string, Place)>();
        foreach (var item in items)
            if (Scalars.Filled(item, "path", problems) is { } text)
                texts.Add((Path.GetFullPath(text, folder), item.Place));
        return texts;
    }

    /// <summary>What is included stands beside what is there, and neither may say what the other says.</summary>
    private Tree.Map Beside(Tree.Map own, Tree.Map other)
    {
        var entries = own.Entries.ToList();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < entries.Count; i++) places[entries[i].Key.Text] = i;
        foreach (var entry in other.Entries)
        {
            if (entry.Key.Text is "name" or "version" || Interpolated.PassedOver(entry.Key.Text)) continue;
            if (entry.Key.Text == "x-tangram")
                problems.Warn(entry.Key.Place, "x-tangram of an included file is passed over",
                    "write it into the file that includes this one");
            else if (!places.TryGetValue(entry.Key.Text, out var at)) entries.Add(entry);
            else if (entries[at].Value is Tree.Map mine && entry.Value is Tree.Map theirs)
                entries[at] = new Tree.Entry(entries[at].Key, Union(mine, theirs));
        }
        return new Tree.Map(own.Place, entries);
    }

    private Tree.Map Union(Tree.Map mine, Tree.Map theirs)
    {
        var known = mine.Entries.ToDictionary(e => e.Key.Text, e => e.Key.Place, StringComparer.Ordinal);
        var added = new List<Tree.Entry>();
        foreach (var entry in theirs.Entries)
        {
            if (!known.TryGetValue(entry.Key.Text, out var place)) added.Add(entry);
            else if (place != entry.Key.Place)
                problems.Error(entry.Key.Place, $"{Quoted.Of(entry.Key.Text)} is included and also stands in " +
                    Quoted.Plain(place.ToString()),
                    "rename one of them, or lay the files over each other with several -f");
        }
        return new Tree.Map(mine.Place, [.. mine.Entries, .. added]);
    }
}
