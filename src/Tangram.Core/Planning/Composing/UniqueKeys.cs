namespace Tangram.Planning.Composing;

/// <summary>By what two items of a list are the same one, so that the later file's takes the place of the
/// earlier's.</summary>
internal static class UniqueKeys
{
    /// <summary>Address, published port, target and protocol.</summary>
    public static string? Port(Tree tree)
    {
        if (tree is Tree.Map map)
            return $"{Text(map, "host_ip")}:{Text(map, "published")}:{Text(map, "target")}/"
                + (Text(map, "protocol") ?? "tcp");
        if (tree is not Tree.Scalar { Text: var text }) return null;
        var cut = text.IndexOf('/', StringComparison.Ordinal);
        var (ports, protocol) = cut < 0 ? (text, "tcp") : (text[..cut], text[(cut + 1)..]);
        var colons = ports.Count(c => c == ':');
        return $"{(colons < 2 ? new string(':', 2 - colons) : "")}{ports}/{protocol}";
    }

    /// <summary>Where it is mounted.</summary>
    public static string? Volume(Tree tree) => tree switch
    {
        Tree.Map map => Text(map, "target"),
        Tree.Scalar scalar => scalar.Text.Split(':') is [_, var target, ..] ? target : scalar.Text,
        _ => null,
    };

    /// <summary>Of a config or secret: the name that the process finds it by.</summary>
    public static string? Given(Tree tree) => tree switch
    {
        Tree.Map map => Text(map, "target") ?? Text(map, "source"),
        Tree.Scalar scalar => scalar.Text,
        _ => null,
    };

    private static string? Text(Tree.Map map, string key) =>
        (map.Entries.FirstOrDefault(e => e.Key.Text == key)?.Value as Tree.Scalar)?.Text;
}
