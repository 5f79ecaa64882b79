using System.Collections.Immutable;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Deploying;

/// <summary>What this server's wall clock shows, and the occurrences of schedules that are due by it. Comes a few times
/// a second. Wall time is for people and names occurrences; nothing is timed by it.</summary>
public sealed record ClockRead(DateTimeOffset Now, EquatableArray<Due> Due) : Event;

/// <summary>A server: stands for election and, while it leads, turns what is asked and what is seen into plans, one
/// transaction at a time. It remembers nothing that must outlive it.</summary>
public sealed class LeaderMachine : IMachine
{
    /// <summary>A plan costs up to 1 µs of processor time for each replica; so planning takes a fifth of a core at
    /// most, however fast the agents report. In a cluster of a thousand replicas this is 5 ms.</summary>
    private static readonly TimeSpan RestPerReplica = TimeSpan.FromMicroseconds(5);

    /// <summary>While more nodes are being declared dead the count still grows.</summary>
    private static readonly TimeSpan ShortFor = TimeSpan.FromSeconds(1);

    /// <summary>A gateway that was away for longer has lost its connections' clients too, or is gone for
    /// good.</summary>
    private static readonly TimeSpan GatewayMissed = TimeSpan.FromSeconds(30);

    /// <summary>Beyond what a start may take, for a replica that is to relieve another.</summary>
    private static readonly TimeSpan SlowMove = TimeSpan.FromSeconds(30);

    private readonly string _name;
    private readonly Dictionary<string, Instant> _missed = new(StringComparer.Ordinal);
    private readonly Requests _requests = new();
    private readonly CandidateMachine _candidate;
    private readonly Membership _membership = new();
    private readonly Calmness _calmness = new();
    private Windows _windows = new();
    private ClusterState _state = ClusterState.Empty;
    private long? _term;
    private bool _stateIsNew;
    private long _pending;
    private Instant _pendingSince;
    private long _planFrom;
    private IReadOnlyList<Step> _pendingSteps = [];
    private readonly Queue<IReadOnlyList<Step>> _parts = new();
    private ClusterState _planned = ClusterState.Empty;
    private (ClusterState? State, bool Is) _allRun;
    private Instant _rest;
    private string? _brake;
    private bool _short;
    private DateTimeOffset? _wall;
    private EquatableArray<Due> _due;
    private bool _plannedCalm;

    /// <param name="id">Unique per process; see <see cref="CandidateMachine"/>.</param>
    public LeaderMachine(string name, string id, TimeSpan ttl)
    {
        _name = name;
        _candidate = new CandidateMachine(name, id, ttl, _requests);
    }

    /// <summary>What waits now, and why; empty while it does not lead.</summary>
    public EquatableArray<Waiting> Waiting { get; private set; }

    public long? Leading(Instant now) => _candidate.Leading(now);

    public void On(Event @event, Instant now, List<Effect> effects)
    {
        _candidate.On(@event, now, effects);
        switch (@event)
        {
            case Event.StateChanged changed:
                MissGateways(changed.State, now);
                _calmness.Take(changed.State, now);
                (_state, _stateIsNew) = (changed.State, true);
                break;
            case ClockRead clock:
                // A schedule that is met for the first time waits for the first reading.
                _stateIsNew |= _wall is null;
                (_wall, _due) = (clock.Now, clock.Due);
                return;
            case Event.Heard heard:
                _membership.Hear(heard.Message, now);
                return;
            case Event.Committed committed when committed.Request == _pending:
                Answered(committed.Answer, effects);
                break;
        }
        Lead(@event, now, effects);
    }

    /// <summary>Hands the leadership over at once; part of an orderly stop.</summary>
    public void Resign(List<Effect> effects) => _candidate.Resign(effects);

    private void Lead(Event @event, Instant now, List<Effect> effects)
    {
        var term = _candidate.Leading(now);
        if (term != _term) Turn(term, now, effects);
        if (term is null) return;
        if (_pending == 0 && _parts.TryDequeue(out var part))
        {
            Send(part, term.Value, now, effects);
            return;
        }
        if (_state.Revision < _planFrom) return;
        if (_pending != 0 && now - _pendingSince < TimeSpan.FromSeconds(2)) return;
        if (@event is not Event.Tick && (@event is not Event.StateChanged || now < _rest)) return;
        if (Judge(now, effects, term.Value) || (!_stateIsNew && Settled && Calm(now) == _plannedCalm) || now < _rest)
            return;
        _stateIsNew = false;
        _rest = now + RestPerReplica * _state.Nodes.Values.Sum(n => n.Assignments.Count);

        _windows.BeginTurn();
        // Before anything can end the turn: a window that is passed over begins again.
        var facts = Facts(now);
        if (RolloutPolicy.Next(_state, _windows, now) is { } next)
        {
            Commit([[new Step.Advance(next.Next, next.Because)]], term.Value, now, effects);
            return;
        }
        var plan = Planner.Diff(_state, facts);
        Waiting = plan.Waiting;
        SayShortage(now, effects);
        if (plan.Steps.Count > 0) Commit(PlanTxn.Parts(_state, plan.Steps), term.Value, now, effects);
    }

    private void Turn(long? term, Instant now, List<Effect> effects)
    {
        _calmness.Disturb(now);
        if (term is not null) effects.Add(new Effect.Announce(_name, $"leads in term {term}"));
        else effects.Add(new Effect.Announce(_name, "leads no more"));
        (_term, _stateIsNew, _pending, Waiting, _windows) = (term, true, 0, [], new Windows());
        (_rest, _short) = (Instant.Zero, false);
        _parts.Clear();
        _membership.Reset();
    }

    /// <summary>Nothing is on its way, so that time alone cannot make a step due.</summary>
    private bool Settled => _state.Rollout is { Value.Ended: true } rollout && Waiting.Count == 0 && _due.Count == 0 &&
        rollout.Value.Target == _state.Asked?.Value.Revision && AllRun;

    /// <summary>No replica of a living node is on its way out, or to another node. Of one state it is found out
    /// once.</summary>
    private bool AllRun
    {
        get
        {
            if (!ReferenceEquals(_allRun.State, _state))
                _allRun = (_state, _state.Nodes.Values.All(
                    n => n.Dead is not null || n.Assignments.All(a => a.Intent == Intent.Run))
                    && Relief.UnderWay(_state).Count == 0);
            return _allRun.Is;
        }
    }

    /// <summary>When the living nodes cannot carry everything, the nodes that died stay dead, so that gateways leave
    /// them; what has room is placed, a service of which nothing is left first; nothing is placed beyond what a node
    /// offers; and it is said what is missing.</summary>
    private void SayShortage(Instant now, List<Effect> effects)
    {
        var homeless = Waiting.Where(w => w.Homeless > 0).ToArray();
        var count = homeless.Sum(w => w.Homeless);
        var stands = _windows.Held($"homeless {count}", count > 0, now) >= ShortFor;
        if (_short ? count > 0 : !stands) return;
        _short = count > 0;
        effects.Add(new Effect.Announce("cluster", !_short
            ? "every replica has room again"
            : $"the living nodes cannot carry everything: {count} replicas of {homeless.Length} services have no " +
              $"room, the first of {homeless[0].Service}: {homeless[0].Because}. What runs goes on running and " +
              "nothing is placed beyond what a node offers. Bring nodes back, add some, or ask for less"));
    }

    private bool Judge(Instant now, List<Effect> effects, long term)
    {
        var verdict = _membership.Judge(_state, now);
        if (_membership.Doubts) _calmness.Disturb(now);
        if (verdict.Brake != _brake)
        {
            _brake = verdict.Brake;
            if (_brake is not null) effects.Add(new Effect.Announce("cluster", _brake));
        }
        var steps = new List<Step>();
        foreach (var (node, because) in verdict.Died)
        {
            var seen = _state.Nodes[node].Seen?.Value;
            steps.Add(new Step.DeclareDead(node, new Dead(seen?.Zone ?? UnknownZone, seen?.Incarnation ?? 0, because),
                because));
        }
        foreach (var (node, because) in verdict.Returned) steps.Add(new Step.Welcome(node, because));
        if (steps.Count == 0) return false;
        Commit([.. steps.Chunk(PlanTxn.MostDeclared)], term, now, effects);
        return true;
    }

    private static readonly ZoneName UnknownZone = ZoneName.Of("unknown");

    /// <summary>Remembers gateways that vanish, also while another server leads. One that is on a node which is dead is
    /// dead with it.</summary>
    private void MissGateways(ClusterState next, Instant now)
    {
        foreach (var name in _state.Gateways.Keys)
            if (!next.Gateways.ContainsKey(name)) _missed[name] = now;
        foreach (var name in _missed.Keys.ToArray())
            if (next.Gateways.ContainsKey(name) || now - _missed[name] >= GatewayMissed
                || next.Nodes.Values.Any(n => n.Dead is not null && n.Name.Value == name)) _missed.Remove(name);
    }

    private PlanningFacts Facts(Instant now)
    {
        var graceOver = ImmutableHashSet.CreateBuilder<ReplicaName>();
        var paced = ImmutableHashSet.CreateBuilder<ServiceName>();
        foreach (var node in _state.Nodes.Values)
            foreach (var a in node.Assignments.Where(a => a.Intent == Intent.Drain))
            {
                var grace = _state.Spec(a.Revision)?.Find(a.Service)?.StopGracePeriod ?? TimeSpan.Zero;
                if (_windows.Held($"drain {a.Replica}", true, now) >= grace) graceOver.Add(a.Replica);
            }
        if (_state.Rollout is { Value.Ended: false } && _state.EffectiveSpec is { } spec)
            foreach (var service in spec.Services.Where(s => s.Deploy.Update.Delay > TimeSpan.Zero))
                if (_windows.Held($"pace {service.Name} {StartsOf(service.Name)}", true,
                    now) < service.Deploy.Update.Delay)
                    paced.Add(service.Name);
        var overdue = Overdue(now);
        return new PlanningFacts(graceOver.ToImmutable(), paced.ToImmutable(), GatewayAway(now), _wall)
        {
            Due = [.. _due],
            Calm = _plannedCalm = Calm(now), Back = _calmness.Back, Overdue = overdue,
            Resting = _calmness.Resting(now),
        };
    }

    private bool GatewayAway(Instant now) => _missed.Values.Any(since => now - since < GatewayMissed);

    private bool Calm(Instant now) => _calmness.Is(now) && !GatewayAway(now);

    /// <summary>Of the replicas that are to relieve others, those that do not become ready. Their services
    /// rest.</summary>
    private ImmutableHashSet<ReplicaName> Overdue(Instant now)
    {
        var overdue = ImmutableHashSet.CreateBuilder<ReplicaName>();
        foreach (var (node, assignment) in Relief.UnderWay(_state))
        {
            var seen = node.Find(assignment.Replica);
            var patience = SlowMove + (_state.EffectiveSpec?.Find(assignment.Service)?.StartTimeout ?? TimeSpan.Zero);
            var late = _windows.Held($"move {assignment.Replica}", seen?.Phase != Phase.Ready, now) > patience;
            var failed = seen is { FailedStarts: >= 2 } or { Phase: Phase.Failed or Phase.Completed };
            if (!late && !failed) continue;
            overdue.Add(assignment.Replica);
            _calmness.GiveUp(assignment.Service, now);
        }
        return overdue.ToImmutable();
    }

    /// <summary>Changes whenever a batch of the service is started, and so restarts its window.</summary>
    private long StartsOf(ServiceName service) =>
        _state.Rollout!.Value.Serials.FirstOrDefault(s => s.Service == service)?.Next ?? 0;

    private void Commit(IReadOnlyList<IReadOnlyList<Step>> parts, long term, Instant now, List<Effect> effects)
    {
        _parts.Clear();
        foreach (var part in parts) _parts.Enqueue(part);
        _planned = _state;
        Send(_parts.Dequeue(), term, now, effects);
    }

    private void Send(IReadOnlyList<Step> part, long term, Instant now, List<Effect> effects)
    {
        (_pending, _pendingSince, _pendingSteps) = (_requests.Next(), now, part);
        effects.Add(new Effect.Commit(_pending, PlanTxn.Of(_planned, part, term)));
    }

    /// <summary>Only what has certainly taken effect is announced. After a conflict or an unknown outcome the next
    /// state tells what is true, and the next plan starts from it.</summary>
    private void Answered(TxnAnswer answer, List<Effect> effects)
    {
        _pending = 0;
        _stateIsNew = true;
        if (answer is not { Status: StoreStatus.Ok, Succeeded: true })
        {
            _parts.Clear();
            return;
        }
        _planFrom = answer.Revision;
        if (_parts.Count > 0) _planned = PlanTxn.After(_planned, _pendingSteps, answer.Revision);
        // How a job's replica ended is said of its run.
        foreach (var step in _pendingSteps)
            if (step is not Step.Settle) effects.Add(new Effect.Announce(step.Subject, step.ToString()));
    }
}
