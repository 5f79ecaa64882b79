using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>Says on which node each new replica goes, and why where none fits. One turn of planning makes one, tells it
/// what runs, and asks; it accounts for its own answers.</summary>
public sealed class Placer
{
    /// <summary>The number under which replicas that are leaving are counted.</summary>
    private const int Nobody = -1;

    private readonly NodeAccount[] _nodes;
    private readonly Dictionary<NodeName, NodeAccount> _byName;
    private readonly Dictionary<ServiceName, int> _numbers = [];

    /// <summary>Replicas are told node by node.</summary>
    private NodeAccount? _last;
    private readonly Dictionary<string, IReadOnlyList<IReadOnlyList<NodeAccount>>> _groups = [];

    public Placer(IEnumerable<PlacementNode> nodes)
    {
        _nodes = [.. nodes.OrderBy(n => n.Name).Select((node, order) => new NodeAccount(node, order))];
        _byName = _nodes.ToDictionary(n => n.Node.Name);
    }

    /// <summary>A replica of the service holds its share of the node. Unknown nodes are passed over.</summary>
    /// <param name="leaving">It is being replaced: it still holds resources and ports, but no place in the spread and
    /// none of <c>max_replicas_per_node</c>, or a start-first move could never begin where every node is full.</param>
    public void Occupy(NodeName node, ServiceSpec service, bool leaving = false)
    {
        if (_last?.Node.Name != node && !_byName.TryGetValue(node, out _last)) return;
        _last.Add(service, leaving ? Nobody : NumberOf(service));
    }

    /// <summary>Places up to <paramref name="count"/> replicas. Same input, same output.</summary>
    public PlacementAnswer Place(ServiceSpec service, int count)
    {
        var chosen = service.Deploy.Placement.Strategy == PlacementStrategy.Spread
            ? SpreadTree.Of(service, NumberOf(service), GroupsOf(service)).Place()
            : Fill(service);
        var placed = chosen.Take(count).Select(n => n.Node.Name).ToList();
        return new PlacementAnswer(placed, placed.Count < count ? Explain(service) : null);
    }

    /// <summary>The move of one replica that makes the service's spread more even, or null when none does.</summary>
    public Imbalance? Imbalance(ServiceSpec service) =>
        Placement.Imbalance.Find(service, NumberOf(service), _nodes, SpreadTree.Levels(service));

    /// <summary>Takes these nodes, one replica each, as far as they have room.</summary>
    public PlacementAnswer PlaceOn(ServiceSpec service, IEnumerable<NodeName> nodes)
    {
        var placed = new List<NodeName>();
        string? refusal = null;
        foreach (var node in nodes.Select(n => _byName[n]))
        {
            if (node.WhyNot(service, NumberOf(service)) is { } why)
            {
                refusal ??= $"{service.Name} has no room on {node.Node.Name}: such nodes {why}";
                continue;
            }
            node.Add(service, NumberOf(service));
            placed.Add(node.Node.Name);
        }
        return new PlacementAnswer(placed, refusal);
    }

    /// <summary>The nodes where a global service has a replica: those that it may run on, full or not, by
    /// name.</summary>
    public IReadOnlyList<NodeName> Eligible(ServiceSpec service) =>
        [.. _nodes.Where(n => n.MayEver(service)).Select(n => n.Node.Name)];

    /// <summary>Whether a node's attributes meet the service's constraints.</summary>
    public static bool Satisfies(ServiceSpec service, NodeName node, ZoneName zone, EquatableArray<Variable> labels)
    {
        foreach (var constraint in service.Deploy.Placement.Constraints)
            if (!NodeAccount.Satisfies(constraint, PlacementNode.Attribute(constraint.Attribute, node, zone, labels)))
                return false;
        return true;
    }

    /// <summary>Which replicas to take away so that the rest are spread best: from the fullest zone, there from the
    /// fullest node, there the youngest.</summary>
    public static IReadOnlyList<ReplicaName> Victims(
        IEnumerable<(ReplicaName Replica, NodeName Node, ZoneName? Zone)> replicas, int count)
    {
        var left = replicas.ToList();
        var victims = new List<ReplicaName>();
        while (victims.Count < count && left.Count > 0)
        {
            var zones = left.GroupBy(r => r.Zone).ToDictionary(g => g.Key ?? default, g => g.Count());
            var nodes = left.GroupBy(r => r.Node).ToDictionary(g => g.Key, g => g.Count());
            var victim = left.OrderByDescending(r => zones[r.Zone ?? default]).ThenByDescending(r => nodes[r.Node])
                .ThenByDescending(r => r.Replica).First();
            left.Remove(victim);
            victims.Add(victim.Replica);
        }
        return victims;
    }

    /// <summary>The sentence that says why no node takes one more.</summary>
    public string Explain(ServiceSpec service)
    {
        if (_nodes.Length == 0) return "no node is alive";
        var reasons = _nodes.Select(n => n.WhyNot(service, NumberOf(service))).OfType<string>().GroupBy(r => r)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{g.Count()} {g.Key}");
        return $"no node fits: of {_nodes.Length} nodes, {string.Join("; ", reasons)}";
    }

    private int NumberOf(ServiceSpec service)
    {
        if (!_numbers.TryGetValue(service.Name, out var number)) _numbers[service.Name] = number = _numbers.Count;
        return number;
    }

    private IReadOnlyList<IReadOnlyList<NodeAccount>> GroupsOf(ServiceSpec service)
    {
        var level = SpreadTree.Levels(service)[0];
        if (!_groups.TryGetValue(level, out var groups)) _groups[level] = groups = SpreadTree.Grouped(_nodes, level);
        return groups;
    }

    /// <summary>A node that takes a replica is only fuller by it, so it stays the first until it is full.</summary>
    private IEnumerable<NodeAccount> Fill(ServiceSpec service)
    {
        var number = NumberOf(service);
        var fullest = _nodes.OrderByDescending(n => n.Load).ThenByDescending(n => n.Replicas).ThenBy(n => n.Order);
        foreach (var node in fullest)
        {
            while (node.Fits(service, number))
            {
                node.Add(service, number);
                yield return node;
            }
        }
    }
}
