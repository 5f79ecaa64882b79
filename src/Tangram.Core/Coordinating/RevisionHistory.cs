using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Which revisions there are, which one a rollback goes to, and which may be forgotten.</summary>
public static class RevisionHistory
{
    /// <summary>Enough to roll back by hand for a while; a revision holds a whole spec, and the state holds them
    /// all.</summary>
    public const int Kept = 20;

    /// <summary>The highest number ever given + 1, so that a number never means two contents.</summary>
    public static int NextNumber(ClusterState state)
    {
        var highest = Math.Max(state.Asked?.Value.Revision ?? 0, state.Rollout?.Value.Target ?? 0);
        foreach (var number in state.Revisions.Keys) highest = Math.Max(highest, number);
        return highest + 1;
    }

    /// <summary>The revision in force when a command is given now: during a rollout the one that it replaces.</summary>
    public static int InForce(ClusterState state) => state.Rollout?.Value switch
    {
        null => 0,
        { Stage: RolloutStage.Done } done => done.Target,
        { } other => other.Current,
    };

    /// <summary>The revision in force before this one, with another content. During a rollout: the one that it
    /// replaces. Null when there is none.</summary>
    public static Revision? Before(ClusterState state)
    {
        if (state.Asked is null) return null;
        if (Rollouts.InProgress(state)) return state.Revisions.GetValueOrDefault(InForce(state));
        var now = state.Rollout?.Value.Effective ?? 0;
        var spec = state.Spec(now);
        // Each step goes to an older revision: the bound is the number of revisions.
        for (var at = now; state.Revisions.TryGetValue(at, out var revision) && revision.Replaces < at;)
        {
            at = revision.Replaces;
            if (state.Revisions.TryGetValue(at, out var before) && before.Spec != spec) return before;
        }
        return null;
    }

    /// <summary>What nobody needs once <paramref name="added"/> is there: older than the last <see cref="Kept"/>, run
    /// by no replica, named by no document. The leader assigns only what it rolls out, which is among the newest; so a
    /// snapshot that is a moment old is good enough to decide this.</summary>
    public static IEnumerable<int> Forgettable(ClusterState state, int added)
    {
        var used = new HashSet<int> { added, state.Asked?.Value.Revision ?? 0 };
        if (state.Rollout?.Value is { } rollout) used.UnionWith([rollout.Current, rollout.Target]);
        if (Before(state) is { } before) used.Add(before.Number);
        foreach (var node in state.Nodes.Values)
            foreach (var assignment in node.Assignments) used.Add(assignment.Revision);
        // By their templates the leader knows what a job has done already, and for what.
        foreach (var (_, job) in state.Jobs)
            foreach (var run in job.Value.Runs)
                if (run.Running || run.Cause == RunCause.Revision) used.Add(run.Revision);
        return state.Revisions.Keys.Where(number => number <= added - Kept && !used.Contains(number));
    }
}
