using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Simulation;

/// <summary>The requests of one gateway: it sends to what its published routes allow, and each request lasts a while,
/// so that a replica that is stopped too early cuts some.</summary>
internal sealed class SimulatedTraffic(Agenda agenda, Rng rng, SimulatedProcesses processes)
{
    private readonly SortedDictionary<ReplicaName, int> _inFlight = [];
    private readonly SortedDictionary<(ServiceName, int), (long Requests, long Failures)> _outcomes = [];
    private ClusterState _routes = ClusterState.Empty;
    private HashSet<ReplicaName>? _draining;
    private SortedDictionary<ServiceName, List<(ReplicaName Replica, int Revision)>>? _backends;
    private int? _rollout;

    /// <summary>Requests in flight at a replica that Tangram asked to end before they had ended.</summary>
    public int InFlight(ReplicaName replica) => _inFlight.GetValueOrDefault(replica);

    public void Publish(ClusterState state)
    {
        (_routes, _draining, _backends) = (state, null, null);
        var target = state.Rollout is { Value.Ended: false } rollout ? rollout.Value.Target : (int?)null;
        if (target != _rollout) _outcomes.Clear();
        _rollout = target;
    }

    public TrafficSeen Seen()
    {
        var draining = _draining ??= _routes.Nodes.Values.SelectMany(n => n.Assignments)
            .Where(a => a.Intent == Intent.Drain).Select(a => a.Replica).ToHashSet();
        return new TrafficSeen(_routes.RoutedRevision,
            _inFlight.Where(f => f.Value > 0 && draining.Contains(f.Key)).Select(f => f.Key).ToEquatableArray(),
            _outcomes.Select(o =>
                new Outcomes(o.Key.Item1, o.Key.Item2, o.Value.Requests, o.Value.Failures)).ToEquatableArray());
    }

    /// <summary>A few requests to each service.</summary>
    public void Send()
    {
        foreach (var (service, list) in _backends ??= Backends())
            for (var i = 0; i < 3; i++)
            {
                var (replica, revision) = list[rng.Next(list.Count)];
                One(service, replica, revision);
            }
    }

    private SortedDictionary<ServiceName, List<(ReplicaName Replica, int Revision)>> Backends()
    {
        var backends = new SortedDictionary<ServiceName, List<(ReplicaName Replica, int Revision)>>();
        foreach (var node in _routes.Nodes.Values.Where(n => n.Dead is null))
            foreach (var a in node.Assignments.Where(a =>
                a.Intent == Intent.Run && node.Find(a.Replica)?.Phase == Phase.Ready))
            {
                if (!backends.TryGetValue(a.Service, out var list)) backends[a.Service] = list = [];
                list.Add((a.Replica, a.Revision));
            }
        return backends;
    }

    private void One(ServiceName service, ReplicaName replica, int revision)
    {
        var process = processes.Find(replica);
        var failed = process is null || (Behaviours.Of(process.Spec) == Behaviours.HalfBroken && rng.Chance(0.5));
        var (requests, failures) = _outcomes.GetValueOrDefault((service, revision));
        // A refused connection never reached the revision, so it says nothing about it.
        if (process is not null) _outcomes[(service, revision)] = (requests + 1, failures + (failed ? 1 : 0));
        if (process is null) return;
        _inFlight[replica] = _inFlight.GetValueOrDefault(replica) + 1;
        agenda.After(rng.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1)), () => _inFlight[replica]--);
    }
}
