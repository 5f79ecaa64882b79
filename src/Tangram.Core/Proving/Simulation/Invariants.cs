using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>What must hold in every history. Written from the promises alone, without a look at how the planner
/// decides.</summary>
internal sealed class Invariants(Agenda agenda)
{
    private readonly List<string> _violations = [];
    private readonly Dictionary<ReplicaName, NodeName> _homes = [];
    private readonly Dictionary<ServiceName, long> _highest = [];

    public IReadOnlyList<string> Violations => _violations;

    public void Violated(string what)
    {
        if (_violations.Count < 20) _violations.Add($"{agenda.Now} {what}");
    }

    /// <summary>Called for every transaction that took effect, with the state right before it.</summary>
    public void Check(string who, ClusterState before, Txn txn, Func<string, string?> termHolder)
    {
        var leaderKeys = txn.Then.Select(KeyOf).Where(IsLeaders).ToArray();
        if (leaderKeys.Length == 0) return;
        var holder = before.Term is { } term ? termHolder(term.Value.Id) : null;
        if (holder != who)
            Violated(
                $"{who} wrote {leaderKeys[0]} while {holder ?? "nobody"} led: a write of an older term took effect");
        CheckWhatBecomesCurrent(before, txn);
        var taken = new Dictionary<ServiceName, int>();
        var serials = new Dictionary<ServiceName, long>(_highest);
        foreach (var put in txn.Then.OfType<StoreOp.Put>(
            ).Where(p => p.Key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)))
        {
            var node = NodeName.Of(put.Key[Keys.AssignedPrefix.Length..]);
            var after = Json.Read<Assigned>(put.Value).Replicas;
            CheckNode(before, node, after, taken, serials);
        }
        foreach (var (service, count) in taken) CheckMinimum(before, service, count);
    }

    /// <summary>A broken version must not outlive its watch where there was a better one to go back to: the first
    /// revision has none, and may itself be as bad.</summary>
    private void CheckWhatBecomesCurrent(ClusterState before, Txn txn)
    {
        if (before.Rollout?.Value is not { Current: > 0 } was) return;
        if (txn.Then.OfType<StoreOp.Put>().FirstOrDefault(p => p.Key == Keys.Rollout) is not { } put) return;
        var next = Json.Read<Rollout>(put.Value);
        if (next.Stage != RolloutStage.Done || next.Current == was.Current
            || before.Spec(next.Current) is not { } spec) return;
        var proven = before.Spec(was.Current);
        bool Better(ServiceName service) =>
            proven?.Find(service) is { } known && !Behaviours.IsBroken(known);
        if (spec.Services.FirstOrDefault(s => Behaviours.IsBroken(s) && Better(s.Name)) is { } broken)
            Violated($"{broken.Name}, which is {Behaviours.Of(broken)}, became current");
    }

    private static string KeyOf(StoreOp op) => op switch
    {
        StoreOp.Put p => p.Key, StoreOp.Delete d => d.Key, StoreOp.DeletePrefix d => d.Prefix, _ => "",
    };

    private static bool IsLeaders(string key) => key == Keys.Rollout ||
        key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)
            || key.StartsWith(Keys.JobPrefix, StringComparison.Ordinal)
            || key.StartsWith(Keys.DeadPrefix, StringComparison.Ordinal);

    private void CheckNode(ClusterState before, NodeName node, EquatableArray<Assignment> after,
        Dictionary<ServiceName, int> taken, Dictionary<ServiceName, long> serials)
    {
        var known = before.Nodes.GetValueOrDefault(node);
        var was = (known?.Assignments ?? []).ToDictionary(a => a.Replica);
        foreach (var a in after)
        {
            if (!was.Remove(a.Replica, out var old))
            {
                CheckNew(node, a, serials);
                continue;
            }
            if (old.Intent > a.Intent) Violated($"{a.Replica} went from {old.Intent} back to {a.Intent}");
            if (old.Intent == Intent.Run && a.Intent != Intent.Run && known!.Dead is null &&
                known.Find(a.Replica)?.Phase == Phase.Ready)
                taken[a.Service] = taken.GetValueOrDefault(a.Service) + 1;
            var withdrawn = known!.Seen is null && Singletons.Is(before, a);
            if (old.Intent == Intent.Run && a.Intent == Intent.Stop && known.Dead is null && !withdrawn)
                Violated($"{a.Replica} was stopped on a living node without being drained");
        }
        foreach (var lost in was.Values.Where(a => a.Intent != Intent.Stop && a.Ended is null))
            Violated($"{lost.Replica} was forgotten on {node} while its intent was {lost.Intent}");
    }

    private void CheckNew(NodeName node, Assignment a, Dictionary<ServiceName, long> serials)
    {
        var serial = long.Parse(a.Replica.Value.AsSpan(a.Replica.Value.LastIndexOf('-') + 1));
        if (_homes.TryGetValue(a.Replica, out var home))
            Violated($"{a.Replica} of {home} was assigned again, on {node}");
        if (serials.TryGetValue(a.Service, out var highest) && serial <= highest)
            Violated($"{a.Replica} has a serial below {highest}");
        _homes[a.Replica] = node;
        _highest[a.Service] = Math.Max(serial, _highest.GetValueOrDefault(a.Service));
    }

    /// <summary>Ready replicas that stay must be as many as asked, or as the stop-first batch size leaves.</summary>
    private void CheckMinimum(ClusterState before, ServiceName service, int taken)
    {
        var ready = before.Nodes.Values.Where(n => n.Dead is null).SelectMany(n => n.Assignments
            .Where(a =>
                a.Service == service && a.Intent == Intent.Run && n.Find(a.Replica)?.Phase == Phase.Ready)).Count();
        if (before.EffectiveSpec?.Find(service) is not { IsJob: false } spec || before.Asked is null)
            return;
        var desired = before.Asked.Value.ReplicasOf(spec);
        var update =
            before.Rollout!.Value.Stage == RolloutStage.RollingBack ? spec.Deploy.Rollback : spec.Deploy.Update;
        var least = update.Order == UpdateOrder.StopFirst
            ? desired - (update.Parallelism > 0 ? update.Parallelism : desired)
            : desired;
        if (ready - taken < least)
            Violated($"{taken} of {ready} ready replicas of {service} were taken, below the minimum of {least}");
    }

    /// <summary>After the trouble: what is asked is what runs, and nothing else does.</summary>
    public IEnumerable<string> NotConverged(ClusterState state, SimulatedProcesses processes,
        IReadOnlySet<NodeName> off)
    {
        if (state.Rollout is not { Value.Ended: true } || state.Rollout.Value.Target != state.Asked?.Value.Revision)
            yield return $"the rollout of revision {state.Asked?.Value.Revision} is " +
                         $"{state.Rollout?.Value.Stage}: {state.Rollout?.Value.Because}";
        foreach (var node in state.Nodes.Values)
        {
            if (node.Dead is not null && !off.Contains(node.Name)) yield return $"{node.Name} is back and still dead";
            foreach (var a in node.Assignments.Where(a => a.Intent != Intent.Run && !off.Contains(node.Name)))
                yield return $"{a.Replica} still has the intent {a.Intent}";
        }
        foreach (var service in state.EffectiveSpec?.Services.Where(s => !s.IsJob) ?? [])
        {
            var desired = state.Asked!.Value.ReplicasOf(service);
            var right = processes.Running.Count(p => p.Spec.Name == service.Name && p.Spec.Template == service.Template
                && p.Ready(agenda.Now) && state.Nodes[p.Node].Find(p.Replica)?.Phase == Phase.Ready
                && !state.Asked.Value.Drained.Contains(p.Node));
            if (right != desired && state.Rollout?.Value.Stage != RolloutStage.Failed)
                yield return $"{service.Name}: {right} of {desired} serve: {Describe(state, service.Name)}";
        }
        if (state.Rollout?.Value.Stage is RolloutStage.Done or RolloutStage.RolledBack)
            foreach (var uneven in NotEven(state)) yield return uneven;
        var assigned = state.Nodes.Values.SelectMany(n => n.Assignments).Select(a => a.Replica).ToHashSet();
        foreach (var orphan in processes.Running.Where(p => !assigned.Contains(p.Replica)))
            yield return $"{orphan.Replica} runs and nobody asks for it";
    }

    /// <summary>All nodes are back, and none is full: zones and the nodes of a zone differ by one at most.</summary>
    private static IEnumerable<string> NotEven(ClusterState state)
    {
        foreach (var service in state.EffectiveSpec?.Services.Where(s => !s.IsJob) ?? [])
        {
            var open = state.Nodes.Values.Where(n => n.Alive && !state.Asked!.Value.Drained.Contains(n.Name));
            var counts = open.Select(n => (n.Zone, Count: n.Assignments.Count(
                a => a.Service == service.Name && a.Intent == Intent.Run))).ToArray();
            var zones = counts.GroupBy(n => n.Zone).Select(z => (Sum: z.Sum(n => n.Count),
                Difference: z.Max(n => n.Count) - z.Min(n => n.Count))).ToArray();
            if (zones.Max(z => z.Sum) - zones.Min(z => z.Sum) > 1 || zones.Any(z => z.Difference > 1))
                yield return $"{service.Name} is unevenly spread: {Describe(state, service.Name)}";
        }
    }

    private static string Describe(ClusterState state, ServiceName service) => string.Join(", ",
        from node in state.Nodes.Values
        from a in node.Assignments
        where a.Service == service
        select $"{a.Replica} {node.Name} r{a.Revision} {a.Intent} {node.Find(a.Replica)?.Phase}");
}
