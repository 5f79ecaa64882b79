using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>A move of one replica that makes its service's spread more even.</summary>
/// <param name="Words">What is uneven: <c>zone b has 0 and zone a has 3</c>.</param>
/// <remarks>Looked for from the top: among zones, and only where those are even among the nodes of each. A move is
/// worth it when the one that gives has at least two more than the one that takes. It then makes the sum of the squares
/// of the counts smaller at that level and leaves those above as they are, so moves come to an end by themselves, and
/// none is ever taken back. Between two groups, the fuller only gives and the emptier only takes. Where zones differ by
/// one, neither is asked to give, so now and then one move more is made than the nearest of all even layings is
/// away.</remarks>
public sealed record Imbalance(NodeName From, NodeName To, string Words)
{
    /// <summary>Placement from nothing leaves a difference of one where the count does not divide evenly.</summary>
    private const int Uneven = 2;

    internal static Imbalance? Find(ServiceSpec service, int number, IReadOnlyList<NodeAccount> nodes,
        ReadOnlySpan<string> levels)
    {
        var groups = GroupsOf(nodes, levels);
        var (most, least) = Extremes(service, number, groups);
        if (most >= 0 && least >= 0 && Count(groups[most], number) - Count(groups[least], number) >= Uneven)
        {
            var below = levels.IsEmpty ? [] : levels[1..];
            var (from, to) = (Fullest(groups[most], number, below), Emptiest(service, groups[least], number, below));
            return new Imbalance(from.Node.Name, to.Node.Name,
                $"{Name(groups[least][0], levels)} has {Count(groups[least], number)} and " +
                $"{Name(groups[most][0], levels)} has {Count(groups[most], number)}");
        }
        if (levels.IsEmpty) return null;
        foreach (var group in groups)
            if (Find(service, number, group, levels[1..]) is { } found) return found;
        return null;
    }

    /// <summary>Which group has the most, and which of those that can take one more has the least; -1: none.</summary>
    private static (int Most, int Least) Extremes(ServiceSpec service, int number,
        IReadOnlyList<IReadOnlyList<NodeAccount>> groups)
    {
        var (most, least) = (-1, -1);
        for (var i = 0; i < groups.Count; i++)
        {
            var count = Count(groups[i], number);
            if (count > 0 && (most < 0 || (count, Peak(groups[i])).CompareTo((Count(groups[most], number),
                Peak(groups[most]))) > 0)) most = i;
            if ((least < 0 || (count, Floor(groups[i])).CompareTo((Count(groups[least], number),
                Floor(groups[least]))) < 0) && Takes(service, number, groups[i])) least = i;
        }
        return (most, least);

        // Of equals, the group that is itself uneven, so that one move mends both.
        int Peak(IReadOnlyList<NodeAccount> group) => group.Max(n => n.Of(number));
        int Floor(IReadOnlyList<NodeAccount> group) => group.Min(n => n.Of(number));
    }

    private static NodeAccount Fullest(IReadOnlyList<NodeAccount> nodes, int number, ReadOnlySpan<string> levels)
    {
        if (levels.IsEmpty) return nodes.MaxBy(n => n.Of(number))!;
        var group = SpreadTree.Grouped(nodes, levels[0]).MaxBy(g => Count(g, number))!;
        return Fullest(group, number, levels[1..]);
    }

    /// <summary>The node that placement would choose.</summary>
    private static NodeAccount Emptiest(ServiceSpec service, IReadOnlyList<NodeAccount> nodes, int number,
        ReadOnlySpan<string> levels)
    {
        if (levels.IsEmpty)
            return nodes.Where(n => n.Fits(service, number)).OrderBy(n => n.Of(number)).ThenBy(n => n.Load)
                .ThenBy(n => n.Replicas).ThenBy(n => n.Order).First();
        var group = SpreadTree.Grouped(nodes, levels[0]).Where(g => Takes(service, number, g))
            .MinBy(g => Count(g, number))!;
        return Emptiest(service, group, number, levels[1..]);
    }

    private static IReadOnlyList<IReadOnlyList<NodeAccount>> GroupsOf(IReadOnlyList<NodeAccount> nodes,
        ReadOnlySpan<string> levels) =>
        levels.IsEmpty ? [.. nodes.Select(n => new[] { n })] : SpreadTree.Grouped(nodes, levels[0]);

    private static int Count(IReadOnlyList<NodeAccount> group, int number)
    {
        var count = 0;
        foreach (var node in group) count += node.Of(number);
        return count;
    }

    private static bool Takes(ServiceSpec service, int number, IReadOnlyList<NodeAccount> group)
    {
        foreach (var node in group) if (node.Fits(service, number)) return true;
        return false;
    }

    private static string Name(NodeAccount node, ReadOnlySpan<string> levels) =>
        levels.IsEmpty ? $"node {node.Node.Name}"
        : levels[0] is "node.zone" or "node.labels.zone" ? $"zone {node.Node.Attribute(levels[0])}"
        : $"{levels[0]} {node.Node.Attribute(levels[0])}";
}
