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
            return [role.Process, .. parts.Marked().Where(process => !HoldsFaults(process.Pid))];
        }
        foreach (var struck in order.Replicas)
            if (place.Stranger(struck.Replica, struck.Pid) is { } why) throw new FaultMissedException(why);
        // A replica leads a session. What a program makes of its environment, nobody knows.
        var (sessions, mark) = (order.Replicas.Select(struck => struck.Pid).ToHashSet(), place.Mark!);
        var marks = order.Replicas.Select(struck => $"{ReplicaEnvironment.ReplicaMark}={struck.Replica}").ToHashSet();
        ProcessStat[] all =
        [
            .. ProcessStat.All().Where(process => !process.Ended && !HoldsFaults(process.Pid)
                && (sessions.Contains(process.Session) || ProcessStat.EnvironmentOf(process.Pid) is var environment
                    && environment.Contains(mark) && environment.Any(marks.Contains))),
        ];
        return all.Length > 0 ? all : throw new FaultMissedException("no replica runs there");
    }

    /// <summary>A drill may be held from within a replica, and who holds its faults is not to be struck.</summary>
    private static bool HoldsFaults(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Contains(FaultHolder.Command); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return false; }
    }
}
