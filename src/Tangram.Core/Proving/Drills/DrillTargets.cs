using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>What a fault strikes on a cluster.</summary>
public static class DrillTargets
{
    /// <summary>What is wrong with a drill on this cluster, each as a sentence with its place: nothing has been begun.
    /// Empty when it can be held.</summary>
    public static IEnumerable<Problem> Problems(DrillSpec drill, DrillSighting seen, ClusterSpec spec)
    {
        foreach (var fault in drill.Faults)
            if (Wrong(fault, seen, spec) is var (what, remedy))
                yield return new Problem(Severity.Error, fault.Place, what, remedy);
    }

    /// <summary>Null: there is nothing to strike now. What is struck already is left alone; and where nobody says which
    /// node or zone, one at a time is lost. What is drawn by chance asks no more than a cluster can stand: the next
    /// node is lost when all is whole after the last, and no service loses what is left of it.</summary>
    /// <param name="others">The faults that were asked for so far.</param>
    public static FaultTarget? Choose(
        FaultSpec fault, DrillSighting seen, IReadOnlyList<FaultTrace> others, Rng rng)
    {
        var struck = others.Where(other => other is { InForce: true, Spec.Form.Links: false })
            .Select(other => other.Target).OfType<FaultTarget>().ToList();
        var (off, hit) = (struck.SelectMany(t => t.Nodes).ToList(), struck.SelectMany(t => t.Replicas).ToList());
        if (fault is { Target: null, Form.Subject: FaultSubject.Node or FaultSubject.Zone } && (off.Count > 0
            || (fault.Drawn && others.Any(o => o is { Target.Nodes.Count: > 0, Missed: null, WholeAt: null }))))
            return null;
        var left = seen with
        {
            Replicas = seen.Replicas.Where(r => !off.Contains(r.Node) && hit.All(h => h.Replica != r.Replica))
                .ToEquatableArray(),
            // The end of one would wake what another holds still.
            Nodes = seen.Nodes.Where(n => !off.Contains(n.Name) && (!Stills(fault.Kind)
                || hit.All(h => h.Node != n.Name))).ToEquatableArray(),
        };
        if (Choose(fault, left, rng) is not { } target) return null;
        return fault.Drawn && target.Replicas.Any(one => IsLast(one, target, seen)) ? null
            : DrillMachines.Placed(fault, target, left, rng);
    }

    private static bool Stills(FaultKind kind) => kind is FaultKind.NodePaused or FaultKind.ClockOff;

    /// <summary>Of a service that has others, but none of them is ready.</summary>
    private static bool IsLast(StruckReplica one, FaultTarget target, DrillSighting seen) => one.Others == 0
        && seen.Replicas.Count(r => r.Service == one.Service) > target.Replicas.Count(r => r.Service == one.Service);

    private static FaultTarget? Choose(FaultSpec fault, DrillSighting seen, Rng rng)
    {
        var ready = seen.Replicas.Where(replica => replica is { Ready: true, Pid: not null }).ToList();
        switch (fault.Form.Subject)
        {
            case FaultSubject.Path when fault.Target is { } zone && !ready.Any(r => Means(fault, r))
                && ready.Where(r => r.Zone == zone).ToList() is { Count: > 0 } all:
                return new FaultTarget(zone, all.Select(r => Struck(r, ready, all)).ToEquatableArray(), []);
            case FaultSubject.Replica or FaultSubject.Path:
                var fits = ready.Where(r => fault.Target is null ? Serves(seen, r) : Means(fault, r)).ToList();
                if (fits.Count == 0) return null;
                var one = fits[rng.Next(fits.Count)];
                return new FaultTarget(one.Replica, [Struck(one, ready, [one])], []);
            case FaultSubject.Node:
                var nodes = seen.Nodes.Where(n => n.State == "ready" && (fault.Target ?? n.Name) == n.Name).ToList();
                if (fault.Target is null && nodes.Any(n => n.Replicas > 0)) nodes.RemoveAll(n => n.Replicas == 0);
                if (fault.Target is null)
                    DrillMachines.KeepAway(nodes, seen, (machine, node) => machine.Node == node.Name);
                return nodes.Count == 0 ? null : Down(nodes[rng.Next(nodes.Count)].Name, node => node.Name);
            case FaultSubject.Zone:
                var zones = seen.Nodes.Where(n => n.State == "ready" && (fault.Target ?? n.Zone) == n.Zone)
                    .Select(n => n.Zone).OfType<string>().Distinct().ToList();
                if (fault.Target is null) DrillMachines.KeepAway(zones, seen, (machine, zone) => machine.Zone == zone);
                return zones.Count == 0 ? null : Down(zones[rng.Next(zones.Count)], node => node.Zone);
            case FaultSubject.Service:
                var services = ready.Select(r => r.Service).Distinct()
                    .Where(service => (fault.Target ?? service) == service).ToList();
                return services.Count == 0 ? null : new FaultTarget(services[rng.Next(services.Count)], [], []);
            default:
                return new FaultTarget("", [], []);
        }

        FaultTarget Down(string name, Func<NodeView, string?> belongs)
        {
            var nodes = seen.Nodes.Where(n => belongs(n) == name).Select(n => n.Name).ToList();
            var struck = ready.Where(r => nodes.Contains(r.Node)).ToList();
            return new FaultTarget(name, struck.Select(r => Struck(r, ready, struck)).ToEquatableArray(),
                nodes.ToEquatableArray());
        }
    }

    private static bool Serves(DrillSighting seen, ReplicaView replica) =>
        seen.Backends.Count == 0 || seen.Backends.Any(backend => backend.Backend == replica.Replica);

    private static bool Means(FaultSpec fault, ReplicaView replica) =>
        fault.Target == replica.Replica || fault.Target == replica.Service;

    private static StruckReplica Struck(ReplicaView one, List<ReplicaView> ready, List<ReplicaView> struck) => new(
        one.Replica, one.Service, one.Node, one.Pid!.Value, one.Restarts,
        ready.Count(r => r.Service == one.Service) - struck.Count(r => r.Service == one.Service)) { Port = one.Port };

    /// <summary>What keeps a kind of fault from this cluster, whatever its target.</summary>
    internal static (string What, string Remedy)? Wrong(FaultKind kind, ClusterSpec spec)
    {
        if (kind != FaultKind.BadDeploy) return null;
        if (spec.Services.FirstOrDefault(s => s.Deploy.Update.FailureAction != FailureAction.Rollback) is { } keeps)
            return ($"a bad deploy of {keeps.Name} would not be taken back, as its failure_action says",
                "set update_config.failure_action to rollback, which is the default");
        return spec.Tls is { Secrets.Count: > 0 } || spec.Services.Any(s => s.Configs.Count + s.Secrets.Count > 0)
            ? ("a bad deploy needs the contents of the configs and secrets, which a cluster does not give away",
                "deploy a file that cannot run with `tangram deploy` instead")
            : null;
    }

    private static (string What, string Remedy)? Wrong(FaultSpec fault, DrillSighting seen, ClusterSpec spec)
    {
        if (Wrong(fault.Kind, spec) is { } never) return never;
        if (fault.Form.Links && seen.Machines.Count == 0)
            return ($"{fault.Form.Word} is about the packets of a machine, and all nodes of this cluster are one " +
                "machine that sends them over its loopback", "write network-…, or hold it where nodes are machines");
        if (fault.Form.Impairs && seen.Machines.Count > 0)
            return ($"{fault.Form.Word} leads the gateway of `tangram up` by way of the drill's own port, and here " +
                "are several machines", "write link-…, which is about the packets that a node's machine sends");
        if (fault.Kind == FaultKind.CertificateExpired && !spec.GatewayListen.Any(
            address => address.StartsWith("https:", StringComparison.Ordinal)))
            return ("certificate-expired is about what the gateway shows by https, and it listens nowhere so",
                "give x-tangram.gateway an https:// address, with tls: self_signed or certificates of your own");
        if (fault.Kind == FaultKind.CertificateExpired && seen.Machines.Count > 0)
            return ("certificate-expired is what the gateway of `tangram up` does for practice, and here are several " +
                "machines", "write clock-off with an offset beyond the certificates' end, which makes everybody's " +
                "end on a node");
        if (fault.Kind == FaultKind.StoreSlow && seen.Machines.Count == 0)
            return ("the store of one machine is a file on the daemon's disk, locked by it", "write disk-pressure, " +
                "which makes everything on that disk wait, or hold it where the store is etcd");
        if (fault.Kind == FaultKind.NodePaused && seen.Machines.Count == 0)
            return ("the agent of a virtual node is the daemon, which is gateway and leader too",
                "write node-lost or zone-slow, or hold it where nodes are machines");
        if (fault.Target is not { } target) return null;
        if (fault.Kind is FaultKind.AnswerSlow or FaultKind.AnswerWrong or FaultKind.AnswerHalf
            && spec.Services.FirstOrDefault(s => s.BackendTls is not null && (target == s.Name.Value
                || seen.Replicas.Any(r => r.Replica == target && r.Service == s.Name.Value))) is { } secret)
            return ($"the answers of {secret.Name} are encrypted on their way to the gateway",
                "strike the network instead, with network-delay or network-corrupt");
        var (names, what) = fault.Form.Subject switch
        {
            FaultSubject.Replica => (spec.Services.Select(s => s.Name.Value)
                .Concat(seen.Replicas.Select(r => r.Replica)), "service or replica"),
            FaultSubject.Path => (spec.Services.Select(s => s.Name.Value)
                .Concat(seen.Replicas.Select(r => r.Replica)).Concat(seen.Nodes.Select(n => n.Zone).OfType<string>()),
                "service, replica or zone"),
            FaultSubject.Node => (seen.Nodes.Select(n => n.Name), "node"),
            FaultSubject.Zone => (seen.Nodes.Select(n => n.Zone).OfType<string>(), "zone"),
            _ => (spec.Services.Select(s => s.Name.Value), "service"),
        };
        var known = names.Distinct().ToList();
        return known.Contains(target) ? null
            : ($"there is no {what} '{target}' in this cluster", $"name one of {Some(known)}");
    }

    private static string Some(List<string> names) =>
        names.Count <= 12 ? string.Join(", ", names) : string.Join(", ", names.Take(12)) + " and others";
}
