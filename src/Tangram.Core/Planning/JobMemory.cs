using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What the leader writes down about a job: which runs begin and end. It computes the next document from the
/// last one, so that an occurrence or a request is decided in the very transaction that remembers it; see decision
/// 7.</summary>
internal sealed class JobMemory(ClusterState state, PlanningFacts facts, ServiceSpec service,
    List<Standing> replicas, Func<ServiceSpec, JobRun, bool> coversNodes)
{
    private readonly Rollout _rollout = state.Rollout!.Value;
    private readonly int _replicas = state.Asked!.Value.ReplicasOf(service);
    private readonly List<string> _because = [];
    private JobRuns _job = Jobs.Of(state, service.Name);

    /// <summary>The next document and why, or null when nothing changes.</summary>
    public (JobRuns Next, string Because)? Next()
    {
        var before = _job;
        foreach (var run in before.Runs.Where(r => r.Running)) TakeEnds(run);
        if (service.Schedule is { } schedule) Schedule(schedule);
        else FollowRevision();
        TakeRequest();
        Forget(service.Schedule?.History ?? JobRuns.UsualHistory);
        return _job == before ? null : (_job, string.Join("; ", _because));
    }

    private void TakeEnds(JobRun run)
    {
        var ended = replicas.Where(r => r.Assignment.Run == run.Number && r.Assignment is
            { Intent: Intent.Run, Ended: null }).ToList();
        var known = run.Completed.Select(c => c.Replica).ToHashSet();
        var done = ended.Where(r => r.Seen?.Phase == Phase.Completed && !known.Contains(r.Replica)).ToList();
        var next = run with
        {
            Completed = run.Completed.Concat(done.Select(r => new Completion(r.Replica, r.Node.Name)))
                .OrderBy(c => c.Replica).ToEquatableArray(),
        };
        if (ended.Find(r => r.Seen?.Phase == Phase.Failed) is { Seen: { } seen })
            next = End(next, RunOutcome.Failed, seen,
                $"{seen.Replica} {(seen.Exit is { } code ? $"ended with exit code {code}" : Ended(seen.Because))} " +
                "and its restart policy gave up");
        else if (IsComplete(next))
            next = End(next, RunOutcome.Succeeded, done.Count > 0 ? done[^1].Seen : null, "");
        if (next == run) return;
        if (next.Running) _because.Add($"{next.Completed.Count} completions of run {run.Number}");
        Replace(next);
    }

    private static string Ended(string because) => because.Length > 0 ? $"ended ({because})" : "ended";

    private bool IsComplete(JobRun run) => service.Deploy.Mode == DeployMode.Global
        ? run.Completed.Count > 0 && coversNodes(service, run)
        : run.Completed.Count >= run.Replicas;

    private JobRun End(JobRun run, RunOutcome outcome, SeenReplica? decided, string because)
    {
        var word = outcome.ToString().ToLowerInvariant();
        _because.Add(because == "" ? $"run {run.Number} {word}" : $"run {run.Number} {word}: {because}");
        return run with
        {
            Outcome = outcome, Ended = facts.Wall, Exit = decided?.Exit, Replica = decided?.Replica, Because = because,
        };
    }

    /// <summary>Once for a revision that brings or changes it.</summary>
    private void FollowRevision()
    {
        // A document of before it had no schedule says nothing about the revision; its runs go on.
        if (_job.Times is not null) _job = _job with { Times = null, Handled = null, LastSkip = null, Skipped = 0 };
        var standing = Jobs.Standing(state, service);
        if (standing is null)
        {
            if (_rollout.Stage == RolloutStage.Paused) return;
            EndAll($"revision {_rollout.Effective} replaces it", r => r.Cause == RunCause.Revision);
            Begin(new JobRun { Number = 0, Revision = _rollout.Effective, Cause = RunCause.Revision },
                $"for revision {_rollout.Effective}");
            _job = _job with { Stands = _job.Last };
            return;
        }
        if (_job.Stands != standing.Number)
        {
            EndAll($"revision {_rollout.Effective} comes back", r => r.Cause == RunCause.Revision &&
                r.Number != standing.Number);
            _job = _job with { Stands = standing.Number };
            _because.Add($"run {standing.Number} stands for revision {_rollout.Effective}");
        }
        Reopen(_job.Find(standing.Number)!);
    }

    /// <summary>More completions are asked for than before, or nodes have come: the same run goes on.</summary>
    private void Reopen(JobRun run)
    {
        var next = run with { Replicas = _replicas };
        if (next.Outcome == RunOutcome.Succeeded && !IsComplete(next))
        {
            next = next with { Outcome = RunOutcome.Running, Ended = null };
            _because.Add($"run {run.Number} goes on: more is asked of it");
        }
        else if (next.Running && IsComplete(next)) next = End(next, RunOutcome.Succeeded, null, "");
        if (next != run) Replace(next);
    }

    private void Schedule(ScheduleSpec schedule)
    {
        if (facts.Wall is not { } now) return;
        if (_job.Times != schedule.Times)
        {
            // What a schedule says of the time before it was in force was never due.
            _job = _job with
            {
                Times = schedule.Times, Handled = now, Skipped = 0, LastSkip = null, Stands = 0,
            };
            _because.Add($"its schedule is {schedule.Times}");
            return;
        }
        var due = facts.Due.Find(d => d.Job == service.Name && d.Times == schedule.Times && d.Newest > _job.Handled);
        if (due is null) return;
        var (verdict, because) = SchedulePolicy.Decide(schedule, _job, _replicas, due, now);
        _job = _job with { Handled = due.Newest };
        var skipped = due.Count - (verdict == Verdict.Skip ? 0 : 1);
        if (skipped > 0)
        {
            var why = verdict == Verdict.Skip ? because : "a newer one runs in its place";
            _job = _job with { Skipped = _job.Skipped + skipped, LastSkip = new Skip(due.Newest, why) };
            _because.Add(skipped == 1 ? $"skipped an occurrence: {why}" : $"skipped {skipped} occurrences: {why}");
        }
        if (verdict == Verdict.Skip) return;
        if (verdict == Verdict.Replace) EndAll("the next occurrence replaces it", _ => true);
        Begin(new JobRun
        {
            Number = 0, Revision = _rollout.Effective, Cause = RunCause.Schedule, Occurrence = due.Newest,
        }, because);
    }

    /// <summary>What <c>tangram run</c> asked for, when nothing runs that it must not run beside.</summary>
    private void TakeRequest()
    {
        if (Jobs.AskedOf(state, service.Name) <= _job.Asked) return;
        var overlap = service.Schedule?.Overlap ?? Overlap.Forbid;
        if (overlap == Overlap.Replace) EndAll("a run by hand replaces it", _ => true);
        else if (overlap == Overlap.Forbid && _job.Active() is not null) return;
        _job = _job with { Asked = Jobs.AskedOf(state, service.Name) };
        Begin(new JobRun
        {
            Number = 0, Revision = _rollout.Effective, Cause = RunCause.Hand, Asked = _job.Asked,
        }, "asked for by hand");
    }

    private void Begin(JobRun run, string because)
    {
        var next = run with { Number = _job.Last + 1, Began = facts.Wall, Replicas = _replicas };
        _job = _job with { Last = next.Number, Runs = [.. _job.Runs, next] };
        _because.Add($"run {next.Number} begins: {because}");
    }

    private void EndAll(string because, Func<JobRun, bool> which)
    {
        foreach (var run in _job.Runs.Where(r => r.Running && which(r)).ToArray())
            Replace(End(run, RunOutcome.Replaced, null, because));
    }

    private void Replace(JobRun run) => _job = _job with
    {
        Runs = _job.Runs.Select(r => r.Number == run.Number ? run : r).ToEquatableArray(),
    };

    /// <summary>Of all runs that have ended, so that the document stays far smaller than what a store takes.</summary>
    private const int MostCompletions = 3 * JobRuns.MostCompletions;

    /// <summary>The oldest that have ended, but for the one that stands and what a rollback would come back
    /// to.</summary>
    private void Forget(int history)
    {
        var ended = _job.Runs.Where(r => !r.Running).ToList();
        var (kept, completions) = (0, 0);
        while (kept < Math.Min(history, ended.Count)
            && (completions += ended[^(kept + 1)].Completed.Count) <= MostCompletions) kept++;
        var gone = ended.Take(ended.Count - kept)
            .Where(r => r.Number != _job.Stands
                && (r.Cause != RunCause.Revision || r.Revision != _rollout.Current)).Select(r => r.Number).ToHashSet();
        if (gone.Count == 0) return;
        _job = _job with { Runs = _job.Runs.Where(r => !gone.Contains(r.Number)).ToEquatableArray() };
    }
}
