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
    /// node or zone, one at a time is lost.</summary>
    public static FaultTarget? Choose(
        FaultSpec fault, DrillSighting seen, IReadOnlyList<FaultTrace> inForce, Rng rng)
    {
        var struck = inForce.Select(other => other.Target).OfType<FaultTarget>().ToList();
        var (off, hit) = (struck.SelectMany(t => t.Nodes).ToList(), struck.SelectMany(t => t.Replicas).ToList());
        if (off.Count > 0 && fault is { Target: null, Form.Subject: FaultSubject.Node or FaultSubject.Zone })
            return null;
        return Choose(fault, seen with
        {
            Replicas = seen.Replicas.Where(r => !off.Contains(r.Node) && hit.All(h => h.Replica != r.Replica))
                .ToEquatableArray(),
            Nodes = seen.Nodes.Where(n => !off.Contains(n.Name)).ToEquatableArray(),
        }, rng);
    }

    private static FaultTarget? Choose(FaultSpec fault, DrillSighting seen, Rng rng)
    {
        var ready = seen.Replicas.Where(replica => replica is { Ready: true, Pid: not null }).ToList();
        switch (fault.Form.Subject)
        {
            case FaultSubject.Replica:
                var fits = ready.Where(r => fault.Target is null ? Serves(seen, r) : Means(fault, r)).ToList();
                if (fits.Count == 0) return null;
                var one = fits[rng.Next(fits.Count)];
                return new FaultTarget(one.Replica, [Struck(one, ready, [one])], []);
            case FaultSubject.Node:
                var nodes = seen.Nodes.Where(n => n.State == "ready" && (fault.Target ?? n.Name) == n.Name).ToList();
                if (fault.Target is null && nodes.Any(n => n.Replicas > 0)) nodes.RemoveAll(n => n.Replicas == 0);
                return nodes.Count == 0 ? null : Down(nodes[rng.Next(nodes.Count)].Name, node => node.Name);
            case FaultSubject.Zone:
                var zones = seen.Nodes.Where(n => n.State == "ready" && (fault.Target ?? n.Zone) == n.Zone)
                    .Select(n => n.Zone).OfType<string>().Distinct().ToList();
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
        ready.Count(r => r.Service == one.Service) - struck.Count(r => r.Service == one.Service));

    private static (string What, string Remedy)? Wrong(FaultSpec fault, DrillSighting seen, ClusterSpec spec)
    {
        if (fault.Kind == FaultKind.BadDeploy && spec.Services.FirstOrDefault(
            s => s.Deploy.Update.FailureAction != FailureAction.Rollback) is { } keeps)
            return ($"a bad deploy of {keeps.Name} would not be taken back, as its failure_action says",
                "set update_config.failure_action to rollback, which is the default");
        if (fault.Kind == FaultKind.BadDeploy && (spec.Tls is { Secrets.Count: > 0 }
            || spec.Services.Any(s => s.Configs.Count + s.Secrets.Count > 0)))
            return ("a bad deploy needs the contents of the configs and secrets, which a cluster does not give away",
                "deploy a file that cannot run with `tangram deploy` instead");
        if (fault.Form.Links)
            return ($"{fault.Form.Word} is about the packets of a machine, and all nodes of this cluster are one " +
                "machine that sends them over its loopback", "delete it, or hold it where nodes are machines");
        if (fault.Target is not { } target) return null;
        var (names, what) = fault.Form.Subject switch
        {
            FaultSubject.Replica => (spec.Services.Select(s => s.Name.Value)
                .Concat(seen.Replicas.Select(r => r.Replica)), "service or replica"),
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
