using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>What must hold of jobs in every history.</summary>
internal sealed class JobInvariants(Action<string> violated, SimulatedJobs jobs)
{
    private readonly HashSet<(ServiceName, DateTimeOffset)> _occurrences = [];
    private readonly HashSet<(ServiceName, long)> _requests = [];

    public int Runs { get; private set; }

    /// <summary>Called for every transaction that took effect, with the state right before it.</summary>
    public void Check(ClusterState before, Txn txn)
    {
        foreach (var put in txn.Then.OfType<StoreOp.Put>())
            if (put.Key.StartsWith(Keys.JobPrefix, StringComparison.Ordinal))
                CheckMemory(before, ServiceName.Of(put.Key[Keys.JobPrefix.Length..]), Json.Read<JobRuns>(put.Value));
        CheckStarts(before, txn);
    }

    private void CheckMemory(ClusterState before, ServiceName name, JobRuns after)
    {
        var was = Jobs.Of(before, name);
        if (after.Handled < was.Handled && after.Times == was.Times)
            violated($"{name} forgot that the occurrence {was.Handled:T} was decided");
        foreach (var run in after.Runs)
        {
            var known = was.Find(run.Number);
            if (known is null) CheckBegin(before, name, was, after, run);
            foreach (var completion in run.Completed)
                if (known?.Completed.Contains(completion) != true && !jobs.Completed(completion.Replica))
                    violated($"{completion.Replica} counts as completed and never was");
            if (known?.Completed.Any(c => !run.Completed.Contains(c)) == true)
                violated($"a completion of run {run.Number} of {name} was forgotten");
        }
    }

    private void CheckBegin(ClusterState before, ServiceName name, JobRuns was, JobRuns after, JobRun run)
    {
        Runs++;
        if (run.Number <= was.Last) violated($"run {run.Number} of {name} began after run {was.Last}");
        if (run.Occurrence is { } occurrence && !_occurrences.Add((name, occurrence)))
            violated($"{name} ran twice for the occurrence {occurrence:T}");
        if (run.Asked is { } asked && !_requests.Add((name, asked)))
            violated($"{name} ran twice for one request");
        var spec = before.EffectiveSpec?.Find(name);
        if (run.Cause == RunCause.Schedule && spec?.Schedule?.Overlap == Overlap.Forbid
            && after.Runs.FirstOrDefault(r => r.Running && r.Number < run.Number) is { } active)
            violated($"run {run.Number} of {name} began while run {active.Number} went on");
    }

    private void CheckStarts(ClusterState before, Txn txn)
    {
        var started = new Dictionary<(ServiceName, long), int>();
        foreach (var put in txn.Then.OfType<StoreOp.Put>()
            .Where(p => p.Key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)))
        {
            var was = before.Nodes.GetValueOrDefault(NodeName.Of(put.Key[Keys.AssignedPrefix.Length..]))?.Assignments;
            foreach (var a in Json.Read<Assigned>(put.Value).Replicas)
                if (a.Run is { } run && was?.Any(o => o.Replica == a.Replica) != true)
                    started[(a.Service, run)] = started.GetValueOrDefault((a.Service, run)) + 1;
        }
        foreach (var ((name, number), count) in started) CheckStart(before, name, number, count);
    }

    private void CheckStart(ClusterState before, ServiceName name, long number, int count)
    {
        if (Jobs.Of(before, name).Find(number) is not { Running: true } run)
        {
            violated($"{count} replicas of {name} were started for run {number}, which does not go on");
            return;
        }
        if (before.EffectiveSpec?.Find(name)?.Deploy.Mode != DeployMode.Replicated) return;
        var live = before.Nodes.Values.Where(n => n.Dead is null).SelectMany(n => n.Assignments)
            .Count(a => a.Service == name && a is { Intent: Intent.Run, Ended: null } && a.Run == number
                && run.Completed.All(c => c.Replica != a.Replica));
        if (live + run.Completed.Count + count > run.Replicas)
            violated($"{count} replicas of {name} were started for run {number}, of which {live} run and " +
                     $"{run.Completed.Count} of {run.Replicas} have completed");
    }

    /// <summary>After the trouble: what the revision in force asks for is done, and schedules go on.</summary>
    public IEnumerable<string> NotConverged(ClusterState state, SimulatedProcesses processes, DateTimeOffset wall)
    {
        foreach (var job in state.EffectiveSpec?.Services.Where(s => s.IsJob) ?? [])
        {
            if (!Jobs.Done(state, job) && state.Rollout?.Value.Stage != RolloutStage.Failed)
                yield return $"{job.Name} is not done: {Jobs.Standing(state, job)}";
            if (job.Schedule is null && processes.Running.Any(p => p.Spec.Name == job.Name)
                && Jobs.Of(state, job.Name).Active() is null)
                yield return $"{job.Name} is done and still runs";
            if (job.Schedule is not null && !(wall - Jobs.Of(state, job.Name).Handled < TimeSpan.FromSeconds(15)))
                yield return $"the schedule of {job.Name} stands still: {Jobs.Of(state, job.Name).Handled:T}";
        }
    }
}
