using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Planning;

/// <summary>The part of a plan for a job. First it is written down which runs begin and end (<see cref="JobMemory"/>);
/// then the replicas of a run that goes on are started, as many as completions are missing, and those of a run that
/// was replaced are ended. A completion that is written down is never done again, whatever becomes of its
/// node.</summary>
/// <remarks>A node that is declared dead may still run its replica for a moment, as with any service but a singleton:
/// the successor begins at once, and what the other does in that moment is not counted. A drained node's replicas may
/// finish their work.</remarks>
internal sealed class JobPlanner(ClusterState state, PlanningFacts facts, ServiceSpec service,
    List<Standing> replicas, Lazy<Placer> placement, List<Step> steps, List<Waiting> waiting)
{
    private readonly JobRuns _job = Jobs.Of(state, service.Name);
    private long _serial = NextSerial(state, service.Name);

    public void Plan(string? unmet)
    {
        var memory = new JobMemory(state, facts, service, replicas, (spec, run) => Missing(spec, run).Count == 0);
        if (memory.Next() is var (next, because))
        {
            steps.Add(new Step.Remember(service.Name, next, because));
            return;
        }
        foreach (var replica in replicas) Settle(replica);
        foreach (var replica in replicas) EndReplaced(replica);
        foreach (var run in _job.Runs.Where(r => r.Running)) Advance(run, unmet);
    }

    private void Settle(Standing replica)
    {
        var (assignment, node) = (replica.Assignment, replica.Node.Name);
        if (assignment is not { Run: { } number, Intent: Intent.Run }) return;
        if (assignment.Ended is not null)
        {
            // The replicas of the last run stay to be looked at.
            if (number < Shown && number != _job.Stands)
                steps.Add(new Step.Forget(node, replica.Replica, $"run {number} is over"));
            return;
        }
        if (_job.Find(number) is not { } run) return;
        var completed = run.Completed.Any(c => c.Replica == replica.Replica);
        if (completed) steps.Add(new Step.Settle(node, replica.Replica, Phase.Completed, "it did its work"));
        else if (run.Outcome == RunOutcome.Failed && replica.Seen?.Phase == Phase.Failed)
            steps.Add(new Step.Settle(node, replica.Replica, Phase.Failed, run.Because));
    }

    /// <summary>The last run that has replicas.</summary>
    private long Shown => _job.Runs.Count == 0 ? 0 : replicas.Max(r => r.Assignment.Run) ?? 0;

    /// <summary>What shall run and belongs to no run that goes on.</summary>
    private void EndReplaced(Standing replica)
    {
        if (replica.Assignment is not { Intent: Intent.Run, Ended: null } assignment) return;
        if (steps.Exists(s => s is Step.Settle settled && settled.Replica == replica.Replica)) return;
        var run = assignment.Run is { } number ? _job.Find(number) : null;
        if (run is { Running: true }) return;
        var because = run is null ? "it belongs to no run of this job" : $"run {run.Number} is over";
        steps.Add(replica.Node.Dead is null
            ? new Step.Drain(replica.Node.Name, replica.Replica, because)
            : new Step.Stop(replica.Node.Name, replica.Replica, because));
    }

    private void Advance(JobRun run, string? unmet)
    {
        var mine = replicas.Where(r => r.Assignment.Run == run.Number).ToList();
        var done = run.Completed.Select(c => c.Replica).ToHashSet();
        var live = mine.Where(r => r.Live && r.Assignment.Ended is null && !done.Contains(r.Replica)).ToList();
        var spec = state.Spec(run.Revision)?.Find(service.Name) ?? service;
        var nodes = service.Deploy.Mode == DeployMode.Global ? Missing(spec, run) : null;
        var open = run.Replicas - run.Completed.Count - live.Count;
        if (nodes is null && open < 0) EndSurplus(live, -open);
        var count = nodes?.Count(n => live.TrueForAll(r => r.Node.Name != n)) ?? open;
        if (count <= 0) return;
        if (run.Cause == RunCause.Revision && unmet is not null) waiting.Add(new Waiting(service.Name, unmet));
        else if (Former(run) is { } former)
            waiting.Add(new Waiting(service.Name, $"it waits until {former.Replica} on {former.Node.Name} has ended"));
        else Start(run, spec, nodes?.Where(n => live.TrueForAll(r => r.Node.Name != n)), count, mine);
    }

    /// <summary>Its node was given up and is back, and so is what it ran.</summary>
    private void EndSurplus(List<Standing> live, int count)
    {
        foreach (var replica in live.OrderByDescending(r => r.Replica).Take(count))
            steps.Add(new Step.Drain(replica.Node.Name, replica.Replica, "as many as are asked for run without it"));
    }

    /// <summary>A replica of a run that was replaced and has not ended: two runs of which one replaces the other are
    /// never at work together.</summary>
    private Standing? Former(JobRun run) => replicas.Find(r => r.Assignment.Run is { } number && number < run.Number
        && r.Node.Dead is null && r.Assignment.Ended is null
        && (_job.Find(number) is null or { Outcome: RunOutcome.Replaced })
        && r.Seen?.Phase is not (Phase.Completed or Phase.Failed or Phase.Stopped));

    private void Start(JobRun run, ServiceSpec spec, IEnumerable<NodeName>? nodes, int count, List<Standing> mine)
    {
        var answer = nodes is not null
            ? placement.Value.PlaceOn(spec, nodes)
            : placement.Value.Place(spec, count);
        if (answer.Refusal is { } refusal)
            waiting.Add(new Waiting(service.Name, refusal, count - answer.Nodes.Count));
        var lost = mine.Where(r => r.Assignment is { Intent: Intent.Run, Ended: null } && r.Node.Dead is not null)
            .ToList();
        if (nodes is not null) lost = [];
        for (var i = 0; i < answer.Nodes.Count; i++)
        {
            var because = i < lost.Count
                ? $"run {run.Number}: it replaces {lost[i].Replica}, whose node {lost[i].Node.Name} is dead"
                : $"run {run.Number}: {run.Completed.Count} of {run.Replicas} completions are done";
            if (nodes is not null) because = $"run {run.Number}: every node runs it once";
            steps.Add(new Step.Start(answer.Nodes[i], ReplicaName.Of(service.Name, _serial++), service.Name,
                run.Revision, because) { Run = run.Number, Occurrence = run.Occurrence });
            // So that it does not go on when its node comes back.
            if (i < lost.Count)
                steps.Add(new Step.Stop(lost[i].Node.Name, lost[i].Replica, "its node is dead and it runs elsewhere"));
        }
    }

    /// <summary>The nodes of a global job that have not completed it.</summary>
    private List<NodeName> Missing(ServiceSpec spec, JobRun run)
    {
        var completed = run.Completed.Select(c => c.Node).ToHashSet();
        return [.. placement.Value.Eligible(spec).Where(n => !completed.Contains(n))];
    }

    private static long NextSerial(ClusterState state, ServiceName job)
    {
        foreach (var serial in state.Rollout!.Value.Serials) if (serial.Service == job) return serial.Next;
        return 1;
    }
}
