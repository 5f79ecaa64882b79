using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Deploying;

/// <summary>Where one changed service stands on its way to the target revision.</summary>
internal sealed record ServiceProgress(ServiceSpec Spec, int Desired, IReadOnlyList<Standing> Live,
    IReadOnlyList<Standing> Fresh)
{
    /// <summary>Of a job: the run that does what the revision asks for.</summary>
    public JobRun? Run { get; init; }

    /// <summary>A job works, for as long as that takes.</summary>
    public bool Works => Run is { Running: true } run && Live.Any(r => r.Assignment.Run == run.Number
        && r.Assignment.Ended is null && r.Seen?.Phase is Phase.Starting or Phase.Ready);

    /// <summary>Nothing of another template runs and as many as desired serve; a job has done its work.</summary>
    public bool Complete => Spec.IsJob
        ? JobComplete
        : Live.Count == Fresh.Count && Fresh.Count == Desired && Fresh.All(r => r.Settled);

    private bool JobComplete => Spec.Schedule is not null || Run is { Outcome: RunOutcome.Succeeded }
        || (Run is { Outcome: RunOutcome.Failed } && Spec.Deploy.Update.FailureAction == FailureAction.Continue);

    /// <summary>How long it is watched once it is there. What a job has done stays done.</summary>
    public TimeSpan Monitor => Spec.IsJob ? TimeSpan.Zero : Spec.Deploy.Update.Monitor;

    /// <summary>The first batch serves.</summary>
    public bool FirstBatchServes
    {
        get
        {
            if (Spec.IsJob) return Complete;
            var parallelism = Spec.Deploy.Update.Parallelism;
            var batch = parallelism > 0 ? Math.Min(parallelism, Desired) : Desired;
            return Fresh.Count(r => r.Settled) >= batch;
        }
    }

    /// <summary>The share of the target's own replicas that failed in a way that would fail again, and the first
    /// reason.</summary>
    public (double Ratio, string? Because) Failures(int target, Func<Standing, TimeSpan> unreadyFor)
    {
        if (Spec.IsJob)
            return Run is { Outcome: RunOutcome.Failed } run && run.Revision == target
                ? (1, $"the job {Spec.Name} failed: {run.Because}")
                : (0, null);
        var reasons = Fresh.Where(r => r.Assignment.Revision == target).Select(r =>
            WhyFailed(r, unreadyFor)).OfType<string>().ToArray();
        return reasons.Length == 0 ? (0, null) : ((double)reasons.Length / Math.Max(1, Desired), reasons[0]);
    }

    private string? WhyFailed(Standing replica, Func<Standing, TimeSpan> unreadyFor)
    {
        if (replica.Seen is not { } seen) return null;
        var exit = seen.Exit is { } code ? $" with exit code {code}" : "";
        if (seen.Phase == Phase.Failed) return $"{seen.Replica} ended{exit} and its restart policy gave up";
        if (!seen.EverReady && seen.FailedStarts >= 2)
            return $"{seen.Replica} ended{exit}, {seen.FailedStarts} times, before it was ever ready";
        if (seen is { EverReady: true, Ends: >= 2 })
            return $"{seen.Replica} was ready and then ended {seen.Ends} times";
        if (seen.Phase is Phase.Starting or Phase.Unready && unreadyFor(replica) > Spec.StartTimeout)
            return $"{seen.Replica} was not ready within {Spec.StartTimeout.TotalSeconds:0} s ({seen.Because})";
        return null;
    }

    public static ServiceProgress Of(ClusterState state, ServiceSpec spec, IEnumerable<Standing> replicas)
    {
        var live = replicas.Where(r => r.Live).ToArray();
        if (spec.IsJob)
            return new ServiceProgress(spec, state.Asked!.Value.ReplicasOf(spec), live, live)
            {
                Run = spec.Schedule is null ? Jobs.Standing(state, spec) : null,
            };
        var stale = Templates.Stale(state, spec, live);
        var fresh = live.Where(r => !stale.Contains(r.Assignment.Revision)).ToArray();
        var desired = spec.Deploy.Mode == DeployMode.Global
            ? Math.Max(fresh.Length, 1)
            : state.Asked!.Value.ReplicasOf(spec);
        return new ServiceProgress(spec, desired, live, fresh);
    }
}
