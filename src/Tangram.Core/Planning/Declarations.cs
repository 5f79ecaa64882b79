using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Where the content of a config or secret is to be found: exactly one of the three.</summary>
/// <param name="Path">A file, absolute.</param>
/// <param name="Variable">A variable of whoever runs the command.</param>
/// <param name="Text">The content itself.</param>
public sealed record ContentAsked(
    GrantKind Kind, string Name, Place Place, string? Path = null, string? Variable = null, string? Text = null);

/// <summary>What the top level declares for services to use: configs, secrets, volumes and networks.</summary>
internal sealed class Declarations
{
    private readonly Dictionary<string, ContentAsked?> _configs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ContentAsked?> _secrets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _volumes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _networks = new(StringComparer.Ordinal) { "default" };

    /// <summary>By key. Null after its problem was noted.</summary>
    public IReadOnlyDictionary<string, ContentAsked?> Contents(GrantKind kind) =>
        kind == GrantKind.Config ? _configs : _secrets;

    /// <summary>By key, the name of its folder.</summary>
    public IReadOnlyDictionary<string, string> Volumes => _volumes;

    public IReadOnlySet<string> Networks => _networks;

    public static Declarations Read(Fields top, string folder)
    {
        var read = new Declarations();
        foreach (var entry in Entries(top, "configs"))
            read._configs.TryAdd(entry.Key.Text, ContentOf(entry, GrantKind.Config, top.Problems, folder));
        foreach (var entry in Entries(top, "secrets"))
            read._secrets.TryAdd(entry.Key.Text, ContentOf(entry, GrantKind.Secret, top.Problems, folder));
        foreach (var entry in Entries(top, "volumes"))
            read._volumes.TryAdd(entry.Key.Text, VolumeOf(entry, top.Problems));
        foreach (var entry in Entries(top, "networks"))
        {
            Opened(entry, DeclaredKeys.Network, top.Problems);
            read._networks.Add(entry.Key.Text);
        }
        if (read._networks.Count > 1)
            top.Problems.Warn(top.PlaceOf("networks"), "'networks' separate nothing: processes share their machine's",
                "services reach each other by TANGRAM_URL_<SERVICE>; keep others away with the machine's firewall");
        return read;
    }

    private static IEnumerable<Tree.Entry> Entries(Fields top, string key)
    {
        if (top[key] is null or Tree.Refused or Tree.Scalar { IsNull: true }) return [];
        if (top[key] is not Tree.Map map)
        {
            top.Problems.Error(top.PlaceOf(key), $"'{key}' takes a map and is {top[key]!.Kind}",
                "write NAME: and below it what it is");
            return [];
        }
        foreach (var entry in map.Entries.Where(e => !Names.IsValid(e.Key.Text)))
            top.Problems.Error(entry.Key.Place, $"{Quoted.Of(entry.Key.Text)} is not a name for one of '{key}'",
                $"write 1 to {Names.Longest} letters, digits, '-', '_' or '.', starting with a letter or digit");
        return map.Entries;
    }

    /// <summary>A name alone, as in <c>data:</c>, says that there is one, with nothing else to say.</summary>
    private static Fields Opened(Tree.Entry entry, Section section, ProblemList problems) => Fields.Open(
        entry.Value is Tree.Scalar { IsNull: true } ? null : entry.Value, section, entry.Key.Place, problems);

    private static ContentAsked? ContentOf(Tree.Entry entry, GrantKind kind, ProblemList problems, string folder)
    {
        var section = kind == GrantKind.Config ? DeclaredKeys.Config : DeclaredKeys.Secret;
        var fields = Opened(entry, section, problems);
        var (name, place) = (entry.Key.Text, entry.Key.Place);
        fields.Filled("name");
        if (fields.Flag("external", false))
        {
            problems.Error(fields.PlaceOf("external"),
                $"{Quoted.Of(name)} is external, and nothing is kept here beside the revisions",
                "write file: or environment: instead, with where it is on this machine");
            return null;
        }
        var path = new Folders(folder).PathOf(fields, "file");
        var variable = fields.Filled("environment");
        var text = kind == GrantKind.Config && fields["content"] is { } content
            ? Scalars.Text(content, "content", problems) : null;
        string[] ways = kind == GrantKind.Config ? ["file", "environment", "content"] : ["file", "environment"];
        var said = ways.Where(way => fields[way] is not null).ToList();
        var refused = entry.Value is not (Tree.Map or Tree.Scalar { IsNull: true })
            || entry.Value is Tree.Map map
                && map.Entries.Any(e => section.Find(e.Key.Text) is { Support: Support.Refused });
        if (said.Count > 1 || (said.Count == 0 && !refused))
            problems.Error(place, said.Count == 0 ? $"{Quoted.Of(name)} has no content"
                : $"{Quoted.Of(name)} has its content from {string.Join(" and from ", said)}",
                $"write one of {string.Join(", ", ways)}");
        return said.Count != 1 || (path ?? variable ?? text) is null ? null
            : new ContentAsked(kind, name, fields.PlaceOf(said[0]), path, variable, text);
    }

    private static string VolumeOf(Tree.Entry entry, ProblemList problems)
    {
        var fields = Opened(entry, DeclaredKeys.Volume, problems);
        fields.Choice("driver", 0, [("local", 0)]);
        if (fields.Flag("external", false))
            problems.Error(fields.PlaceOf("external"), $"the volume {Quoted.Of(entry.Key.Text)} is external, and the " +
                "folders of volumes are Tangram's own", "bind a folder of the machine: \"/path:/path\"");
        if (fields.Filled("name") is not { } name) return entry.Key.Text;
        if (!Names.IsValid(name))
            problems.Error(fields.PlaceOf("name"), $"{Quoted.Of(name)} cannot be a volume's folder",
                $"write 1 to {Names.Longest} letters, digits, '-', '_' or '.', starting with a letter or digit");
        return name;
    }
}
