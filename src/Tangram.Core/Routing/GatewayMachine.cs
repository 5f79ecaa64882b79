using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Routing;

/// <summary>What the traffic of one gateway says, told at every tick and right after routes were published.</summary>
/// <param name="Applied">The <see cref="ClusterState.RoutedRevision"/> of the routes in force when it was observed, so
/// that a drain is never acknowledged with a count from before it.</param>
/// <param name="Busy">Draining replicas with requests in flight, sorted.</param>
public sealed record TrafficSeen(long Applied, EquatableArray<ReplicaName> Busy, EquatableArray<Outcomes> Outcomes)
    : Event
{
    /// <summary>As <see cref="GatewaySeen.Rates"/>.</summary>
    public EquatableArray<RateUse> Rates { get; init; } = [];

    /// <summary>See <see cref="GatewaySeen.Troubles"/>; a few of them.</summary>
    public EquatableArray<string> Troubles { get; init; }
}

/// <summary>What other gateways that listen where clients come told of their <see cref="GatewaySeen.Rates"/>; null when
/// there are none.</summary>
public sealed record ShareRates(EquatableArray<RateUse>? Others) : Effect;

/// <summary>Make routes of this state; the pump answers with <see cref="TrafficSeen"/> when they are in
/// force.</summary>
public sealed record PublishRoutes(ClusterState State) : Effect;

/// <summary>The control side of a gateway: follows the store, has routes published, and acknowledges what it has
/// applied, which is what a move waits for. It has no routes before it is registered, or a move that did not know of
/// it would not wait for it; but when it cannot be registered for a while, there is no store for a move either, and old
/// routes are better than none. Without a store it keeps its last routes.</summary>
public sealed class GatewayMachine : IMachine
{
    /// <summary>Outcomes alone are written at most this often; acknowledgements and drains go at once.</summary>
    private static readonly TimeSpan OutcomesEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>So that all gateways together write at most 1,000 acknowledgements a second. Up to a hundred gateways
    /// acknowledge at once.</summary>
    private static readonly TimeSpan AcknowledgementShare = TimeSpan.FromMilliseconds(1);

    /// <summary>Routes cost up to 1 µs of processor time for each replica when everything changes; more changes than
    /// that come together. In a cluster of a thousand replicas this is 1 ms.</summary>
    private static readonly TimeSpan RestPerReplica = TimeSpan.FromMicroseconds(1);

    /// <summary>A lease's life, which is longer than an election of the store.</summary>
    private readonly TimeSpan _patience;

    private readonly string _name, _instance;
    private readonly bool _public;
    private readonly Requests _requests = new();
    private readonly LeaseKeeper _lease;
    private ClusterState _state = ClusterState.Empty;
    private TrafficSeen _traffic = new(0, [], []);
    private GatewaySeen? _written;
    private long _writtenLease;
    private long _revision;
    private long? _registeredAt;
    private Instant? _begun;
    private long _published;
    private Instant _rest;
    private long _pending;
    private GatewaySeen? _pendingSeen;
    private Instant _pendingSince;
    private Instant _writtenAt;
    private bool _taken;
    private EquatableArray<RateUse>? _others;

    /// <param name="isPublic">It listens at the addresses that the spec names, and says so.</param>
    /// <param name="instance">See <see cref="GatewaySeen.Instance"/>.</param>
    public GatewayMachine(string name, bool isPublic, TimeSpan ttl, string instance = "")
    {
        (_name, _public, _patience, _instance) = (name, isPublic, ttl, instance);
        _lease = new LeaseKeeper(ttl, _requests);
    }

    /// <summary>The store has known of it at least once in this life.</summary>
    public bool Registered => _registeredAt is not null;

    /// <summary>It has waited long enough for the store to know of it, and serves by the state that it has.</summary>
    public bool Alone { get; private set; }

    public void On(Event @event, Instant now, List<Effect> effects)
    {
        _lease.On(@event, now, effects);
        Alone = !Registered && !_taken && now - (_begun ??= now) > _patience;
        switch (@event)
        {
            case Event.StateChanged changed:
                Take(changed.State, effects);
                break;
            case TrafficSeen traffic:
                _traffic = traffic;
                break;
            case Event.Committed committed when committed.Request == _pending:
                _pending = 0;
                // Of a lost answer nobody knows whether it was written, so the next one is written in any case; but at
                // the next state or tick: at once it would keep a store that refuses, or has changed, busy.
                _written = null;
                if (committed.Answer is not { Status: StoreStatus.Ok, Succeeded: true }) return;
                (_written, _revision) = (_pendingSeen, committed.Answer.Revision);
                _registeredAt ??= _revision;
                break;
        }
        Publish(now, effects);
        Acknowledge(now, effects);
    }

    public void Resign(List<Effect> effects) => _lease.Resign(effects);

    private void Take(ClusterState state, List<Effect> effects)
    {
        _state = state;
        if (!state.Recalled && state.Revision >= _revision)
            _revision = state.Gateways.GetValueOrDefault(_name)?.ModRevision ?? 0;
        HearRates(effects);
        if (state.Recalled) return;
        var taken = state.Gateways.GetValueOrDefault(_name) is { Value.Instance: not "" and var other }
            && other != _instance;
        if (taken && !_taken)
            effects.Add(new Effect.Announce(_name,
                $"another gateway, or an agent, has the name {_name}: this one waits until that one is gone, because " +
                "a drain would end when one of the two has drained. Give each a name of its own"));
        else if (_taken && !taken)
            effects.Add(new Effect.Announce(_name, $"the other of the name {_name} is gone: this one takes its place"));
        _taken = taken;
    }

    private void HearRates(List<Effect> effects)
    {
        var others = _state.Gateways.Where(g => g.Key != _name && g.Value.Value.Addresses.Count > 0).ToList();
        EquatableArray<RateUse>? told =
            others.Count == 0 ? null : others.SelectMany(g => g.Value.Value.Rates).ToEquatableArray();
        if (told == _others) return;
        _others = told;
        effects.Add(new ShareRates(told));
    }

    private void Publish(Instant now, List<Effect> effects)
    {
        if (_state.Revision == 0 || !(Alone || _state.Revision >= _registeredAt)) return;
        if (_state.RoutedRevision == _published || now < _rest) return;
        _published = _state.RoutedRevision;
        _rest = now + RestPerReplica * _state.Nodes.Values.Sum(n => n.Assignments.Count);
        effects.Add(new PublishRoutes(_state));
    }

    private void Acknowledge(Instant now, List<Effect> effects)
    {
        if (!_lease.Held(now) || _state.Revision == 0 || _taken) return;
        if (_pending != 0 && now - _pendingSince < TimeSpan.FromSeconds(2)) return;
        var rolling = _state.Rollout is { Value.Ended: false };
        var seen = new GatewaySeen
        {
            Addresses = _public ? _state.EffectiveSpec?.Addresses() ?? [] : [], Applied = _traffic.Applied, Busy =
                _traffic.Busy,
            Outcomes = rolling ? _traffic.Outcomes : [], Instance = _instance,
            Rates = _traffic.Rates, Troubles = _traffic.Troubles,
        };
        var kept = _writtenLease == _lease.Lease && _revision != 0 && _written is not null;
        if (kept && seen == _written) return;
        var spacing = AcknowledgementShare * _state.Gateways.Count;
        if (kept && spacing > Event.Tick.Every && now - _writtenAt < spacing) return;
        if (kept && seen with { Rates = _written!.Rates } == _written && now - _writtenAt < SharedRates.Every) return;
        if (kept && seen with { Outcomes = _written!.Outcomes, Rates = _written.Rates } == _written
            && now - _writtenAt < OutcomesEvery) return;
        (_pending, _pendingSince, _pendingSeen, _writtenAt) = (_requests.Next(), now, seen, now);
        _writtenLease = _lease.Lease;
        effects.Add(new Effect.Commit(_pending, new Txn
        {
            Compares = [Compare.Unchanged(Keys.Gateway(_name), _revision)],
            Then = [new StoreOp.Put(Keys.Gateway(_name), Json.Write(seen), _lease.Lease)],
        }));
    }
}
