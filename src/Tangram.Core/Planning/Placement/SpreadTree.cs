using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>The candidates of one service, grouped by what it is spread over: zones by default, then nodes. Each turn
/// goes down to the group with the fewest of the service's replicas, and there to the node with the fewest, then the
/// least loaded. A full node leaves the tree; so a placement costs the depth times the logarithm of the
/// width.</summary>
internal sealed class SpreadTree
{
    private readonly PriorityQueue<SpreadTree, (int Count, int Order)>? _groups;
    private readonly IReadOnlyList<NodeAccount> _members = [];
    private PriorityQueue<NodeAccount, Priority>? _nodes;
    private readonly ServiceSpec _service;
    private readonly int _number;
    private int _count;

    private SpreadTree(ServiceSpec service, int number, IReadOnlyList<NodeAccount> nodes, ReadOnlySpan<string> levels)
    {
        (_service, _number) = (service, number);
        if (!levels.IsEmpty)
        {
            _groups = Below(Grouped(nodes, levels[0]), levels[1..]);
            return;
        }
        foreach (var node in nodes) _count += node.Of(number);
        _members = nodes;
    }

    private SpreadTree(ServiceSpec service, int number, IReadOnlyList<IReadOnlyList<NodeAccount>> groups,
        ReadOnlySpan<string> below)
    {
        (_service, _number) = (service, number);
        _groups = Below(groups, below);
    }

    /// <param name="number">The service's number in the placer's accounts.</param>
    /// <param name="groups">The nodes grouped by the first level, as <see cref="Grouped"/> does.</param>
    public static SpreadTree Of(ServiceSpec service, int number, IReadOnlyList<IReadOnlyList<NodeAccount>> groups) =>
        new(service, number, groups, Levels(service)[1..]);

    public static string[] Levels(ServiceSpec service) =>
        service.Deploy.Placement.Spread.Count > 0 ? [.. service.Deploy.Placement.Spread] : ["node.zone"];

    public static IReadOnlyList<IReadOnlyList<NodeAccount>> Grouped(IReadOnlyList<NodeAccount> nodes, string level)
    {
        var groups = new SortedDictionary<string, List<NodeAccount>>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            var key = node.Node.Attribute(level);
            if (!groups.TryGetValue(key, out var group)) groups[key] = group = [];
            group.Add(node);
        }
        return [.. groups.Values];
    }

    private PriorityQueue<SpreadTree, (int, int)> Below(IReadOnlyList<IReadOnlyList<NodeAccount>> groups,
        ReadOnlySpan<string> levels)
    {
        var queue = new PriorityQueue<SpreadTree, (int, int)>(groups.Count);
        for (var order = 0; order < groups.Count; order++)
        {
            var tree = new SpreadTree(_service, _number, groups[order], levels);
            _count += tree._count;
            queue.Enqueue(tree, (tree._count, order));
        }
        return queue;
    }

    /// <summary>Places one replica an item and accounts for it, until nothing fits any more.</summary>
    public IEnumerable<NodeAccount> Place()
    {
        while (Next() is { } node) yield return node;
    }

    /// <summary>Places one replica and accounts for it; null when nothing fits any more.</summary>
    private NodeAccount? Next()
    {
        var placed = _groups is null ? NextNode() : NextGroup();
        if (placed is not null) _count++;
        return placed;
    }

    private NodeAccount? NextGroup()
    {
        while (_groups!.TryPeek(out var group, out var priority))
        {
            var placed = group.Next();
            if (placed is null) _groups.Dequeue();
            else _groups.DequeueEnqueue(group, (group._count, priority.Order));
            if (placed is not null) return placed;
        }
        return null;
    }

    private NodeAccount? NextNode()
    {
        // Most services that lost a replica need one node of one group; the others are never looked at.
        _nodes ??= new(_members.Where(n => n.Fits(_service, _number)).Select(n => (n, PriorityOf(n))));
        if (!_nodes.TryPeek(out var node, out _)) return null;
        node.Add(_service, _number);
        if (node.Fits(_service, _number)) _nodes.DequeueEnqueue(node, PriorityOf(node));
        else _nodes.Dequeue();
        return node;
    }

    private Priority PriorityOf(NodeAccount node) => new(node.Of(_number), node.Load, node.Replicas, node.Order);

    /// <summary>The fewest of the service first, then the least loaded, then the first by name.</summary>
    private readonly record struct Priority(int Count, double Load, int Replicas, int Order) : IComparable<Priority>
    {
        public int CompareTo(Priority other) =>
            Count != other.Count ? Count.CompareTo(other.Count)
            : Load != other.Load ? Load.CompareTo(other.Load)
            : Replicas != other.Replicas ? Replicas.CompareTo(other.Replicas)
            : Order.CompareTo(other.Order);
    }
}
