using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Who watches whom: every node is watched by the <see cref="Watchers"/> nodes after it in the order of names.
/// Each node then sends and hears a fixed number of heartbeats, however large the cluster is.</summary>
public sealed class Ring(IEnumerable<NodeName> nodes)
{
    public const int Watchers = 3;
    private readonly NodeName[] _nodes = [.. nodes.Order()];

    /// <summary>The nodes that a ring is made of. Agents and the leader must take the same ones: the leader believes a
    /// node's watchers, and a dead node watches nobody.</summary>
    public static IEnumerable<NodeName> Living(ClusterState state) =>
        state.Nodes.Values.Where(n => n.Dead is null).Select(n => n.Name);

    /// <summary>The nodes that watch <paramref name="node"/>: those to which it sends its heartbeats.</summary>
    public IEnumerable<NodeName> WatchersOf(NodeName node) => Around(node, +1);

    /// <summary>The nodes that <paramref name="node"/> watches.</summary>
    public IEnumerable<NodeName> WatchedBy(NodeName node) => Around(node, -1);

    private IEnumerable<NodeName> Around(NodeName node, int direction)
    {
        var at = Array.BinarySearch(_nodes, node);
        if (at < 0) yield break;
        for (var i = 1; i <= Math.Min(Watchers, _nodes.Length - 1); i++)
            yield return _nodes[(at + direction * i + _nodes.Length * Watchers) % _nodes.Length];
    }
}
