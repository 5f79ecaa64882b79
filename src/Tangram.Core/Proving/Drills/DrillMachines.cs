using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Which machines carry a fault out, on a cluster of several.</summary>
public static class DrillMachines
{
    /// <summary>Null: nobody there can carry it out now.</summary>
    internal static FaultTarget? Placed(FaultSpec fault, FaultTarget target, DrillSighting seen, Rng rng)
    {
        if (seen.Machines.Count == 0) return target;
        var (concerned, name) = Concerned(fault, target, seen, rng);
        if (concerned is null) return target;
        if (concerned.Count == 0 || !Covered(fault, target, concerned)) return null;
        var puts = fault.Kind is FaultKind.NodeLost or FaultKind.ZoneLost or FaultKind.GatewayLost;
        return target with
        {
            Name = name ?? target.Name,
            Machines = concerned.Select(machine => machine.Name).ToEquatableArray(),
            Gateways = !puts ? [] : concerned.Select(machine => machine.Gateway).OfType<string>().ToEquatableArray(),
        };
    }

    /// <summary>Where nobody says what is struck, not what the drill itself stands on, if there is something
    /// else.</summary>
    internal static void KeepAway<T>(List<T> from, DrillSighting seen, Func<DrilledMachine, T, bool> stands)
    {
        bool IsHere(T one) => seen.Machines.Any(machine => machine.Here && stands(machine, one));
        if (!from.All(IsHere)) from.RemoveAll(IsHere);
    }

    /// <summary>What this drill could strike and nobody there can break, as sentences; empty when all is
    /// covered.</summary>
    public static IEnumerable<string> Missing(DrillSpec drill, DrillSighting seen) =>
        drill.Faults.SelectMany(fault => Missing(fault, seen)).Distinct();

    private static IEnumerable<string> Missing(FaultSpec fault, DrillSighting seen)
    {
        bool Lacks(Func<DrilledMachine, bool> stands) => !seen.Machines.Any(stands);
        switch (fault.Kind)
        {
            case FaultKind.TrafficSpike or FaultKind.BadDeploy: break;
            case FaultKind.LeaderLost:
                if (Lacks(machine => machine.Server == seen.Leader))
                    yield return $"{fault} would strike the server {seen.Leader}, which has no injector";
                break;
            case FaultKind.GatewayLost:
                foreach (var gateway in seen.Gateways.Where(g => Lacks(machine => machine.Gateway == g)
                    // An agent is a gateway too, for calls between services.
                    && seen.Nodes.All(node => node.Name != g)))
                    yield return $"{fault} could strike the gateway {gateway}, which has no injector";
                break;
            case FaultKind.StoreLost or FaultKind.StoreSlow:
                if (seen.Machines.All(machine => machine.Store is null))
                    yield return $"{fault} would strike etcd, and no injector has a member of it beside it";
                foreach (var store in seen.Machines.SelectMany(machine => machine.Stores).Distinct()
                    .Where(s => Lacks(machine => machine.Store == s)))
                    yield return $"{fault} would strike the store at {store}, which has no injector";
                break;
            default:
                foreach (var node in Strikable(fault, seen).Where(n => Lacks(machine => machine.Node == n.Name)))
                    yield return $"{fault} could strike the node {node.Name}, which has no injector";
                break;
        }
    }

    private static IEnumerable<NodeView> Strikable(FaultSpec fault, DrillSighting seen) => fault.Form.Subject switch
    {
        FaultSubject.Node => seen.Nodes.Where(node => (fault.Target ?? node.Name) == node.Name),
        FaultSubject.Zone => seen.Nodes.Where(node => (fault.Target ?? node.Zone) == node.Zone),
        FaultSubject.Replica when fault.Target is { } target => seen.Nodes.Where(node => seen.Replicas.Any(
            replica => replica.Node == node.Name && (target == replica.Replica || target == replica.Service))),
        _ => seen.Nodes,
    };

    /// <summary>No list: the drill carries it out itself.</summary>
    private static (List<DrilledMachine>? Machines, string? Name) Concerned(
        FaultSpec fault, FaultTarget target, DrillSighting seen, Rng rng)
    {
        List<DrilledMachine> Those(Func<DrilledMachine, bool> stands) => [.. seen.Machines.Where(stands)];
        switch (fault.Kind)
        {
            case FaultKind.TrafficSpike or FaultKind.BadDeploy: return (null, null);
            case FaultKind.NodeLost or FaultKind.NodePaused or FaultKind.ClockOff or FaultKind.DiskSlow
                or (>= FaultKind.LinkDelay and <= FaultKind.LinkCut):
                return (Those(machine => machine.Node == target.Name), null);
            case FaultKind.ZoneLost: return (Those(machine => machine.Zone == target.Name
                || (machine.Node is { } node && target.Nodes.Contains(node))), null);
            case FaultKind.LeaderLost:
                return (Those(machine => machine.Server is { } server && server == seen.Leader), seen.Leader);
            case FaultKind.StoreLost or FaultKind.StoreSlow: return (Those(machine => machine.Store is not null), null);
            case FaultKind.GatewayLost:
                var gateways = Those(machine => machine.Gateway is { } gateway && seen.Gateways.Contains(gateway));
                if (gateways.Count == 0) return ([], null);
                var chosen = gateways[rng.Next(gateways.Count)];
                return ([chosen], chosen.Gateway);
            case FaultKind.CpuPressure or FaultKind.MemoryPressure or FaultKind.DiskFull or FaultKind.DiskPressure:
                var nodes = Those(machine => seen.Nodes.Any(n => n.Name == machine.Node && n.State == "ready"));
                if (nodes.Count == 0) return ([], null);
                var one = nodes[rng.Next(nodes.Count)];
                return ([one], one.Node);
            default:
                return (Those(machine => target.Replicas.Any(struck => struck.Node == machine.Node)), null);
        }
    }

    private static bool Covered(FaultSpec fault, FaultTarget target, List<DrilledMachine> concerned) =>
        fault.Kind is FaultKind.LeaderLost or FaultKind.StoreLost or FaultKind.StoreSlow or FaultKind.GatewayLost
        || ((fault.Kind == FaultKind.ZoneSlow
            || target.Nodes.All(node => concerned.Exists(machine => machine.Node == node)))
            && target.Replicas.All(struck => concerned.Exists(machine => machine.Node == struck.Node)));
}
