using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Of one service: which replicas another one is about to relieve, so that the service is better spread. One
/// that is relieved leaves by the same rules as one whose node is drained. One that was to relieve another and does not
/// become ready leaves in its stead.</summary>
public sealed class Relief
{
    internal static readonly Relief None = new();
    private readonly Dictionary<ReplicaName, string> _leaving = [];

    private Relief() { }

    /// <param name="outdated">It shall leave for another reason, and so relieves nobody.</param>
    internal static Relief Of(List<Standing> live, IReadOnlySet<ReplicaName> overdue, Func<Standing, bool> outdated)
    {
        Relief? relief = null;
        foreach (var replica in live)
        {
            if (replica.Assignment.Relieves is not { } old || outdated(replica)) continue;
            if (!live.Exists(r => r.Replica == old)) continue;
            relief ??= new Relief();
            if (overdue.Contains(replica.Replica))
                relief._leaving[replica.Replica] =
                    $"it did not become ready on {replica.Node.Name}, so {old} stays where it is";
            else
                relief._leaving[old] = $"{replica.Replica} on {replica.Node.Name} takes its place";
        }
        return relief ?? None;
    }

    internal bool Concerns(ReplicaName replica) => _leaving.ContainsKey(replica);

    internal string Because(ReplicaName replica) => _leaving[replica];

    /// <summary>The replicas of living nodes that are about to relieve one that still runs.</summary>
    public static IReadOnlyList<(NodeState Node, Assignment Assignment)> UnderWay(ClusterState state)
    {
        List<(NodeState Node, Assignment Assignment)>? under = null;
        foreach (var node in state.Nodes.Values)
        {
            if (node.Dead is not null) continue;
            foreach (var assignment in node.Assignments.AsSpan())
                if (assignment is { Relieves: not null, Intent: Intent.Run }) (under ??= []).Add((node, assignment));
        }
        if (under is null) return [];
        var wanted = under.Select(u => u.Assignment.Relieves!.Value).ToHashSet();
        wanted.IntersectWith(state.Nodes.Values.Where(n => n.Dead is null)
            .SelectMany(n => n.Assignments.Where(a => a.Intent == Intent.Run && wanted.Contains(a.Replica)))
            .Select(a => a.Replica).ToArray());
        under.RemoveAll(u => !wanted.Contains(u.Assignment.Relieves!.Value));
        return under;
    }
}
