namespace Tangram.Deploying;

/// <summary>Finds processes that carry this cluster's mark and that no record names, such as those of a start that was
/// cut before its record was written, or of a record that was lost.</summary>
internal static class Orphans
{
    /// <summary>Kills them and returns how many there were. Call it once per daemon, after every node's records were
    /// adopted and before anything starts. Our own children and their descendants are never touched.</summary>
    public static int End(string clusterId, IReadOnlyList<ReplicaRecord> running)
    {
        const string check = ReplicaEnvironment.CheckMark + "=1";
        var cluster = $"{ReplicaEnvironment.ClusterMark}={clusterId}";
        var replicas = running.Select(record => $"{ReplicaEnvironment.ReplicaMark}={record.Replica}").ToHashSet();
        var all = ProcessStat.All().ToDictionary(stat => stat.Pid);
        var ours = Ancestors(all);
        var sessions = running.Where(record => record.Runs).Select(record => record.Pid).ToHashSet();
        var orphans = all.Values
            .Where(stat => !stat.Ended && !ours.Contains(stat.Pid) && !sessions.Contains(stat.Session))
            .Where(stat => !(all.TryGetValue(stat.Session, out var leader) && leader.Parent == Environment.ProcessId))
            .Where(stat => IsOrphan(ProcessStat.EnvironmentOf(stat.Pid)))
            .ToList();
        return Stragglers.Kill(orphans);

        bool IsOrphan(IReadOnlyList<string> environment) => environment.Contains(cluster)
            && (!environment.Any(replicas.Contains) || environment.Contains(check));
    }

    // Tangram may itself be started from within a process that carries the mark.
    private static HashSet<int> Ancestors(Dictionary<int, ProcessStat> all)
    {
        var ours = new HashSet<int>();
        for (var pid = Environment.ProcessId; ours.Add(pid) && all.TryGetValue(pid, out var stat);) pid = stat.Parent;
        return ours;
    }
}
