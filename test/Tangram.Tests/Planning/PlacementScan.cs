using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Tests.Planning;

/// <summary>Placement as its rules read, without a thought for speed: for every replica, every node is looked
/// at.</summary>
internal sealed class PlacementScan(PlacementNode[] nodes)
{
    private readonly List<(PlacementNode Node, ServiceSpec Service, bool Leaving)> _taken = [];

    public void Occupy(NodeName node, ServiceSpec service, bool leaving) =>
        _taken.Add((nodes.Single(n => n.Name == node), service, leaving));

    public List<NodeName> Place(ServiceSpec service, int count)
    {
        var placed = new List<NodeName>();
        while (placed.Count < count)
        {
            var fitting = nodes.Where(n => Fits(n, service)).ToList();
            if (fitting.Count == 0) break;
            var node = service.Deploy.Placement.Strategy == PlacementStrategy.Binpack
                ? fitting.OrderByDescending(Load).ThenByDescending(Replicas).ThenBy(n => n.Name).First()
                : Best(fitting, nodes, service, Levels(service));
            _taken.Add((node, service, false));
            placed.Add(node.Name);
        }
        return placed;
    }

    private static string[] Levels(ServiceSpec service) =>
        service.Deploy.Placement.Spread.Count > 0 ? [.. service.Deploy.Placement.Spread] : ["node.zone"];

    private PlacementNode Best(List<PlacementNode> fitting, IEnumerable<PlacementNode> within, ServiceSpec service,
        string[] levels)
    {
        if (levels.Length == 0)
            return fitting.OrderBy(n => Of(n, service)).ThenBy(Load).ThenBy(Replicas).ThenBy(n => n.Name).First();
        var group = within.GroupBy(n => n.Attribute(levels[0]))
            .Where(g => g.Any(fitting.Contains))
            .OrderBy(g => g.Sum(n => Of(n, service))).ThenBy(g => g.Key, StringComparer.Ordinal).First();
        return Best([.. group.Where(fitting.Contains)], group, service, levels[1..]);
    }

    private int Of(PlacementNode node, ServiceSpec service) =>
        _taken.Count(t => t.Node == node && t.Service.Name == service.Name && !t.Leaving);

    private int Replicas(PlacementNode node) => _taken.Count(t => t.Node == node);

    private double Cpus(PlacementNode node) =>
        _taken.Where(t => t.Node == node).Sum(t => t.Service.Deploy.Resources.Reservations.Cpus);

    private long Memory(PlacementNode node) =>
        _taken.Where(t => t.Node == node).Sum(t => t.Service.Deploy.Resources.Reservations.Memory);

    private double Load(PlacementNode node) => Math.Max(
        node.Capacity.Cpus > 0 ? Cpus(node) / node.Capacity.Cpus : 0,
        node.Capacity.Memory > 0 ? (double)Memory(node) / node.Capacity.Memory : 0);

    private bool Fits(PlacementNode node, ServiceSpec service)
    {
        var (placement, reserved) = (service.Deploy.Placement, service.Deploy.Resources.Reservations);
        var ports = HostPorts(service).ToHashSet();
        return node.Cordoned is null
            && placement.Constraints.All(c =>
                c.Equal == string.Equals(node.Attribute(c.Attribute), c.Value, StringComparison.OrdinalIgnoreCase))
            && (placement.MaxReplicasPerNode == 0 || Of(node, service) < placement.MaxReplicasPerNode)
            && (reserved.Cpus == 0 || node.Capacity.Cpus == 0 || Cpus(node) + reserved.Cpus <= node.Capacity.Cpus)
            && (reserved.Memory == 0 || node.Capacity.Memory == 0 ||
                Memory(node) + reserved.Memory <= node.Capacity.Memory)
            && !_taken.Any(t => t.Node == node && HostPorts(t.Service).Any(ports.Contains));
    }

    private static IEnumerable<int> HostPorts(ServiceSpec service) =>
        service.Ports.Where(p => p.Mode == PortMode.Host).Select(p => p.Published);
}
