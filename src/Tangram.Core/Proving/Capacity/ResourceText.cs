using System.Globalization;
using Tangram.Model;

namespace Tangram.Proving.Capacity;

/// <summary>The cells and sentences of a <see cref="ResourceMatrix"/>.</summary>
public static class ResourceText
{
    public static readonly string[] Headings = ["NODE", "ZONE", "REPLICAS", "CPU", "MEMORY", "STORAGE", "BANDWIDTH"];

    /// <summary>One row for each node, then one for each zone.</summary>
    public static IEnumerable<string[]> Rows(ResourceMatrix matrix)
    {
        foreach (var n in matrix.Nodes) yield return Row(n.Node.Value, n.Zone.Value, n.Standard, n.Extended);
        foreach (var zone in matrix.Zones) yield return Row("all of", zone.Zone.Value, zone.Standard, zone.Extended);
    }

    public static IEnumerable<string> Sentences(ResourceMatrix matrix)
    {
        yield return "Each cell: the standard size, with everything there; then the extended size, the most when any " +
            "other zone is lost.";
        var most = matrix.Extended;
        if (most is not { Cpus: 0, Memory: 0, Storage: 0, Bandwidth: 0 })
            yield return $"To stay below {ResourceMatrix.WarningLevel * 100:0} % of a node then, each node offers " +
                string.Join(", ", Offered(most)) + ".";
        if (most.Untold > 0)
            yield return $"Of up to {most.Untold} replicas on a node the file does not tell CPU or memory, by limits " +
                "or reservations: they come on top.";
        if (most.Storage == 0 || most.Bandwidth == 0)
            yield return "Storage and bandwidth are known where x-tangram.forecast tells them.";
        foreach (var sentence in matrix.Unplaced) yield return $"warning: {sentence}";
        foreach (var node in matrix.Nodes)
            foreach (var sentence in Full(node)) yield return $"warning: {sentence}";
    }

    private static IEnumerable<string> Offered(Takes most)
    {
        const double Level = ResourceMatrix.WarningLevel;
        if (most.Cpus > 0) yield return Text($"{most.Cpus / Level:0.##} cores");
        if (most.Memory > 0) yield return $"{Bytes(most.Memory / Level)} of memory";
        if (most.Storage > 0) yield return $"{Bytes(most.Storage / Level)} of storage";
        if (most.Bandwidth > 0) yield return $"{Bytes(most.Bandwidth / Level)}/s";
    }

    private static IEnumerable<string> Full(NodeNeed node)
    {
        if (Level(node.Standard.Cpus, node.Extended.Cpus, node.Offers.Cpus) is { } cpus)
            yield return $"{node.Node} offers {Text($"{node.Offers.Cpus:0.##}")} cores, of which {cpus}";
        if (Level(node.Standard.Memory, node.Extended.Memory, node.Offers.Memory) is { } memory)
            yield return $"{node.Node} offers {Bytes(node.Offers.Memory)} of memory, of which {memory}";
    }

    private static string? Level(double standard, double extended, double offered) =>
        offered > 0 && extended > ResourceMatrix.WarningLevel * offered
            ? Text($"{100 * standard / offered:0} % may be taken, and {100 * extended / offered:0} % with a zone lost")
            : null;

    private static string[] Row(string node, string zone, Takes a, Takes b) =>
    [
        node, zone, Pair($"{a.Replicas}", $"{b.Replicas}"),
        Pair(a.Cpus == 0 && b.Cpus == 0 ? "-" : Text($"{a.Cpus:0.##}"), b.Cpus == 0 ? "-" : Text($"{b.Cpus:0.##}")),
        Pair(Known(a.Memory, b.Memory, ""), Known(b.Memory, b.Memory, "")),
        Pair(Known(a.Storage, b.Storage, ""), Known(b.Storage, b.Storage, "")),
        Pair(Known(a.Bandwidth, b.Bandwidth, "/s"), Known(b.Bandwidth, b.Bandwidth, "/s")),
    ];

    private static string Known(long bytes, long ever, string per) => ever == 0 ? "-" : Bytes(bytes) + per;

    private static string Pair(string standard, string extended) =>
        standard == extended ? standard : $"{standard} → {extended}";

    /// <summary>With units of 1024, as the file writes them.</summary>
    public static string Bytes(double bytes)
    {
        var (power, value) = (0, bytes);
        for (; value >= 1024 && power < 4; power++) value /= 1024;
        return Text($"{Math.Ceiling(value * 10) / 10:0.#}") + new[] { "", "k", "M", "G", "T" }[power];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
