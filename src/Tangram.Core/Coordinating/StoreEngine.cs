using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>etcd v3's semantics without I/O, clock or thread: the memory store, the SQLite store and the simulator's
/// store are shells around it. Not thread-safe; <see cref="State"/> may be handed to any thread.</summary>
public sealed class StoreEngine
{
    /// <summary>So many revisions of history are kept, that a watch may lag or reconnect without listing again, and
    /// memory stays bounded.</summary>
    public const int DefaultHistory = 10_000;

    /// <summary>A bound that keeps deadlines in range; nothing here wants a lease of more than minutes.</summary>
    public static readonly TimeSpan LongestTtl = TimeSpan.FromDays(365);

    private readonly int _history;

    /// <param name="state">Where to start; an empty store when null.</param>
    /// <param name="history">How many revisions of history to keep.</param>
    public StoreEngine(StoreState? state = null, int history = DefaultHistory)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(history);
        _history = history;
        State = state ?? StoreState.Empty;
    }

    public StoreState State { get; private set; }

    public RangeAnswer Range(string prefix) => new(StoreStatus.Ok, State.Revision, State.Range(prefix));

    /// <summary>Compares and writes. The batch is null when nothing changed.</summary>
    public (TxnAnswer Answer, StoreBatch? Batch) Apply(Txn txn)
    {
        if (TxnRules.Broken(txn) is { } broken) return (Refused(broken), null);
        var succeeded = txn.Compares.All(compare => Holds(compare, State.Find(compare.Key)));
        var branch = succeeded ? txn.Then : txn.Else;
        foreach (var op in branch)
            if (op is StoreOp.Put { Lease: not 0 } put && !State.Leases.ContainsKey(put.Lease))
                return (Refused($"lease {put.Lease} of key '{put.Key}' does not exist or has ended"), null);
        var gets = new List<KeyValue?>();
        var batch = Write(draft => Run(branch, draft, gets));
        return (new TxnAnswer(StoreStatus.Ok, succeeded, State.Revision, gets), batch);
    }

    /// <summary>Throws when the TTL is not positive or longer than <see cref="LongestTtl"/>.</summary>
    public LeaseAnswer Grant(TimeSpan ttl, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ttl, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ttl, LongestTtl);
        var id = State.LastLease + 1;
        Hold(new StoredLease(id, ttl, now + ttl, ImmutableSortedSet.Create<string>(StringComparer.Ordinal)));
        State = State with { LastLease = id };
        return new LeaseAnswer(StoreStatus.Ok, id, ttl);
    }

    /// <summary>Renews. A lease whose deadline has passed has ended, even before <see cref="Expire"/> ran.</summary>
    public LeaseAnswer KeepAlive(long lease, Instant now)
    {
        if (!Find(lease, out var held) || held.Deadline <= now)
            return new LeaseAnswer(StoreStatus.Ok, lease, TimeSpan.Zero);
        // A renewal that waited in a queue must not shorten what a later one gave.
        if (now + held.Ttl > held.Deadline) Hold(held with { Deadline = now + held.Ttl });
        return new LeaseAnswer(StoreStatus.Ok, lease, held.Ttl);
    }

    /// <summary>Ends a lease and deletes its keys in one revision. The batch is null when it had none.</summary>
    public (LeaseAnswer Answer, StoreBatch? Batch) Revoke(long lease)
    {
        var answer = new LeaseAnswer(StoreStatus.Ok, lease, TimeSpan.Zero);
        if (!Find(lease, out var held)) return (answer, null);
        State = State with { Deadlines = State.Deadlines.Remove((held.Deadline, lease)) };
        return (answer, Write(draft => draft.End(held)));
    }

    /// <summary>Ends the leases whose deadline has passed, each in its own revision.</summary>
    public IReadOnlyList<StoreBatch> Expire(Instant now) =>
        [.. State.Due(now).Select(lease => Revoke(lease).Batch).OfType<StoreBatch>()];

    /// <summary>What a watch that starts at a revision is given first.</summary>
    public IReadOnlyList<StoreBatch> History(string prefix, long from) => [.. State.Since(prefix, from)];

    /// <summary>Forgets the changes of the revisions below one. Refused for a revision that is still to come.</summary>
    public TxnAnswer Compact(long revision)
    {
        if (revision > State.Revision)
            return Refused($"revision {revision} is still to come, the newest is {State.Revision}");
        Forget(revision);
        return new TxnAnswer(StoreStatus.Ok, true, State.Revision, []);
    }

    /// <summary>Goes to another state, for a store that could not write what it had applied.</summary>
    public void Restore(StoreState state) => State = state;

    private StoreBatch? Write(Action<StoreDraft> operations)
    {
        var draft = new StoreDraft(State);
        operations(draft);
        (State, var batch) = draft.Finish();
        if (State.History.Count > _history) Forget(State.History[^_history].Revision);
        return batch;
    }

    private static void Run(IReadOnlyList<StoreOp> branch, StoreDraft draft, List<KeyValue?> gets)
    {
        foreach (var op in branch)
            switch (op)
            {
                case StoreOp.Put put: draft.Put(put); break;
                case StoreOp.Delete delete: draft.Delete(delete.Key); break;
                case StoreOp.DeletePrefix delete: draft.DeletePrefix(delete.Prefix); break;
                case StoreOp.Get get: gets.Add(draft.Find(get.Key)); break;
            }
    }

    private void Forget(long below)
    {
        if (below <= State.OldestKept) return;
        State = State with { OldestKept = below, History = State.History.RemoveRange(0, State.IndexOf(below)) };
    }

    private bool Find(long lease, [NotNullWhen(true)] out StoredLease? held) =>
        State.Leases.TryGetValue(lease, out held);

    private void Hold(StoredLease lease)
    {
        var deadlines = Find(lease.Id, out var old) ? State.Deadlines.Remove((old.Deadline, old.Id)) : State.Deadlines;
        State = State with
        {
            Leases = State.Leases.SetItem(lease.Id, lease),
            Deadlines = deadlines.Add((lease.Deadline, lease.Id)),
        };
    }

    private static bool Holds(Compare compare, KeyValue? pair)
    {
        if (compare.Target == CompareTarget.Value && pair is null) return false;
        var order = compare.Target switch
        {
            CompareTarget.ModRevision => (pair?.ModRevision ?? 0).CompareTo(compare.Number),
            CompareTarget.CreateRevision => (pair?.CreateRevision ?? 0).CompareTo(compare.Number),
            CompareTarget.Version => (pair?.Version ?? 0).CompareTo(compare.Number),
            CompareTarget.Value => string.CompareOrdinal(pair!.Value, compare.Text),
            _ => throw new ArgumentOutOfRangeException(nameof(compare), compare.Target, "unknown target"),
        };
        return compare.Result switch
        {
            CompareResult.Equal => order == 0,
            CompareResult.NotEqual => order != 0,
            CompareResult.Less => order < 0,
            CompareResult.Greater => order > 0,
            _ => throw new ArgumentOutOfRangeException(nameof(compare), compare.Result, "unknown result"),
        };
    }

    private static TxnAnswer Refused(string error) => TxnAnswer.Failed(StoreStatus.Unavailable, error);
}
