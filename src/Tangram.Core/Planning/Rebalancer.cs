using System.Runtime.InteropServices;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Planning;

/// <summary>Moves replicas for a better spread, after a node has come or labels have changed, when nothing else is to
/// do. It only starts: the replica that the new one relieves leaves when the new one serves, as
/// <see cref="ServicePlanner"/> lets everything leave. Singletons and whatever runs to an end are left alone, because a
/// move would interrupt or repeat them; so are services that fill node after node, which are not to be even.</summary>
internal sealed class Rebalancer(ClusterState state, PlanningFacts facts, Lazy<Placer> placement, List<Step> steps)
{
    /// <summary>At a time, at least: with one alone, a slow starter would hold up all the others.</summary>
    private const int LeastMoves = 2;

    /// <summary>At a time, nodes for each move: a move costs a start, and for a while room for two.</summary>
    private const int NodesPerMove = 10;

    private readonly Dictionary<string, HashSet<string>> _groups = [];
    private readonly Dictionary<NodeName, int> _counts = [];

    /// <param name="settled">Services that have all that they ask for, and nothing on its way out. A service moves one
    /// at a time: its clients meet one cold replica and not many.</param>
    public void Plan(IReadOnlyList<(ServiceSpec Service, List<Standing> Replicas)> settled)
    {
        var candidates = settled.Where(s => Movable(s.Service) && MayBeUneven(s.Service, s.Replicas)).ToList();
        if (candidates.Count == 0) return;
        var under = Relief.UnderWay(state);
        var leaving = state.Nodes.Values.Where(n => n.Dead is null)
            .Sum(n => n.Assignments.Count(a => a.Intent != Intent.Run));
        var room = Budget - under.Count - leaving;
        // A node that has just come is cold: it starts one after the other.
        var starting = under.Select(u => u.Node.Name).ToHashSet();
        foreach (var (service, replicas) in candidates)
        {
            if (room <= 0) return;
            if (placement.Value.Imbalance(service) is not { } uneven || !starting.Add(uneven.To)) continue;
            var old = replicas.Where(r => r.Live && r.Node.Name == uneven.From).MaxBy(r => r.Replica)!;
            var serial = state.Rollout!.Value.Serials.FirstOrDefault(s => s.Service == service.Name)?.Next ?? 1;
            var back = facts.Back.Contains(uneven.To) ? $"node {uneven.To} is back: " : "";
            steps.Add(new Step.Start(uneven.To, ReplicaName.Of(service.Name, serial), service.Name,
                state.Rollout.Value.Effective,
                $"{back}of {Count(replicas)} replicas {uneven.Words}; it takes the place of {old.Replica} on " +
                $"{uneven.From}", old.Replica));
            room--;
        }
    }

    private int Budget => state.EffectiveSpec!.Rebalance ??
        Math.Max(LeastMoves, state.Nodes.Values.Count(n => n.Alive) / NodesPerMove);

    private static int Count(List<Standing> replicas) => replicas.Count(r => r.Live);

    private bool Movable(ServiceSpec service) =>
        service is { Singleton: false, IsJob: false, Deploy.Mode: DeployMode.Replicated }
        && (service.Serves || service.Deploy.Restart.Condition == RestartCondition.Any)
        && service.Deploy.Placement.Strategy == PlacementStrategy.Spread && !facts.Resting.Contains(service.Name);

    /// <summary>Told from the service's own replicas alone; most services are done with it, also in a large
    /// cluster. False only where <see cref="Placer.Imbalance"/> would find nothing.</summary>
    private bool MayBeUneven(ServiceSpec service, List<Standing> replicas)
    {
        var levels = SpreadTree.Levels(service);
        if (levels.Length > 1) return true;
        _counts.Clear();
        var groups = GroupsOf(levels[0]).ToDictionary(g => g, _ => 0, StringComparer.Ordinal);
        foreach (var replica in replicas)
        {
            if (!replica.Live || replica.Node.Seen is not { Value: var seen }) continue;
            if (++CollectionsMarshal.GetValueRefOrAddDefault(_counts, replica.Node.Name, out _) > 1) return true;
            groups[PlacementNode.Attribute(levels[0], replica.Node.Name, seen.Zone, seen.Labels)]++;
        }
        return groups.Count > 0 && groups.Values.Max() - groups.Values.Min() > 1;
    }

    private HashSet<string> GroupsOf(string level)
    {
        if (_groups.TryGetValue(level, out var groups)) return groups;
        return _groups[level] = state.Nodes.Values.Where(n => n.Alive).Select(n =>
            PlacementNode.Attribute(level, n.Name, n.Seen!.Value.Zone, n.Seen.Value.Labels)).ToHashSet();
    }
}
