using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>How many replicas are ready where they shall run, and which nodes are dead, counted as changes come: to
/// look at 100,000 replicas every 10 ms would take longer than all the rest.</summary>
internal sealed class ReadyCount
{
    private readonly Dictionary<NodeName, int> _ready = [];
    private readonly HashSet<NodeName> _dead = [];

    public int Ready { get; private set; }
    public IReadOnlySet<NodeName> Dead => _dead;

    public void Take(ClusterState state, StoreBatch batch)
    {
        foreach (var name in AgentNews.About(batch).Distinct())
        {
            var node = state.Nodes.GetValueOrDefault(name);
            if (node?.Dead is not null) _dead.Add(name);
            else _dead.Remove(name);
            var ready = node is { Dead: null } ? ReadyOn(node) : 0;
            Ready += ready - _ready.GetValueOrDefault(name);
            _ready[name] = ready;
        }
    }

    private static int ReadyOn(NodeState node)
    {
        if (node.Seen is null) return 0;
        var ready = new HashSet<ReplicaName>();
        foreach (var seen in node.Seen.Value.Replicas) if (seen.Phase == Phase.Ready) ready.Add(seen.Replica);
        return node.Assignments.Count(a => a.Intent == Intent.Run && ready.Contains(a.Replica));
    }
}
