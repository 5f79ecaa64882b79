using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Deploying;

/// <summary>`tangram down` without a daemon: ends the replicas that a killed one left.</summary>
internal static class LeftBehind
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <returns>What was done, as a sentence.</returns>
    public static async Task<string> EndAsync(string folder, TimeProvider time, CancellationToken cancellation)
    {
        using var state = StateFolder.Open(Path.GetDirectoryName(folder)!, Path.GetFileName(folder));
        SocketKeeper.End(state.ClusterId);
        using var poller = new Poller();
        var cluster = Path.GetFileName(folder);
        var nodes = Path.Combine(folder, "nodes");
        var runners = new List<ProcessRunner>();
        foreach (var node in Directory.Exists(nodes) ? Directory.EnumerateDirectories(nodes) : [])
        {
            var runner =
                new ProcessRunner(state.ClusterId, new RecordFolder(state.Records(NodeName.Of(Path.GetFileName(node)))),
                new LogFiles(state.Logs), Cgroups.Detect(cluster), poller, _ => { });
            runner.Adopt();
            runners.Add(runner);
        }
        var count = runners.Sum(r => r.Running.Count);
        foreach (var runner in runners)
            foreach (var record in runner.Running) runner.Signal(record.Replica, Native.SigTerm);
        var begun = time.GetTimestamp();
        while (runners.Any(r => r.Running.Count > 0))
        {
            if (time.GetElapsedTime(begun) > Grace)
                foreach (var runner in runners)
                    foreach (var record in runner.Running) runner.Kill(record.Replica);
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellation).ConfigureAwait(false);
        }
        var orphans = Orphans.End(state.ClusterId, []);
        foreach (var runner in runners) runner.Dispose();
        return $"no daemon ran; ended {count + orphans} replicas that an earlier one left";
    }
}
