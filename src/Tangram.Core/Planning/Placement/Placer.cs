using Tangram.Model;

namespace Tangram.Planning.Placement;

public sealed record PlacementNode
{
    public required NodeName Name { get; init; }
    public required ZoneName Zone { get; init; }
    public EquatableArray<Variable> Labels { get; init; }
    public Resources Capacity { get; init; } = new();
    public string? Cordoned { get; init; }
}

public sealed record PlacementAnswer(IReadOnlyList<NodeName> Nodes, string? Refusal);

public sealed class Placer(IEnumerable<PlacementNode> nodes)
{
    private readonly PlacementNode[] _nodes = [.. nodes];
    private readonly Dictionary<(NodeName, ServiceName), int> _count = [];
    private readonly Dictionary<NodeName, int> _total = [];

    public void Occupy(NodeName node, ServiceSpec s)
    {
        _count[(node, s.Name)] = _count.GetValueOrDefault((node, s.Name)) + 1;
        _total[node] = _total.GetValueOrDefault(node) + 1;
    }

    public PlacementAnswer Place(ServiceSpec s, int count)
    {
        var result = new List<NodeName>();
        for (var i = 0; i < count; i++)
        {
            var best = _nodes.Where(n => n.Cordoned is null && Satisfies(s, n.Name, n.Zone, n.Labels))
                .OrderBy(n => _nodes.Where(z => z.Zone == n.Zone).Sum(z => _count.GetValueOrDefault((z.Name, s.Name))))
                .ThenBy(n => _count.GetValueOrDefault((n.Name, s.Name))).ThenBy(n => _total.GetValueOrDefault(n.Name)).ThenBy(n => n.Name)
                .FirstOrDefault();
            if (best is null) return new PlacementAnswer(result, "no node fits");
            result.Add(best.Name);
            Occupy(best.Name, s);
        }
        return new PlacementAnswer(result, null);
    }

    public PlacementAnswer PlaceOn(ServiceSpec s, IEnumerable<NodeName> nodes) => new([.. nodes], null);
    public IReadOnlyList<NodeName> Eligible(ServiceSpec s) => [.. _nodes.Where(n => n.Cordoned is null).Select(n => n.Name)];
    public static bool Satisfies(ServiceSpec s, NodeName n, ZoneName z, EquatableArray<Variable> labels) => true;
    public static IReadOnlyList<ReplicaName> Victims(IEnumerable<(ReplicaName Replica, NodeName Node, ZoneName? Zone)> replicas, int count) =>
        [.. replicas.OrderByDescending(r => r.Replica).Take(count).Select(r => r.Replica)];
}
