using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Stands for election. The leader is whoever created the key <c>term</c> under a lease; it leads while the
/// key is its own and its lease's deadline has not passed. A leader that cannot renew stops by itself.</summary>
/// <param name="id">Unique per process, so that a restarted server does not take its former self for itself.</param>
public sealed class CandidateMachine(string name, string id, TimeSpan ttl, Requests requests) : IMachine
{
    private readonly LeaseKeeper _lease = new(ttl, requests);
    private readonly Term _mine = new(name, id);
    private Versioned<Term>? _term;
    private bool _sawState;
    private long _pending;
    private long _stoodWith;
    private Instant _pendingSince;

    /// <summary>The revision of the term in which this process leads now, or null. A term that hangs on a lease of
    /// before is lost: the store may give it away at any moment.</summary>
    public long? Leading(Instant now) =>
        _term is { } term && term.Value == _mine && _lease.Lease == _stoodWith && _lease.Held(now)
            ? term.ModRevision
            : null;

    public void On(Event @event, Instant now, List<Effect> effects)
    {
        _lease.On(@event, now, effects);
        switch (@event)
        {
            case Event.StateChanged changed:
                (_term, _sawState) = (changed.State.Term, true);
                break;
            case Event.Committed committed when committed.Request == _pending:
                // The next state says how it ended. To ask again before the next tick would keep the store busy.
                _pending = 0;
                return;
        }
        if (!_sawState || _term is not null || !_lease.Held(now)) return;
        if (_pending != 0 && now - _pendingSince < ttl) return;
        (_pending, _pendingSince, _stoodWith) = (requests.Next(), now, _lease.Lease);
        effects.Add(new Effect.Commit(_pending, new Txn
        {
            Compares = [Compare.Absent(Keys.Term)],
            Then = [new StoreOp.Put(Keys.Term, Json.Write(_mine), _lease.Lease)],
        }));
    }

    public void Resign(List<Effect> effects) => _lease.Resign(effects);
}
