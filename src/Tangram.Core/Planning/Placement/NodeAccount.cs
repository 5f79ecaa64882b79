using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>What one node has left, and what runs there.</summary>
internal sealed class NodeAccount(PlacementNode node, int order)
{
    private readonly Dictionary<ServiceName, int> _services = [];
    private HashSet<int>? _hostPorts;
    private double _cpus;
    private long _memory;

    public PlacementNode Node => node;

    /// <summary>By name among all nodes: the last tie-break.</summary>
    public int Order => order;

    public int Replicas { get; private set; }

    /// <summary>The larger of the reserved shares of CPU and memory, 0 to 1; 0 where neither is limited.</summary>
    public double Load => Math.Max(
        node.Capacity.Cpus > 0 ? _cpus / node.Capacity.Cpus : 0,
        node.Capacity.Memory > 0 ? (double)_memory / node.Capacity.Memory : 0);

    public int Of(ServiceName service) => _services.GetValueOrDefault(service);

    public void Add(ServiceSpec service)
    {
        var reserved = service.Deploy.Resources.Reservations;
        (_cpus, _memory, Replicas) = (_cpus + reserved.Cpus, _memory + reserved.Memory, Replicas + 1);
        _services[service.Name] = Of(service.Name) + 1;
        foreach (var port in service.Ports)
            if (port.Mode == PortMode.Host) (_hostPorts ??= []).Add(port.Published);
    }

    /// <summary>Null when one more replica fits, else the reason in words that follow "of 6 nodes".</summary>
    public string? WhyNot(ServiceSpec service)
    {
        if (node.Cordoned is { } cordoned) return $"are {cordoned}";
        var placement = service.Deploy.Placement;
        foreach (var constraint in placement.Constraints)
            if (!Satisfies(constraint, node.Attribute(constraint.Attribute))) return $"do not satisfy {constraint}";
        if (placement.MaxReplicasPerNode > 0 && Of(service.Name) >= placement.MaxReplicasPerNode)
            return $"already run {placement.MaxReplicasPerNode}, the most that max_replicas_per_node allows";
        var reserved = service.Deploy.Resources.Reservations;
        // Sums of decimal fractions of a core are not exact in binary.
        if (reserved.Cpus > 0 && node.Capacity.Cpus > 0 && _cpus + reserved.Cpus > node.Capacity.Cpus + 1e-9)
            return $"have less than the reserved {reserved.Cpus} CPUs left";
        if (reserved.Memory > 0 && node.Capacity.Memory > 0 && _memory + reserved.Memory > node.Capacity.Memory)
            return $"have less than the reserved {reserved.Memory >> 20} MiB of memory left";
        foreach (var port in service.Ports)
            if (port.Mode == PortMode.Host && _hostPorts?.Contains(port.Published) == true)
                return $"have their port {port.Published} in use";
        return null;
    }

    /// <summary>Whether the node is one that the service may run on at all, however full it is now.</summary>
    public bool MayEver(ServiceSpec service) => node.Cordoned is null &&
        Placer.Satisfies(service, node.Name, node.Zone, node.Labels);

    /// <summary>Compose compares without regard to case.</summary>
    public static bool Satisfies(ConstraintSpec constraint, string value) =>
        string.Equals(value, constraint.Value, StringComparison.OrdinalIgnoreCase) == constraint.Equal;
}
