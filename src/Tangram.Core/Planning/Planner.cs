using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Planning;

/// <summary>Compares what is asked with what is seen and says what to do next. Level-triggered: it holds no memory, so
/// a new leader, a lost answer or a node that returns changes nothing in how it decides.</summary>
/// <remarks>There is one way to replace a replica: start → ready → routed → drain → stop. Every turn does the parts of
/// it that are safe now. A replica is drained only while enough others serve (<see cref="ServicePlanner"/>).</remarks>
public static class Planner
{
    public static Plan Diff(ClusterState state, PlanningFacts facts)
    {
        if (state.EffectiveSpec is not { } spec || state.Asked is null || state.Rollout is null) return Plan.Nothing;
        var standings = Standing.All(state);
        var steps = new List<Step>();
        var waiting = new List<Waiting>();
        var placement = new Lazy<Placer>(() => PlacerOf(state));
        var settled = new List<(ServiceSpec Service, List<Standing> Replicas)>();
        foreach (var service in InOrder(spec, standings))
        {
            var mine = standings.GetValueOrDefault(service.Name) ?? [];
            var unmet = Unmet(state, service, standings);
            if (service.IsJob)
                new JobPlanner(state, facts, service, mine, placement, steps, waiting).Plan(unmet);
            else if (SingletonPlanner.Concerns(state, service, mine))
                new SingletonPlanner(state, service, mine, placement, steps, waiting).Plan(unmet);
            else if (new ServicePlanner(state, facts, service, mine, placement, steps, waiting).Plan(unmet))
                settled.Add((service, mine));
        }
        // What is missing comes first, and has the room.
        if (facts.Calm && !steps.Exists(s => s is Step.Start) && waiting.TrueForAll(w => w.Homeless == 0))
            new Rebalancer(state, facts, placement, steps).Plan(settled);
        foreach (var (service, replicas) in standings.OrderBy(s => s.Key))
            if (spec.Find(service) is null) Remove(state, service, replicas, steps);
        foreach (var (job, _) in state.Jobs)
            if (state.Rollout.Value.Ended && spec.Find(job) is not { IsJob: true } && !standings.ContainsKey(job))
                steps.Add(new Step.Remember(job, null, "it is no job of the revision in force"));
        foreach (var replicas in standings.OrderBy(s => s.Key))
            foreach (var replica in replicas.Value) Finish(state, facts, replica, steps);
        return new Plan(steps.ToEquatableArray(), waiting.ToEquatableArray());
    }

    /// <summary>As the file lists them, but a service of which nothing is left comes first: when there is not room for
    /// all, one that still serves can wait for its spare replicas.</summary>
    private static IEnumerable<ServiceSpec> InOrder(ClusterSpec spec,
        Dictionary<ServiceName, List<Standing>> standings) =>
        spec.Services.OrderBy(s => standings.TryGetValue(s.Name, out var mine) && mine.Exists(r => r.Live) ? 1 : 0);

    /// <summary>A service that is no longer asked for goes when the revision without it has settled, so that a rollback
    /// would still have found it whole.</summary>
    private static void Remove(ClusterState state, ServiceName service, List<Standing> replicas, List<Step> steps)
    {
        var rollout = state.Rollout!.Value;
        if (!rollout.Ended && rollout.Stage != RolloutStage.RollingBack) return;
        foreach (var replica in replicas.Where(r => r.Live))
            steps.Add(new Step.Drain(replica.Node.Name, replica.Replica,
                $"{service} is not in revision {rollout.Effective}"));
    }

    /// <summary>The tail of the move: a drained replica is stopped, a stopped one forgotten.</summary>
    private static void Finish(ClusterState state, PlanningFacts facts, Standing replica, List<Step> steps)
    {
        var (node, name) = (replica.Node, replica.Replica);
        switch (replica.Assignment.Intent)
        {
            case Intent.Drain when node.Dead is not null:
                steps.Add(new Step.Stop(node.Name, name, "its node is dead"));
                break;
            case Intent.Drain when !facts.GatewayAway && replica.DrainedAtGateways(state):
                steps.Add(new Step.Stop(node.Name, name, $"drained; {replica.Assignment.Because}"));
                break;
            case Intent.Drain when facts.GraceOver.Contains(name):
                steps.Add(new Step.Stop(node.Name, name, "its grace period ended with requests in flight"));
                break;
            case Intent.Stop when node.Dead is null &&
                                  replica.Seen?.Phase is Phase.Stopped or Phase.Completed or Phase.Failed:
                steps.Add(new Step.Forget(node.Name, name, "it has stopped"));
                break;
        }
    }

    /// <summary>The sentence that says which dependency is not met, or null. It only holds back starts.</summary>
    private static string? Unmet(ClusterState state, ServiceSpec service,
        Dictionary<ServiceName, List<Standing>> standings)
    {
        foreach (var dependency in service.DependsOn)
        {
            if (state.EffectiveSpec!.Find(dependency.Service) is not { } needed) continue;
            var live = (standings.GetValueOrDefault(dependency.Service) ?? []).Where(s => s.Live).ToArray();
            var desired = state.Asked!.Value.ReplicasOf(needed);
            if (desired == 0 && !dependency.Required) continue;
            if (needed.IsJob)
            {
                if (UnmetJob(state, needed, dependency, standings.GetValueOrDefault(needed.Name) ?? []) is { } job)
                    return job;
                continue;
            }
            if (Templates.Stale(state, needed, live).Count > 0) return $"{dependency.Service} is still being moved";
            var met = dependency.Condition switch
            {
                DependencyCondition.Started => live.Any(s => s.Seen is { Starts: > 0 }),
                DependencyCondition.Healthy => live.Any(s => s.Serving),
                _ => live.Length > 0 && live.All(s => s.Seen?.Phase == Phase.Completed && s.Seen.Exit is 0),
            };
            if (!met) return $"it waits for {dependency.Service} to be {Words(dependency.Condition)}";
        }
        return null;
    }

    private static string? UnmetJob(ClusterState state, ServiceSpec job, DependencySpec dependency,
        List<Standing> replicas)
    {
        if (Jobs.Done(state, job)) return null;
        var run = Jobs.Standing(state, job);
        if (dependency.Condition == DependencyCondition.Started && run is not null
            && replicas.Any(r => r.Assignment.Run == run.Number && r.Seen is { Starts: > 0 })) return null;
        return run is { Outcome: RunOutcome.Failed }
            ? $"it waits for {job.Name}, which failed: {run.Because}"
            : $"it waits for {job.Name} to be {Words(dependency.Condition)}";
    }

    private static string Words(DependencyCondition condition) => condition switch
    {
        DependencyCondition.Started => "started",
        DependencyCondition.Healthy => "healthy",
        _ => "completed successfully",
    };

    /// <summary>What the nodes offer and what runs there. A replica that is being stopped still holds its
    /// resources.</summary>
    private static Placer PlacerOf(ClusterState state)
    {
        var drained = state.Asked!.Value.Drained.ToHashSet();
        var relieved = Relief.UnderWay(state).Select(u => u.Assignment.Relieves!.Value).ToHashSet();
        var alive = state.Nodes.Values.Where(n => n.Alive).ToList();
        var placer = new Placer(alive.Select(n => new PlacementNode
        {
            Name = n.Name, Zone = n.Seen!.Value.Zone, Labels = n.Seen.Value.Labels, Capacity = n.Seen.Value.Capacity,
            Cordoned = drained.Contains(n.Name) ? "drained" : null,
        }));
        var running = new Dictionary<(ServiceName, int Revision), (ServiceSpec? Spec, bool Stale)>();
        foreach (var node in alive)
        {
            foreach (var assignment in node.Assignments.Where(a => a.Ended is null))
            {
                var key = (assignment.Service, assignment.Revision);
                if (!running.TryGetValue(key, out var known))
                    running[key] = known = (state.Spec(key.Revision)?.Find(key.Service),
                        state.EffectiveSpec?.Find(key.Service) is { } wanted &&
                        Templates.Stale(state, key.Revision, wanted));
                var leaving = assignment.Intent != Intent.Run || known.Stale || relieved.Contains(assignment.Replica);
                if (known.Spec is not null) placer.Occupy(node.Name, known.Spec, leaving);
            }
        }
        return placer;
    }
}
