using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Numbers a machine's requests, so that an answer finds its question.</summary>
public sealed class Requests
{
    private long _last;
    public long Next() => ++_last;
}

/// <summary>Gets one lease and keeps it. Renews every TTL / 3. The holder's own deadline is the moment at which the
/// last
/// <em>answered</em> renewal was <em>sent</em>, plus the TTL, minus a margin of TTL / 10: the store cannot have granted
/// the lease's keys to another before that.</summary>
public sealed class LeaseKeeper(TimeSpan ttl, Requests requests)
{
    private long _pending;
    private Instant _askedAt;
    private Instant _deadline;

    /// <summary>0 while there is none.</summary>
    public long Lease { get; private set; }

    /// <summary>The store cannot have ended the present lease before this; zero while there is none.</summary>
    public Instant Deadline => Lease != 0 ? _deadline : Instant.Zero;

    public bool Held(Instant now) => Lease != 0 && now < _deadline;

    public void On(Event @event, Instant now, List<Effect> effects)
    {
        switch (@event)
        {
            case Event.Tick:
                Ask(now, effects);
                break;
            case Event.Leased leased when leased.Request == _pending:
                _pending = 0;
                Take(leased);
                break;
        }
    }

    /// <summary>Ends the lease on purpose, so that its keys go at once.</summary>
    public void Resign(List<Effect> effects)
    {
        if (Lease != 0) effects.Add(new Effect.Revoke(Lease));
        (Lease, _pending) = (0, 0);
    }

    private void Ask(Instant now, List<Effect> effects)
    {
        var waited = now - _askedAt;
        if (_pending != 0 ? waited < ttl : Lease != 0 && waited < ttl / 3) return;
        if (Lease != 0 && now >= _deadline + ttl) Lease = 0;
        (_pending, _askedAt) = (requests.Next(), now);
        effects.Add(Lease == 0
            ? new Effect.Grant(_pending, ttl)
            : new Effect.KeepAlive(_pending, Lease));
    }

    private void Take(Event.Leased leased)
    {
        var answer = leased.Answer;
        if (answer.Status != StoreStatus.Ok) return;
        if (answer.Ttl == TimeSpan.Zero)
        {
            Lease = 0;
            return;
        }
        Lease = answer.Lease;
        _deadline = leased.SentAt + ttl - ttl / 10;
    }
}
