using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>What the state says about jobs.</summary>
public static class Jobs
{
    public static JobRuns Of(ClusterState state, ServiceName job) =>
        state.Jobs.GetValueOrDefault(job)?.Value ?? JobRuns.None;

    public static JobRun? Find(this JobRuns job, long number)
    {
        foreach (var run in job.Runs) if (run.Number == number) return run;
        return null;
    }

    public static JobRun? Active(this JobRuns job) => job.Runs.LastOrDefault(r => r.Running);

    /// <summary>The run that does what the revision in force asks of a job without a schedule, or null: it has yet to
    /// begin. A run holds for the revisions after it as long as none changes the job's template. A revision that comes
    /// back, by itself or by hand, finds what was done for it. What failed is tried again by the next
    /// revision.</summary>
    public static JobRun? Standing(ClusterState state, ServiceSpec job)
    {
        if (state.Rollout?.Value is not { } rollout) return null;
        var memory = Of(state, job.Name);
        var runs = memory.Runs.Where(r => r.Cause == RunCause.Revision && r.Outcome != RunOutcome.Replaced).ToList();
        if (runs.FindLast(r => r.Revision == rollout.Effective) is { } own) return own;
        bool Holds(JobRun run) => run.Outcome != RunOutcome.Failed &&
            state.Spec(run.Revision)?.Find(job.Name)?.Template == job.Template;
        var comesBack = rollout.Stage is RolloutStage.RollingBack or RolloutStage.RolledBack
            || state.Revisions.GetValueOrDefault(rollout.Effective) is { BringsBack: > 0 };
        return comesBack
            ? runs.FindLast(Holds)
            : runs.Find(r => r.Number == memory.Stands && Holds(r));
    }

    /// <summary>Nothing is left to do of it: it has succeeded, or only its schedule says when it runs.</summary>
    public static bool Done(ClusterState state, ServiceSpec job) => job.Schedule is not null
        || Standing(state, job) is { Outcome: RunOutcome.Succeeded };

    /// <summary>The last number that people asked for.</summary>
    public static long AskedOf(ClusterState state, ServiceName job)
    {
        foreach (var run in state.Asked?.Value.Runs ?? []) if (run.Service == job) return run.Number;
        return 0;
    }
}
