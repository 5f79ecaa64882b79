using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Removes what no revision names any more from a machine's disk, so that it does not fill with the
/// years.</summary>
/// <param name="running">The replicas that run here.</param>
internal sealed class Housekeeping(
    Func<ClusterState> state, RevisionFiles files, LogFiles? logs, Func<IEnumerable<ReplicaRecord>> running)
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Files are there before the revision that names them. A deploy takes no longer than this from the one to
    /// the other.</summary>
    private static readonly TimeSpan Untouched = TimeSpan.FromHours(1);

    public async Task RunAsync(TimeProvider time, Action<string> failed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false)) Clean(time, failed);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    /// <summary>Once. Nothing goes as long as the store has said nothing.</summary>
    public void Clean(TimeProvider time, Action<string> failed)
    {
        var now = state();
        if (now.Revision == 0 || now.Recalled) return;
        // A revision that a replica runs is never forgotten.
        var named = now.Revisions.Values.SelectMany(r => r.Spec.Hashes).ToHashSet();
        var live = now.Nodes.Values.SelectMany(n => n.Assignments).Select(a => a.Replica)
            .Concat(running().Select(r => r.Replica))
            .Concat(now.Jobs.Values.SelectMany(j => j.Value.Runs).Select(r => r.Replica).OfType<ReplicaName>())
            .ToHashSet();
        try
        {
            files.Collect(named, time.GetUtcNow() - Untouched);
            logs?.Collect(live);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed($"what no revision needs any more could not be removed: {e.Message}");
        }
    }
}
