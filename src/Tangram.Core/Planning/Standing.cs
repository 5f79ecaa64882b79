using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>One assigned replica with what is known about it now.</summary>
public sealed record Standing(NodeState Node, Assignment Assignment, SeenReplica? Seen, bool Routed)
{
    public ReplicaName Replica => Assignment.Replica;

    /// <summary>It shall run and its node has not been declared dead.</summary>
    public bool Live => Assignment.Intent == Intent.Run && Node.Dead is null;

    /// <summary>It counts towards the service's minimum: ready, and every gateway knows it.</summary>
    public bool Serving => Live && Routed;

    /// <summary>It certainly serves nobody. One whose node is silent, or that gateways have yet to learn of,
    /// may.</summary>
    public bool Idle => Seen is { Phase: not Phase.Ready };

    /// <summary>There is nothing more to wait for: it serves, or it was a task and has done it.</summary>
    public bool Settled => Serving || (Live && Seen?.Phase == Phase.Completed);

    /// <summary>Every replica of every service in one pass, by node, in the order of names.</summary>
    public static Dictionary<ServiceName, List<Standing>> All(ClusterState state)
    {
        var applied = state.Gateways.Count == 0 ? long.MaxValue : state.Gateways.Values.Min(g => g.Value.Applied);
        var all = new Dictionary<ServiceName, List<Standing>>();
        foreach (var node in state.Nodes.Values)
        {
            var assignments = node.Assignments.AsSpan();
            var seen = node.Seen is null ? [] : node.Seen.Value.Replicas.AsSpan();
            for (var i = 0; i < assignments.Length; i++)
            {
                var assignment = assignments[i];
                var known = Find(seen, i, assignment.Replica);
                var routed = known?.Phase == Phase.Ready && node.Seen!.ModRevision <= applied;
                if (!all.TryGetValue(assignment.Service, out var list)) all[assignment.Service] = list = [];
                list.Add(new Standing(node, assignment, known, routed));
            }
        }
        return all;
    }

    /// <summary>Both lists are sorted by replica and mostly the same, so the place of one is a good guess for the
    /// other.</summary>
    private static SeenReplica? Find(ReadOnlySpan<SeenReplica> seen, int guess, ReplicaName replica)
    {
        if (guess < seen.Length && seen[guess].Replica == replica) return seen[guess];
        foreach (var candidate in seen) if (candidate.Replica == replica) return candidate;
        return null;
    }

    /// <summary>Every gateway has acknowledged the removal and has nothing in flight there.</summary>
    public bool DrainedAtGateways(ClusterState state) =>
        Node.Assigned is { } assigned && state.Gateways.Values.All(g =>
            g.Value.Applied >= assigned.ModRevision && !g.Value.Busy.Contains(Replica));
}
