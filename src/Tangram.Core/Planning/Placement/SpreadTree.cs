using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>The candidates of one service, grouped by what it is spread over: zones by default, then nodes. Each turn goes
/// down to the group with the fewest of the service's replicas, and there to the node with the fewest, then the least
/// loaded. A full node leaves the tree; so a placement costs the depth times the logarithm of the width.</summary>
internal sealed class SpreadTree
{
    private readonly PriorityQueue<SpreadTree, (int Count, int Order)>? _groups;
    private readonly PriorityQueue<NodeAccount, (int Count, double Load, int Replicas, int Order)>? _nodes;
    private readonly ServiceSpec _service;
    private int _count;

    private SpreadTree(ServiceSpec service, IReadOnlyList<NodeAccount> nodes, ReadOnlySpan<string> levels, int counted)
    {
        (_service, _count) = (service, counted);
        if (levels.IsEmpty)
        {
            _nodes = new(nodes.Count);
            foreach (var node in nodes)
                if (node.WhyNot(service) is null) _nodes.Enqueue(node, PriorityOf(node));
            return;
        }
        var groups = new SortedDictionary<string, List<NodeAccount>>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            var key = node.Node.Attribute(levels[0]);
            if (!groups.TryGetValue(key, out var group)) groups[key] = group = [];
            group.Add(node);
        }
        _groups = new(groups.Count);
        var order = 0;
        foreach (var group in groups.Values)
        {
            var count = group.Sum(n => n.Of(service.Name));
            _groups.Enqueue(new SpreadTree(service, group, levels[1..], count), (count, order++));
        }
    }

    public static SpreadTree Of(ServiceSpec service, IReadOnlyList<NodeAccount> nodes)
    {
        string[] levels = service.Deploy.Placement.Spread.Count > 0 ? [.. service.Deploy.Placement.Spread] : ["node.zone"];
        return new SpreadTree(service, nodes, levels, 0);
    }

    /// <summary>Places one replica and accounts for it; null when nothing fits any more.</summary>
    public NodeAccount? Next()
    {
        var placed = _nodes is not null ? NextNode() : NextGroup();
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
        if (!_nodes!.TryPeek(out var node, out _)) return null;
        node.Add(_service);
        if (node.WhyNot(_service) is null) _nodes.DequeueEnqueue(node, PriorityOf(node));
        else _nodes.Dequeue();
        return node;
    }

    private (int, double, int, int) PriorityOf(NodeAccount node) =>
        (node.Of(_service.Name), node.Load, node.Replicas, node.Order);
}
