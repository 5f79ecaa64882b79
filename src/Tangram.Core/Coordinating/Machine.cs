using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>A protocol without I/O. The pump (a loop in the shell, or the simulator) hands it one event at a time and
/// carries out the effects in the order given; the order is a contract. Same events, same times: same
/// effects.</summary>
/// <remarks>A machine keeps its state in fields rather than returning a new self: the pump owns it alone, and a
/// cluster of 5,000 nodes need not be copied per event.</remarks>
public interface IMachine
{
    void On(Event @event, Instant now, List<Effect> effects);
}

/// <summary>Something happened. Each machine ignores what does not concern it.</summary>
public abstract record Event
{
    /// <summary>Comes every <see cref="Tick.Every"/> or so; a late one is only late.</summary>
    public sealed record Tick : Event
    {
        public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    }

    /// <summary>The store as this process now sees it. States are never skipped backwards.</summary>
    public sealed record StateChanged(ClusterState State) : Event;

    public sealed record Committed(long Request, TxnAnswer Answer) : Event;

    /// <summary>The answer to a grant or a renewal. <paramref name="SentAt"/>: when it was sent, for the
    /// deadline.</summary>
    public sealed record Leased(long Request, LeaseAnswer Answer, Instant SentAt) : Event;

    public sealed record Heard(Message Message) : Event;
}

/// <summary>Something to do. The pump answers a numbered effect by an event with the same number.</summary>
public abstract record Effect
{
    public sealed record Commit(long Request, Txn Txn) : Effect;
    public sealed record Grant(long Request, TimeSpan Ttl) : Effect;
    public sealed record KeepAlive(long Request, long Lease) : Effect;
    public sealed record Revoke(long Lease) : Effect;

    /// <summary>To a node's agent, or to every server when <paramref name="To"/> is null. May be lost.</summary>
    public sealed record Send(NodeName? To, Message Message) : Effect;

    /// <summary>Something people may want to know; goes to the event log.</summary>
    public sealed record Announce(string Subject, string What) : Effect;
}

/// <summary>"I live": from an agent to its neighbours and to the servers.</summary>
/// <param name="Unheard">The nodes it watches from which it has heard nothing for the suspicion time.</param>
public sealed record Message(NodeName From, long Incarnation, EquatableArray<NodeName> Unheard);
