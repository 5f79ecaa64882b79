using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Planning;

/// <summary>The part of a plan for a service of which there are never two. Its old replica is out of the way when it
/// has been forgotten, which takes its agent's word that the process has ended, or when it was withdrawn and its node's
/// lease has ended. Only then a new one starts. See decision 6.</summary>
internal sealed class SingletonPlanner(ClusterState state, ServiceSpec service, List<Standing> replicas,
    Lazy<Placer> placement, List<Step> steps, List<Waiting> waiting)
{
    private readonly int _revision = state.Rollout!.Value.Effective;
    private readonly HashSet<int> _stale = Templates.Stale(state, service, replicas);
    private readonly bool _wanted = state.Asked!.Value.ReplicasOf(service) > 0;

    /// <summary>Also where the service was one before, until the process of then is gone.</summary>
    public static bool Concerns(ClusterState state, ServiceSpec service, List<Standing> replicas) =>
        service.Singleton || replicas.Any(r => MayLive(r) && Singletons.Is(state, r.Assignment));

    public void Plan(string? unmet)
    {
        var lost = replicas.Where(r => !MayLive(r) && r.Assignment.Intent != Intent.Stop).ToList();
        foreach (var replica in lost)
            steps.Add(new Step.Stop(replica.Node.Name, replica.Replica, "the lease of its node has ended"));
        var held = replicas.Where(MayLive).ToList();
        foreach (var replica in held) Leave(replica, unmet);
        if (held.Count > 0 || !_wanted) return;
        // Withdrawn in one transaction and replaced in the next, so that a node which comes back between the two finds
        // out before it has the right to start anything.
        if (lost.Count > 0) waiting.Add(new Waiting(service.Name, "its lost replica is withdrawn first"));
        else if (unmet is not null) waiting.Add(new Waiting(service.Name, unmet));
        else Start();
    }

    private static bool MayLive(Standing replica) => replica.Node.Seen is not null;

    /// <summary>Sends it away if it has to go and its successor has a place.</summary>
    private void Leave(Standing replica, string? unmet)
    {
        var (node, name) = (replica.Node.Name, replica.Replica);
        var running = replica.Assignment.Intent == Intent.Run;
        if (replica.Node.Dead is not null)
        {
            waiting.Add(new Waiting(service.Name,
                $"it waits until the lease of node {node} has ended: {name} may still run there"));
            return;
        }
        var why = !_wanted ? "no replica is asked for" : WhyStale(replica);
        if (!running && _wanted) waiting.Add(new Waiting(service.Name, $"it waits until {name} on {node} has stopped"));
        if (!running || why is null) return;
        var obstacle = !_wanted ? null : unmet ?? placement.Value.Place(service, 1).Refusal;
        if (obstacle is not null) waiting.Add(new Waiting(service.Name, obstacle));
        else steps.Add(new Step.Drain(node, name, why));
    }

    private string? WhyStale(Standing replica)
    {
        var node = replica.Node;
        if (_stale.Contains(replica.Assignment.Revision)) return $"revision {_revision} replaces it";
        if (state.Asked!.Value.Drained.Contains(node.Name)) return $"node {node.Name} is being drained";
        return Placer.Satisfies(service, node.Name, node.Seen!.Value.Zone, node.Seen.Value.Labels)
            ? null
            : $"node {node.Name} no longer meets its constraints";
    }

    private void Start()
    {
        var answer = placement.Value.Place(service, 1);
        if (answer.Refusal is { } refusal) waiting.Add(new Waiting(service.Name, refusal));
        var serial = state.Rollout!.Value.Serials.FirstOrDefault(s => s.Service == service.Name)?.Next ?? 1;
        var before = serial > 1 ? ReplicaName.Of(service.Name, serial - 1) : default;
        var lost = replicas.Find(r => r.Replica == before);
        foreach (var node in answer.Nodes)
            steps.Add(new Step.Start(node, ReplicaName.Of(service.Name, serial), service.Name, _revision,
                lost is not null
                    ? $"it replaces {lost.Replica}: the lease of node {lost.Node.Name} has ended"
                    : "one is asked for and none runs"));
    }
}
