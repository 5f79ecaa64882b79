using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>What a node is, told once when its agent starts.</summary>
/// <param name="Incarnation">Grows with every start of the agent on this node.</param>
/// <param name="Address">See <see cref="Seen.Address"/>; so for the others.</param>
public sealed record NodeIdentity(NodeName Name, ZoneName Zone, EquatableArray<Variable> Labels, Resources Capacity,
    long Incarnation, string? Address = null, string? Link = null, string Instance = "");

/// <summary>The whole node is to end in order: every replica is stopped, whatever it is assigned. Answered by
/// <see cref="EverythingStopped"/>.</summary>
public sealed record StopEverything : Event;

/// <summary>No replica runs, and none will be started.</summary>
public sealed record EverythingStopped : Effect;

/// <summary>The agent is about to end, and another will follow it; the replicas run on. Answered by
/// <see cref="AgentLeft"/>.</summary>
public sealed record AgentLeaves : Event;

/// <summary>The agent may end: the store says that it is away, or cannot be told.</summary>
public sealed record AgentLeft : Effect;

/// <summary>A node's agent: runs what its node is assigned, reports what it sees, tells its neighbours that it lives.
/// Without a store it goes on running what it was last assigned.</summary>
public sealed class AgentMachine : IMachine
{
    /// <summary>So all agents together write at most 10,000 reports a second, which etcd takes, when a zone is lost and
    /// a third of all replicas start at once.</summary>
    private static readonly TimeSpan ReportShare = TimeSpan.FromMicroseconds(100);

    private readonly NodeIdentity _identity;
    private readonly Requests _requests = new();
    private readonly LeaseKeeper _lease;
    private readonly Tenure _tenure;
    private readonly SortedDictionary<ReplicaName, ReplicaMachine> _replicas = [];
    private readonly Dictionary<NodeName, Instant> _heard = [];
    private ClusterState _state = ClusterState.Empty;
    private Ring _ring = ClusterState.Empty.Ring;
    private Instant _nextHeartbeat;
    private EquatableArray<NodeName> _accused;
    private Instant _lastTick;
    private Seen? _written;
    private long _writtenLease;
    private long _seenRevision;
    private long _pending;
    private Seen? _pendingSeen;
    private long _pendingLease;
    private Instant _pendingSince;
    private Instant _writtenAt;
    private bool _stopping;
    private bool _leaving;
    private long _goodbye;
    private bool _saidTaken;
    private Instant _guarded;

    /// <param name="guarded">Until when the guard lets surviving singletons run; see
    /// <see cref="GuardSingletons"/>.</param>
    public AgentMachine(NodeIdentity identity, TimeSpan ttl, IEnumerable<Survivor> survivors, Instant now,
        Instant guarded = default)
    {
        (_identity, _guarded) = (identity, guarded);
        _lease = new LeaseKeeper(ttl, _requests);
        _tenure = new Tenure(ttl, guarded);
        foreach (var survivor in survivors)
        {
            var machine = _replicas[survivor.Replica] = new ReplicaMachine(survivor.Replica, _tenure);
            if (survivor.Pid > 0) machine.Adopt(survivor, now);
            else machine.Remember(survivor);
        }
    }

    public void On(Event @event, Instant now, List<Effect> effects)
    {
        _lease.On(@event, now, effects);
        switch (@event)
        {
            case Event.StateChanged changed when !_stopping:
                Take(changed.State, effects);
                break;
            case AgentLeaves:
                _leaving = true;
                break;
            case Event.Leased leased when leased.Request == _goodbye:
                SayGoodbye(leased.Answer, effects);
                break;
            case Event.Committed committed when committed.Request == _goodbye:
                effects.Add(new AgentLeft());
                break;
            case StopEverything:
                _stopping = true;
                foreach (var machine in _replicas.Values) machine.Unassign();
                break;
            case ReplicaEvent happened when _replicas.TryGetValue(happened.Replica, out var machine):
                machine.On(happened, now, effects);
                break;
            case Event.Heard heard:
                _heard[heard.Message.From] = now;
                return;
            case Event.Committed committed when committed.Request == _pending:
                _pending = 0;
                // Of a lost answer nobody knows whether it was written, so the next one is written in any case; but at
                // the next state or tick: at once it would keep a store that refuses, or has changed, busy.
                _written = null;
                if (committed.Answer is not { Status: StoreStatus.Ok, Succeeded: true }) return;
                (_written, _writtenLease, _seenRevision) = (_pendingSeen, _pendingLease, committed.Answer.Revision);
                _tenure.Confirm(_pendingLease, committed.Answer.Revision);
                break;
            case Event.Tick:
                Heartbeat(now, effects);
                break;
        }
        Guard(effects);
        foreach (var machine in _replicas.Values) machine.Turn(now, effects);
        if (_stopping && _replicas.Values.All(r => r.AtRest)) effects.Add(new EverythingStopped());
        if (_leaving) Leave(now, effects);
        else Report(now, effects);
    }

    /// <summary>Ends the lease, unless a singleton may run: then the lease has to run out.</summary>
    public void Resign(List<Effect> effects)
    {
        if (!_replicas.Values.Any(r => r is { Singleton: true, AtRest: false })) _lease.Resign(effects);
    }

    private void Guard(List<Effect> effects)
    {
        _tenure.Renew(_lease, _state, _identity);
        if (_tenure.Until <= _guarded || !_replicas.Values.Any(r => r.Singleton)) return;
        effects.Add(new GuardSingletons(_guarded = _tenure.Until));
    }

    private void Take(ClusterState state, List<Effect> effects)
    {
        if (!ReferenceEquals(state.Ring, _ring)) Watch(state.Ring);
        _state = state;
        if (!state.Recalled && state.Revision >= _seenRevision)
            _seenRevision = state.Nodes.GetValueOrDefault(_identity.Name)?.Seen?.ModRevision ?? 0;
        var assigned = state.Nodes.GetValueOrDefault(_identity.Name)?.Assignments ?? [];
        var names = new HashSet<ReplicaName>();
        foreach (var assignment in assigned)
        {
            names.Add(assignment.Replica);
            if (!_replicas.TryGetValue(assignment.Replica, out var machine))
                machine = _replicas[assignment.Replica] = new ReplicaMachine(assignment.Replica, _tenure);
            if (state.Spec(assignment.Revision)?.Find(assignment.Service) is { } spec) machine.Assign(assignment, spec);
        }
        // What was assigned since the copy was made runs on.
        if (state.Recalled) return;
        foreach (var (name, machine) in _replicas.Where(r => !names.Contains(r.Key)).ToArray())
        {
            if (!machine.AtRest) machine.Unassign();
            else
            {
                _replicas.Remove(name);
                effects.Add(new ReplicaEffect.Forget(name));
            }
        }
    }

    /// <summary>A node that was not watched until now is not accused of an old silence.</summary>
    private void Watch(Ring ring)
    {
        foreach (var node in _heard.Keys.Except(_ring.WatchedBy(_identity.Name)).ToArray()) _heard.Remove(node);
        _ring = ring;
    }

    /// <summary>A heartbeat at its time, and a word to the servers at once when one more node has fallen
    /// silent.</summary>
    private void Heartbeat(Instant now, List<Effect> effects)
    {
        // An agent that was itself asleep has no right to count its neighbours' silence.
        if (now - _lastTick > Membership.Heartbeat * 2) _heard.Clear();
        _lastTick = now;
        var unheard = Unheard(now);
        var due = now >= _nextHeartbeat;
        if (due) _nextHeartbeat = now + Membership.Heartbeat;
        else if (!unheard.Except(_accused).Any()) return;
        _accused = unheard;
        var message = new Message(_identity.Name, _identity.Incarnation, unheard);
        effects.Add(new Effect.Send(null, message));
        if (!due) return;
        foreach (var watcher in _ring.WatchersOf(_identity.Name)) effects.Add(new Effect.Send(watcher, message));
    }

    /// <summary>The watched nodes that have been silent for so long that the leader, which waits a little longer, has
    /// this node's word before it asks itself.</summary>
    private EquatableArray<NodeName> Unheard(Instant now)
    {
        List<NodeName>? unheard = null;
        foreach (var watched in _ring.WatchedBy(_identity.Name))
        {
            if (!_heard.TryGetValue(watched, out var at)) _heard[watched] = at = now;
            if (now - at >= Membership.Silence - Membership.Heartbeat / 2) (unheard ??= []).Add(watched);
        }
        return unheard?.ToEquatableArray() ?? [];
    }

    /// <summary>Whether what it would write differs from what it wrote; asked after every event, so it makes
    /// nothing.</summary>
    private bool Changed
    {
        get
        {
            if (_writtenLease != _lease.Lease || _seenRevision == 0) return true;
            if (_written is null || _written.Replicas.Count != _replicas.Count) return true;
            var i = 0;
            foreach (var machine in _replicas.Values) if (_written.Replicas[i++] != machine.Seen) return true;
            return false;
        }
    }

    /// <summary>The least time between two reports. In a cluster of up to a thousand nodes there is none.</summary>
    private TimeSpan Spacing
    {
        get
        {
            var spacing = ReportShare * _state.Nodes.Count;
            return spacing > Event.Tick.Every ? spacing : TimeSpan.Zero;
        }
    }

    /// <summary>The name is another's as long as that one's lease lives: two agents of one name would each start what
    /// the other runs.</summary>
    private bool Taken(List<Effect> effects)
    {
        var seen = _state.Nodes.GetValueOrDefault(_identity.Name)?.Seen?.Value;
        var taken = seen is not null && seen.Instance != _identity.Instance;
        if (taken && !_saidTaken)
            effects.Add(new Effect.Announce(_identity.Name.Value,
                $"another agent, at {seen!.Address ?? "this machine"}, has the name {_identity.Name}: this one waits " +
                "until that one is gone. Give each machine a name of its own"));
        _saidTaken = taken;
        return taken || seen?.Incarnation > _identity.Incarnation;
    }

    /// <summary>Writes <c>seen/NODE</c> when it differs from what was last written, or hangs on a lease that is
    /// gone.</summary>
    private void Report(Instant now, List<Effect> effects)
    {
        if (!_lease.Held(now) || (_pending != 0 && now - _pendingSince < TimeSpan.FromSeconds(2))) return;
        if (Taken(effects)) return;
        if (!Changed || (_written is not null && _writtenLease == _lease.Lease && now < _writtenAt + Spacing)) return;
        var seen = Present();
        (_pending, _pendingSince, _pendingSeen, _pendingLease) = (_requests.Next(), now, seen, _lease.Lease);
        _writtenAt = now;
        effects.Add(Write(_pending, seen, _lease.Lease));
    }

    /// <summary>Once what is being written is written: the last word is under a lease of its own, which lasts until the
    /// next agent is there.</summary>
    private void Leave(Instant now, List<Effect> effects)
    {
        if (_goodbye != 0 || (_pending != 0 && now - _pendingSince < TimeSpan.FromSeconds(2))) return;
        _goodbye = _requests.Next();
        if (_lease.Held(now) && _seenRevision != 0) effects.Add(new Effect.Grant(_goodbye, Membership.AwayTime));
        else effects.Add(new AgentLeft());
    }

    private void SayGoodbye(LeaseAnswer answer, List<Effect> effects)
    {
        _goodbye = _requests.Next();
        if (answer.Status == StoreStatus.Ok)
            effects.Add(Write(_goodbye, Present() with { Away = true }, answer.Lease));
        else effects.Add(new AgentLeft());
    }

    private Seen Present() => new()
    {
        Incarnation = _identity.Incarnation, Zone = _identity.Zone, Labels = _identity.Labels,
        Capacity = _identity.Capacity, Address = _identity.Address, Link = _identity.Link,
        Instance = _identity.Instance, Replicas = _replicas.Values.Select(r => r.Seen).ToEquatableArray(),
    };

    private Effect.Commit Write(long request, Seen seen, long lease) => new(request, new Txn
    {
        Compares = [Compare.Unchanged(Keys.Seen(_identity.Name), _seenRevision)],
        Then = [new StoreOp.Put(Keys.Seen(_identity.Name), Json.Write(seen), lease)],
    });
}
