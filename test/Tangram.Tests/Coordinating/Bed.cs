using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

/// <summary>A pump for one machine: a store of its own, a clock that the test turns, and every effect kept.</summary>
internal sealed class Bed(IMachine machine, StoreEngine? store = null)
{
    /// <summary>A machine that answers an answer by a request more often than this would never rest.</summary>
    private const int MostRounds = 50;

    private ClusterState _last = ClusterState.Empty;
    private ClusterState _followed = ClusterState.Empty;

    public StoreEngine Store { get; } = store ?? new StoreEngine();
    public Instant Now { get; private set; } = new(TimeSpan.TicksPerHour);

    /// <summary>Since the last <see cref="Forget"/>.</summary>
    public List<Effect> Effects { get; } = [];

    /// <summary>What the store says to transactions instead of carrying them out.</summary>
    public StoreStatus? Says { get; set; }

    /// <summary>To so many of them.</summary>
    public int Times { get; set; } = int.MaxValue;

    /// <summary>The store carries transactions out also when it says otherwise.</summary>
    public bool Happens { get; set; }

    /// <summary>No lease call is answered.</summary>
    public bool LeasesLost { get; set; }

    /// <summary>Changes in the store are not seen.</summary>
    public bool Blind { get; set; }

    /// <summary>Listed once, and followed since.</summary>
    public ClusterState State => _followed = _followed.Revision == 0
        ? ClusterState.From(Store.Range(""))
        : Store.History("", _followed.Revision + 1).Aggregate(_followed, (state, batch) => state.Apply(batch));
    public IEnumerable<Txn> Commits => Effects.OfType<Effect.Commit>().Select(c => c.Txn);
    public IEnumerable<string> Announced => Effects.OfType<Effect.Announce>().Select(a => a.What);

    public Bed Forget()
    {
        Effects.Clear();
        return this;
    }

    /// <summary>Ticks for a while. The machine sees every change, as soon as it has happened.</summary>
    public Bed Run(double seconds)
    {
        for (var end = Now + TimeSpan.FromSeconds(seconds); Now < end;)
        {
            Now += Event.Tick.Every;
            Store.Expire(Now);
            See();
            Give(new Event.Tick());
            See();
        }
        return this;
    }

    /// <summary>Time passes and the machine does not notice.</summary>
    public Bed Sleep(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        return this;
    }

    public Bed See()
    {
        for (var round = 0; !Blind && State.Revision != _last.Revision; round++)
        {
            Assert.True(round < MostRounds, "the machine writes at everything that it sees");
            Give(new Event.StateChanged(_last = State));
        }
        return this;
    }

    public Bed Give(Event @event)
    {
        var events = new Queue<Event>([@event]);
        for (var round = 0; events.TryDequeue(out var next); round++)
        {
            Assert.True(round < MostRounds, "the machine answers every answer by a request, without a pause");
            var effects = new List<Effect>();
            machine.On(next, Now, effects);
            Effects.AddRange(effects);
            foreach (var effect in effects)
                if (Answer(effect) is { } answer) events.Enqueue(answer);
        }
        return this;
    }

    public Bed Put<T>(string key, T document, long lease = 0)
    {
        var (answer, _) = Store.Apply(new Txn { Then = [new StoreOp.Put(key, Json.Write(document), lease)] });
        Assert.Equal(StoreStatus.Ok, answer.Status);
        return this;
    }

    private Event? Answer(Effect effect)
    {
        switch (effect)
        {
            case Effect.Commit commit:
                var said = Times > 0 ? Says : null;
                if (said is not null) Times--;
                var real = said is null || Happens ? Store.Apply(commit.Txn).Answer : null;
                return new Event.Committed(commit.Request, said is null ? real! : TxnAnswer.Failed(said.Value, ""));
            case Effect.Grant grant when !LeasesLost:
                return new Event.Leased(grant.Request, Store.Grant(grant.Ttl, Now), Now);
            case Effect.KeepAlive keep when !LeasesLost:
                return new Event.Leased(keep.Request, Store.KeepAlive(keep.Lease, Now), Now);
            case Effect.Revoke revoke:
                Store.Revoke(revoke.Lease);
                return null;
            default:
                return null;
        }
    }
}
