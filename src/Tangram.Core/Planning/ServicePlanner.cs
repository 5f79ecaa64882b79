using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Planning;

/// <summary>One service's part of a plan. Replicas are <em>fresh</em> (they run what is asked, where it may run) or
/// <em>stale</em> (another template, a node that is being drained or no longer suits, or another one takes their place
/// for a better spread). It starts fresh ones and
/// drains stale ones, within these bounds:
/// <list type="bullet">
/// <item>start-first: at most <c>parallelism</c> replicas above the desired count, and none is drained unless as many
/// as desired would still serve;</item>
/// <item>stop-first: never more than the desired count, and at most <c>parallelism</c> fewer serve.</item>
/// </list></summary>
internal sealed class ServicePlanner(ClusterState state, PlanningFacts facts, ServiceSpec service,
    List<Standing> replicas, Lazy<Placer> placement, List<Step> steps, List<Waiting> waiting)
{
    private readonly Rollout _rollout = state.Rollout!.Value;
    private readonly EquatableArray<NodeName> _drained = state.Asked!.Value.Drained;
    private HashSet<int> _staleRevisions = [];
    private Relief _relief = Relief.None;
    private bool _moving;

    /// <summary>Does what is due.</summary>
    /// <returns>Whether there is nothing left to do for the service or to wait for: it may be spread better.</returns>
    public bool Plan(string? unmet)
    {
        var live = replicas.Where(r => r.Live).ToList();
        _staleRevisions = Templates.Stale(state, service, live);
        _moving = live.Any(r => _staleRevisions.Contains(r.Assignment.Revision));
        _relief = Relief.Of(live, facts.Overdue, Outdated);
        var (stale, fresh) = (new List<Standing>(), new List<Standing>(live.Count));
        foreach (var replica in live) (IsStale(replica) ? stale : fresh).Add(replica);
        var desired = Desired(fresh);
        var missing = Math.Max(0, desired - fresh.Count);

        var room = Room(live.Count, stale.Count, fresh, desired, missing);
        if (room > 0 && unmet is not null) waiting.Add(new Waiting(service.Name, unmet));
        var started = room > 0 && unmet is null
            ? Start(Math.Min(missing, room), stale, fresh, desired)
            : 0;
        if (started == 0) Drain(live, stale, fresh, desired);
        GiveUpOnTheDead(fresh, desired);
        return unmet is null && stale.Count == 0 && fresh.Count == desired && fresh.TrueForAll(r => r.Serving)
            && !replicas.Exists(r => r.Assignment.Intent != Intent.Run && r.Node.Dead is null);
    }

    private UpdateSpec Update =>
        _rollout.Stage == RolloutStage.RollingBack ? service.Deploy.Rollback : service.Deploy.Update;

    /// <summary>0 in the file means all at once.</summary>
    private int Parallelism(int desired) => Update.Parallelism > 0 ? Update.Parallelism : Math.Max(1, desired);

    private bool Drained(NodeName node)
    {
        foreach (var drained in _drained.AsSpan()) if (drained == node) return true;
        return false;
    }

    private bool IsStale(Standing replica) =>
        Outdated(replica) || _relief.Concerns(replica.Replica);

    private bool Outdated(Standing replica) =>
        _staleRevisions.Contains(replica.Assignment.Revision) || Drained(replica.Node.Name) || Misplaced(replica);

    private bool Misplaced(Standing replica) =>
        replica.Node.Seen is { } seen && service.Deploy.Placement.Constraints.Count > 0 &&
        !Placer.Satisfies(service, replica.Node.Name, seen.Value.Zone, seen.Value.Labels);

    private int Desired(List<Standing> fresh)
    {
        if (service.Deploy.Mode == DeployMode.Replicated) return state.Asked!.Value.ReplicasOf(service);
        var eligible = placement.Value.Eligible(service).ToHashSet();
        return eligible.Count + fresh.Count(r => !eligible.Contains(r.Node.Name) && !r.Node.Alive);
    }

    /// <summary>How many new replicas may be started now.</summary>
    private int Room(int live, int stale, List<Standing> fresh, int desired, int missing)
    {
        if (missing == 0) return 0;
        if (stale == 0) return missing;
        var parallelism = Parallelism(desired);
        var surge = _moving && Update.Order == UpdateOrder.StopFirst ? 0 : parallelism;
        var room = Math.Min(desired + surge - live, parallelism - fresh.Count(r => !r.Serving && service.Serves));
        if (_moving && OnTrial) room = Math.Min(room, parallelism - fresh.Count);
        if (_moving && facts.Paced.Contains(service.Name)) room = 0;
        if (_moving && _rollout.Stage == RolloutStage.Watching) room = 0;
        return Math.Max(0, room);
    }

    /// <summary>The first batch of a new revision is watched before the others follow.</summary>
    private bool OnTrial => _rollout.Stage == RolloutStage.Rolling && !_rollout.Admitted.Contains(service.Name);

    private int Start(int count, List<Standing> stale, List<Standing> fresh, int desired)
    {
        var answer = service.Deploy.Mode == DeployMode.Global
            ? placement.Value.PlaceOn(service, GlobalNodes(fresh).Take(count))
            : placement.Value.Place(service, count);
        if (answer.Refusal is { } refusal)
            waiting.Add(new Waiting(service.Name, refusal, count - answer.Nodes.Count));
        if (answer.Nodes.Count == 0) return 0;
        var (serial, because) = (NextSerial(), WhyStart(stale, fresh, desired));
        foreach (var node in answer.Nodes)
            steps.Add(new Step.Start(node, ReplicaName.Of(service.Name, serial++), service.Name, _rollout.Effective,
                because));
        return answer.Nodes.Count;
    }

    private long NextSerial()
    {
        foreach (var serial in _rollout.Serials) if (serial.Service == service.Name) return serial.Next;
        return 1;
    }

    private IEnumerable<NodeName> GlobalNodes(List<Standing> fresh)
    {
        var taken = fresh.Select(r => r.Node.Name).ToHashSet();
        return placement.Value.Eligible(service).Where(n => !taken.Contains(n));
    }

    private string WhyStart(List<Standing> stale, List<Standing> fresh, int desired)
    {
        if (_moving) return $"revision {_rollout.Effective} replaces revision {Oldest(stale)}";
        if (stale.Find(Outdated) is { } left) return $"it replaces {left.Replica}: {WhyStale(left)}";
        var dead = replicas.Find(r => r.Assignment.Intent == Intent.Run && r.Node.Dead is not null);
        return dead is not null
            ? $"it replaces {dead.Replica}, whose node {dead.Node.Name} is dead"
            : $"{desired} replicas are asked for and {fresh.Count} are assigned";
    }

    private string WhyStale(Standing replica) =>
        _staleRevisions.Contains(replica.Assignment.Revision) ? $"revision {_rollout.Effective} replaces it"
        : Drained(replica.Node.Name) ? $"node {replica.Node.Name} is being drained"
        : Misplaced(replica) ? $"node {replica.Node.Name} no longer meets its constraints"
        : _relief.Because(replica.Replica);

    private static int Oldest(List<Standing> stale) => stale.Min(r => r.Assignment.Revision);

    private void Drain(List<Standing> live, List<Standing> stale, List<Standing> fresh, int desired)
    {
        var stopFirst = _moving && Update.Order == UpdateOrder.StopFirst;
        var least = stopFirst ? Math.Max(0, desired - Parallelism(desired)) : desired;
        if (stopFirst && (facts.Paced.Contains(service.Name) || fresh.Any(r => !r.Serving && service.Serves)))
            least = desired;
        if (stopFirst && OnTrial) least = Math.Max(least, desired - Math.Max(0, Parallelism(desired) - fresh.Count));
        var (count, serving) = (live.Count, live.Count(r => r.Serving));
        foreach (var victim in Victims(stale, fresh, desired))
        {
            if (count <= least) break;
            if (!victim.Idle && serving - (victim.Serving ? 1 : 0) < least) continue;
            steps.Add(new Step.Drain(victim.Node.Name, victim.Replica,
                fresh.Contains(victim) ? $"{desired} replicas are asked for and {count} run" : WhyStale(victim)));
            count--;
            if (victim.Serving) serving--;
        }
    }

    /// <summary>Who goes first: stale before fresh, idle before serving; among fresh ones, who leaves the best
    /// spread.</summary>
    private IEnumerable<Standing> Victims(List<Standing> stale, List<Standing> fresh, int desired)
    {
        var surplus = fresh.Count - desired;
        var first = stale.OrderBy(r => !r.Idle).ThenBy(r => r.Replica);
        if (surplus <= 0) return first;
        var idle = fresh.Where(r => r.Idle).OrderByDescending(r => r.Replica).Take(surplus).ToList();
        var names =
            Placer.Victims(fresh.Except(idle).Select(r => (r.Replica, r.Node.Name, r.Node.Zone)), surplus - idle.Count);
        var byName = fresh.ToDictionary(r => r.Replica);
        return first.Concat(idle).Concat(names.Select(n => byName[n]));
    }

    /// <summary>Its node may return with it. It is asked to stop once its replacement serves, so that there are never
    /// fewer and, after the return, not more for long.</summary>
    private void GiveUpOnTheDead(List<Standing> fresh, int desired)
    {
        if (fresh.Count(r => r.Serving) < desired && service.Deploy.Mode == DeployMode.Replicated) return;
        foreach (var lost in replicas.Where(r => r.Assignment.Intent == Intent.Run && r.Node.Dead is not null))
            steps.Add(new Step.Stop(lost.Node.Name, lost.Replica, "its node is dead and it has been replaced"));
    }
}
