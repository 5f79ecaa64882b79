using System.Collections.Frozen;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>The one function by which every gateway learns its routes from what is asked, assigned, seen and dead.</summary>
public static class RouteDeriver
{
    public static RouteTable Derive(ClusterState state, RouteTable previous)
    {
        var spec = state.EffectiveSpec;
        var target = state.Rollout is { Value.Ended: false } rollout ? rollout.Value.Target : (int?)null;
        var known = Known(previous);
        var outcomes = target is null || target == previous.RolloutTarget
            ? previous.OutcomeCounters.ToDictionary(o => o.Key, o => o.Value)
            : [];
        var live = new SortedDictionary<ServiceName, List<Backend>>();
        var draining = new List<Backend>();
        foreach (var node in state.Nodes.Values.Where(n => n.Dead is null))
            foreach (var assignment in node.Assignments)
            {
                if (Backend(state, node, assignment, known, outcomes) is not { } backend) continue;
                if (assignment.Intent == Intent.Drain) draining.Add(backend);
                else if (live.TryGetValue(assignment.Service, out var list)) list.Add(backend);
                else live[assignment.Service] = [backend];
            }
        return new RouteTable
        {
            AppliedRevision = state.RoutedRevision,
            Routes = [.. from service in spec?.Services ?? []
                         from route in service.Routes
                         select new RouteTable.Route(route.Host, route.Path.TrimEnd('/'), service.Name)],
            Services = (spec?.Services ?? []).ToFrozenDictionary(s => s.Name, s => new ServiceBackends(s.Name, s.Balance,
                live.TryGetValue(s.Name, out var list) ? [.. list] : [])),
            Published = [.. from service in spec?.Services ?? []
                            from port in service.Ports
                            where port.Mode == PortMode.Ingress
                            select new PublishedPort(port.HostAddress, port.Published, service.Name)],
            Draining = draining,
            OutcomeCounters = outcomes.ToFrozenDictionary(),
            RolloutTarget = target ?? previous.RolloutTarget,
        };
    }

    private static Dictionary<ReplicaName, Backend> Known(RouteTable previous)
    {
        var known = new Dictionary<ReplicaName, Backend>();
        foreach (var service in previous.Services.Values)
            foreach (var backend in service.Backends) known[backend.Replica] = backend;
        foreach (var backend in previous.Draining) known[backend.Replica] = backend;
        return known;
    }

    /// <summary>Null when it is not routable. A node whose lease has ended but that nobody has declared dead keeps what it
    /// had: the trouble may be the store's.</summary>
    private static Backend? Backend(ClusterState state, NodeState node, Assignment assignment,
        Dictionary<ReplicaName, Backend> known, Dictionary<(ServiceName, int), OutcomeCounters> outcomes)
    {
        if (assignment.Intent == Intent.Stop) return null;
        var before = known.GetValueOrDefault(assignment.Replica);
        var condemned = state.Rollout is { Value.Stage: RolloutStage.RollingBack } back &&
                        assignment.Revision == back.Value.Target && back.Value.Target != back.Value.Current;
        if (node.Seen is null) return before is null ? null : before with { Condemned = condemned };
        var seen = node.Find(assignment.Replica);
        if (assignment.Intent == Intent.Drain && before is not null) return before;
        if (seen is not { Phase: Phase.Ready, Port: { } port }) return null;
        var same = before is not null && before.Starts == seen.Starts;
        var key = (assignment.Service, assignment.Revision);
        if (!outcomes.TryGetValue(key, out var counters)) outcomes[key] = counters = new OutcomeCounters();
        return new Backend(assignment.Replica, assignment.Service, node.Name, assignment.Revision, port, seen.Starts, condemned,
            same ? before!.Counters : new BackendCounters(), counters);
    }
}
