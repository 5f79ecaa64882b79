using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Deploying;

/// <summary>A deploy is a transaction: a revision goes out as a whole, is watched, and then either becomes current or
/// is rolled back as a whole. Says which stage comes next, and why; the planner does the moving.</summary>
public static class RolloutPolicy
{
    /// <summary>Beyond the longest start and watch of its services, how long a rollout may stand still.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The next rollout document and the sentence that explains it, or null when the stage stays.</summary>
    public static (Rollout Next, string Because)? Next(ClusterState state, Windows windows, Instant now)
    {
        if (state.Asked is not { Value: var asked } || state.Spec(asked.Revision) is not { } spec) return null;
        if (state.Rollout is not { Value: var rollout }) return Begin(new Rollout(), asked.Revision, "it is the first");
        if (rollout.Target != asked.Revision) return Begin(rollout, asked.Revision, "it was asked for");
        if (rollout.Stage is RolloutStage.Done or RolloutStage.RolledBack or RolloutStage.Paused) return null;

        var standings = Standing.All(state);
        return rollout.Stage switch
        {
            RolloutStage.Rolling or RolloutStage.Watching => Forward(state, spec, rollout, standings, windows, now),
            RolloutStage.RollingBack => Backward(state, rollout, standings),
            RolloutStage.Failed when Complete(Touched(state, spec, state.Spec(rollout.Current), standings)) =>
                (rollout with { Current = rollout.Target, Stage = RolloutStage.Done, Because = "" },
                    "everything serves after all"),
            _ => null,
        };
    }

    private static (Rollout, string) Begin(Rollout before, int target, string because) => (before with
    {
        Target = target, Stage = RolloutStage.Rolling, Admitted = [], Because = "",
    }, because);

    private static (Rollout, string)? Forward(ClusterState state, ClusterSpec spec, Rollout rollout,
        Dictionary<ServiceName, List<Standing>> standings, Windows windows, Instant now)
    {
        var differs = Templates.Changed(state.Spec(rollout.Current), spec).Select(s => s.Name).ToHashSet();
        var changed = spec.Services
            .Select(s => ServiceProgress.Of(state, s, standings.GetValueOrDefault(s.Name) ?? []))
            .Where(p => differs.Contains(p.Spec.Name) || p.Fresh.Count < p.Live.Count).ToArray();
        foreach (var service in changed)
            if (Failure(state, rollout, service, windows, now) is { } failure &&
                Fail(rollout, service.Spec, failure) is { } failed)
                return failed;

        if (rollout.Stage == RolloutStage.Watching)
        {
            var monitor = changed.Select(c => c.Monitor).DefaultIfEmpty().Max();
            return windows.Held("watching", true, now) >= monitor ? Done(rollout, "it held while it was watched")
                : null;
        }
        var touched = Touched(state, spec, state.Spec(rollout.Current), standings);
        if (Complete(touched))
            return rollout.Current == 0 || changed.Length == 0
                ? Done(rollout, "every replica serves")
                : (rollout with { Stage = RolloutStage.Watching }, "every replica serves; now it is watched");

        if (rollout.Current != 0 && Stalled(touched, rollout, windows, now) is { } stalled)
            return GiveUp(rollout, stalled.Spec,
                $"{stalled.Spec.Name} made no progress for {Patience.TotalSeconds:0} s");

        // Every first batch is asked about in every turn: a window that is passed over begins again.
        var held = changed.Where(c => !rollout.Admitted.Contains(c.Spec.Name) && Held(c)).Select(c => c.Spec.Name)
            .ToArray();
        return held.Length == 0 ? null
            : (rollout with { Admitted = [.. rollout.Admitted, .. held] },
                $"the first batch of {string.Join(", ", held)} held while it was watched");

        bool Held(ServiceProgress service) => service.FirstBatchServes
            & windows.Held($"trial {service.Spec.Name}", service.FirstBatchServes, now)
                >= service.Monitor;
    }

    /// <summary>A service that has not come further, and is not being watched, for longer than any start may take: for
    /// want of room, or because what it depends on does not come.</summary>
    private static ServiceProgress? Stalled(ServiceProgress[] changed, Rollout rollout, Windows windows, Instant now)
    {
        if (changed.Any(c => c.Works)) return null;
        var sum =
            string.Join(",", changed.Select(c => $"{c.Fresh.Count}/{c.Fresh.Count(r => r.Settled)}/{c.Live.Count}" +
                $"/{c.Run?.Completed.Count}"));
        var longest = changed.Select(c => c.Spec.Deploy.Update.Monitor + c.Spec.StartTimeout).DefaultIfEmpty().Max();
        var still = windows.Held($"still {sum} {rollout.Admitted.Count}", true, now);
        return still > Patience + longest ? changed.FirstOrDefault(c => !c.Complete) : null;
    }

    private static string? Failure(ClusterState state, Rollout rollout, ServiceProgress service, Windows windows,
        Instant now)
    {
        var (ratio, because) = service.Failures(rollout.Target,
            r => windows.Held($"unready {r.Replica}", r.Seen?.Phase != Phase.Ready, now));
        if (because is not null && ratio > service.Spec.Deploy.Update.MaxFailureRatio) return because;
        return rollout.Current == 0 ? null : OutcomeTest.Condemns(state, service.Spec.Name, rollout.Target);
    }

    /// <summary>Null when the service asks to go on in spite of it.</summary>
    private static (Rollout, string)? Fail(Rollout rollout, ServiceSpec service, string because) =>
        service.Deploy.Update.FailureAction switch
        {
            FailureAction.Continue => null,
            FailureAction.Pause =>
                (rollout with { Stage = RolloutStage.Paused, Because = because },
                    $"{because}; it waits, as failure_action asks"),
            _ when rollout.Current == 0 =>
                (rollout with { Stage = RolloutStage.Failed, Because = because },
                    $"{because}; there is no revision to go back to"),
            _ => (rollout with { Stage = RolloutStage.RollingBack, Because = because },
                $"{because}; back to revision {rollout.Current}"),
        };

    /// <summary>What shall go on in spite of failures is not rolled back, and need not hold up the next one.</summary>
    private static (Rollout, string)? GiveUp(Rollout rollout, ServiceSpec service, string because) =>
        service.Deploy.Update.FailureAction == FailureAction.Continue
            ? (rollout with { Stage = RolloutStage.Failed, Because = because },
                $"{because}; revision {rollout.Target} stays, as failure_action asks")
            : Fail(rollout, service, because);

    private static (Rollout, string)? Backward(ClusterState state, Rollout rollout,
        Dictionary<ServiceName, List<Standing>> standings)
    {
        var spec = state.Spec(rollout.Current);
        if (spec is null || !Complete(Touched(state, spec, state.Spec(rollout.Target), standings))) return null;
        return (rollout with { Stage = RolloutStage.RolledBack },
            $"revision {rollout.Current} serves again: {rollout.Because}");
    }

    private static (Rollout, string) Done(Rollout rollout, string because) =>
        (rollout with { Current = rollout.Target, Stage = RolloutStage.Done, Because = "" }, because);

    private static bool Complete(ServiceProgress[] services) => services.All(s => s.Complete);

    /// <summary>What a rollout has to bring in order: the services that it asks to be otherwise than they were, and
    /// those of which replicas still have to move. What was not in order before and is not its business does not hold
    /// it up.</summary>
    private static ServiceProgress[] Touched(ClusterState state, ClusterSpec spec, ClusterSpec? before,
        Dictionary<ServiceName, List<Standing>> standings) => spec.Services
        .Select(s => ServiceProgress.Of(state, s, standings.GetValueOrDefault(s.Name) ?? []))
        .Where(p => before?.Find(p.Spec.Name) != p.Spec || p.Fresh.Count < p.Live.Count).ToArray();
}
