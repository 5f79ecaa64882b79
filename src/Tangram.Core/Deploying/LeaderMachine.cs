using System.Collections.Immutable;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Deploying;

/// <summary>A server: stands for election and, while it leads, turns what is asked and what is seen into plans, one
/// transaction at a time. It remembers nothing that must outlive it.</summary>
public sealed class LeaderMachine : IMachine
{
    private readonly string _name;
    private readonly Requests _requests = new();
    private readonly CandidateMachine _candidate;
    private readonly Membership _membership = new();
    private Windows _windows = new();
    private ClusterState _state = ClusterState.Empty;
    private long? _term;
    private bool _stateIsNew;
    private long _pending;
    private Instant _pendingSince;
    private long _planFrom;
    private IReadOnlyList<Step> _pendingSteps = [];
    private string? _brake;

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
                (_state, _stateIsNew) = (changed.State, true);
                break;
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
        if (term != _term) Turn(term, effects);
        if (term is null || _state.Revision < _planFrom) return;
        if (_pending != 0 && now - _pendingSince < TimeSpan.FromSeconds(2)) return;
        if (@event is not (Event.Tick or Event.StateChanged)) return;
        if (!_stateIsNew && Settled)
        {
            Judge(now, effects, term.Value);
            return;
        }
        _stateIsNew = false;

        if (Judge(now, effects, term.Value)) return;
        _windows.BeginTurn();
        if (RolloutPolicy.Next(_state, _windows, now) is { } next)
        {
            Commit([new Step.Advance(next.Next, next.Because)], term.Value, now, effects);
            return;
        }
        var plan = Planner.Diff(_state, Facts(now));
        Waiting = plan.Waiting;
        if (plan.Steps.Count > 0) Commit(PlanTxn.FirstPart(_state, plan.Steps), term.Value, now, effects);
    }

    private void Turn(long? term, List<Effect> effects)
    {
        if (term is not null) effects.Add(new Effect.Announce(_name, $"leads in term {term}"));
        else effects.Add(new Effect.Announce(_name, "leads no more"));
        (_term, _stateIsNew, _pending, Waiting, _windows) = (term, true, 0, [], new Windows());
        _membership.Reset();
    }

    /// <summary>Nothing is on its way, so that time alone cannot make a step due.</summary>
    private bool Settled => _state.Rollout is { Value.Ended: true } rollout && Waiting.Count == 0 &&
        rollout.Value.Target == _state.Asked?.Value.Revision &&
        _state.Nodes.Values.All(n => n.Dead is not null || n.Assignments.All(a => a.Intent == Intent.Run));

    private bool Judge(Instant now, List<Effect> effects, long term)
    {
        var verdict = _membership.Judge(_state, now);
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
        Commit([.. steps.Take(PlanTxn.MostNodes)], term, now, effects);
        return true;
    }

    private static readonly ZoneName UnknownZone = ZoneName.Of("unknown");

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
        return new PlanningFacts(graceOver.ToImmutable(), paced.ToImmutable());
    }

    /// <summary>Changes whenever a batch of the service is started, and so restarts its window.</summary>
    private long StartsOf(ServiceName service) =>
        _state.Rollout!.Value.Serials.FirstOrDefault(s => s.Service == service)?.Next ?? 0;

    private void Commit(IReadOnlyList<Step> steps, long term, Instant now, List<Effect> effects)
    {
        (_pending, _pendingSince, _pendingSteps) = (_requests.Next(), now, steps);
        effects.Add(new Effect.Commit(_pending, PlanTxn.Of(_state, steps, term)));
    }

    /// <summary>Only what has certainly taken effect is announced. After a conflict or an unknown outcome the next
    /// state tells what is true, and the next plan starts from it.</summary>
    private void Answered(TxnAnswer answer, List<Effect> effects)
    {
        _pending = 0;
        _stateIsNew = true;
        if (answer is not { Status: StoreStatus.Ok, Succeeded: true }) return;
        _planFrom = answer.Revision;
        foreach (var step in _pendingSteps) effects.Add(new Effect.Announce(step.Subject, step.ToString()));
    }
}
