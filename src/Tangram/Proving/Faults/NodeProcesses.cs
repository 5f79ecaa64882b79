using Tangram.Deploying;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Faults;

/// <summary>What runs on a node: where it is a machine, its agent and all that this started; on a virtual node its
/// replicas with all that they started, for the agent is the daemon.</summary>
internal static class NodeProcesses
{
    /// <exception cref="FaultMissedException">Nothing runs there, or a replica is a stranger.</exception>
    public static IReadOnlyList<ProcessStat> Of(FaultOrder order, FaultPlace place)
    {
        if (place.Stores is not null)
        {
            var parts = new MachineParts(place.Name, place.Folder, place.Stores);
            var role = parts.Role() ?? throw new FaultMissedException("nothing of it runs on this machine");
            return [role.Process, .. parts.Marked()];
        }
        foreach (var struck in order.Replicas)
            if (place.Stranger(struck.Replica, struck.Pid) is { } why) throw new FaultMissedException(why);
        var marks = order.Replicas.Select(struck => $"{ReplicaEnvironment.ReplicaMark}={struck.Replica}").ToHashSet();
        ProcessStat[] all =
            [.. Marked(place).Where(process => ProcessStat.EnvironmentOf(process.Pid).Any(marks.Contains))];
        return all.Length > 0 ? all : throw new FaultMissedException("no replica runs there");
    }

    /// <summary>All that the cluster has started on this machine.</summary>
    public static IEnumerable<ProcessStat> Marked(FaultPlace place) => place.Mark is not { } mark ? []
        : ProcessStat.All().Where(process => !process.Ended && ProcessStat.EnvironmentOf(process.Pid).Contains(mark));
}
