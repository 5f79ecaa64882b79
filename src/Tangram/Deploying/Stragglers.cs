using Microsoft.Win32.SafeHandles;

namespace Tangram.Deploying;

/// <summary>Ends what a replica's processes left behind: members of its session, whatever group they are in, and
/// descendants that left the session but carry its marks in their environment.</summary>
internal static class Stragglers
{
    // Each round waits for what it killed, so a second one finds only what was forked meanwhile.
    private const int MostRounds = 10;
    private const int RoundMilliseconds = 200;

    /// <summary>Call it when the leader has ended. Returns how many processes were ended. Waits at most 2 s for
    /// them.</summary>
    public static int EndAll(ReplicaRecord record, string clusterId)
    {
        var (count, cluster) = (0, $"{ReplicaEnvironment.ClusterMark}={clusterId}");
        var replica = $"{ReplicaEnvironment.ReplicaMark}={record.Replica}";
        for (var round = 0; round < MostRounds; round++)
        {
            var left = Left(record, cluster, replica);
            if (left.Count == 0) break;
            count += Kill(left);
        }
        return count;
    }

    /// <summary>Kills each of them and waits for the ends, at most <see cref="RoundMilliseconds"/>.</summary>
    public static unsafe int Kill(IReadOnlyList<ProcessStat> targets)
    {
        var killed = new List<SafeFileHandle>();
        foreach (var target in targets)
        {
            var pidfd = Native.PidfdOpen(target.Pid);
            if (pidfd < 0) continue;
            var handle = new SafeFileHandle(pidfd, ownsHandle: true);
            var same = ProcessStat.Read(target.Pid) is { Ended: false } now && now.StartTime == target.StartTime;
            if (same && Native.PidfdSendSignal(pidfd, Native.SigKill) == 0) killed.Add(handle);
            else handle.Dispose();
        }
        foreach (var handle in killed)
        {
            var ended = new PollEntry { Descriptor = handle.Number(), Events = PollEntry.In };
            Native.Poll(&ended, 1, RoundMilliseconds);
            handle.Dispose();
        }
        return killed.Count;
    }

    private static List<ProcessStat> Left(ReplicaRecord record, string cluster, string replica)
    {
        var all = ProcessStat.All().ToList();
        // A session outlives its leader, and its number is not given away before it is empty. When another process
        // has the leader's number, the session that it leads is not ours.
        var taken = all.Any(stat => stat.Pid == record.Pid && stat.StartTime != record.StartTime);
        return [.. all.Where(stat => !stat.Ended && stat.Pid != Environment.ProcessId && IsLeft(stat))];

        bool IsLeft(ProcessStat stat)
        {
            if (stat.Session == record.Pid && !taken && stat.StartTime >= record.StartTime) return true;
            if (stat.StartTime < record.StartTime) return false;
            var environment = ProcessStat.EnvironmentOf(stat.Pid);
            return environment.Contains(cluster) && environment.Contains(replica);
        }
    }
}
