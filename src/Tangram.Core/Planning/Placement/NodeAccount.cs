using System.Runtime.InteropServices;
using Tangram.Model;

namespace Tangram.Planning.Placement;

/// <summary>What one node has left, and what runs there.</summary>
internal sealed class NodeAccount(PlacementNode node, int order)
{
    private readonly List<int> _occupants = new(32);
    private HashSet<int>? _hostPorts;
    private double _cpus;
    private long _memory;

    public PlacementNode Node => node;

    /// <summary>By name among all nodes: the last tie-break.</summary>
    public int Order => order;

    public int Replicas => _occupants.Count;

    /// <summary>The larger of the reserved shares of CPU and memory, 0 to 1; 0 where neither is limited.</summary>
    public double Load => Math.Max(
        node.Capacity.Cpus > 0 ? _cpus / node.Capacity.Cpus : 0,
        node.Capacity.Memory > 0 ? (double)_memory / node.Capacity.Memory : 0);

    /// <summary>How many replicas of a service run here, by the number that the <see cref="Placer"/> gave it. A node
    /// runs tens of replicas, so counting them is faster than keeping a table.</summary>
    public int Of(int service) => CollectionsMarshal.AsSpan(_occupants).Count(service);

    public void Add(ServiceSpec service, int number)
    {
        _occupants.Add(number);
        var reserved = service.Deploy.Resources.Reservations;
        (_cpus, _memory) = (_cpus + reserved.Cpus, _memory + reserved.Memory);
        foreach (var port in service.Ports)
            if (port.Mode == PortMode.Host) (_hostPorts ??= []).Add(port.Published);
    }

    public bool Fits(ServiceSpec service, int number) => Refusal(service, number) == Refusing.Nothing;

    /// <summary>Null when one more replica fits, else the reason in words that follow "of 6 nodes".</summary>
    public string? WhyNot(ServiceSpec service, int number)
    {
        var (placement, reserved) = (service.Deploy.Placement, service.Deploy.Resources.Reservations);
        return Refusal(service, number) switch
        {
            Refusing.Nothing => null,
            Refusing.Cordon => $"are {node.Cordoned}",
            Refusing.Constraint => $"do not satisfy {placement.Constraints.First(c => !Satisfied(c))}",
            Refusing.Most =>
                $"already run {placement.MaxReplicasPerNode}, the most that max_replicas_per_node allows",
            Refusing.Cpus => $"have less than the reserved {reserved.Cpus} CPUs left",
            Refusing.Memory => $"have less than the reserved {reserved.Memory >> 20} MiB of memory left",
            _ => $"have their port {service.Ports.First(Taken).Published} in use",
        };
    }

    private enum Refusing { Nothing, Cordon, Constraint, Most, Cpus, Memory, Port }

    /// <summary>The first thing that stands against it. Asked of every node, so it makes no words.</summary>
    private Refusing Refusal(ServiceSpec service, int number)
    {
        if (node.Cordoned is not null) return Refusing.Cordon;
        var placement = service.Deploy.Placement;
        foreach (var constraint in placement.Constraints) if (!Satisfied(constraint)) return Refusing.Constraint;
        if (placement.MaxReplicasPerNode > 0 && Of(number) >= placement.MaxReplicasPerNode) return Refusing.Most;
        var reserved = service.Deploy.Resources.Reservations;
        // Sums of decimal fractions of a core are not exact in binary.
        if (reserved.Cpus > 0 && node.Capacity.Cpus > 0 && _cpus + reserved.Cpus > node.Capacity.Cpus + 1e-9)
            return Refusing.Cpus;
        if (reserved.Memory > 0 && node.Capacity.Memory > 0 && _memory + reserved.Memory > node.Capacity.Memory)
            return Refusing.Memory;
        foreach (var port in service.Ports) if (Taken(port)) return Refusing.Port;
        return Refusing.Nothing;
    }

    private bool Satisfied(ConstraintSpec constraint) => Satisfies(constraint, node.Attribute(constraint.Attribute));

    private bool Taken(PortSpec port) => port.Mode == PortMode.Host && _hostPorts?.Contains(port.Published) == true;

    /// <summary>Whether the node is one that the service may run on at all, however full it is now.</summary>
    public bool MayEver(ServiceSpec service) => node.Cordoned is null &&
        Placer.Satisfies(service, node.Name, node.Zone, node.Labels);

    /// <summary>Compose compares without regard to case.</summary>
    public static bool Satisfies(ConstraintSpec constraint, string value) =>
        string.Equals(value, constraint.Value, StringComparison.OrdinalIgnoreCase) == constraint.Equal;
}
