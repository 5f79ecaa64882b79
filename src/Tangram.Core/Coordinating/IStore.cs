namespace Tangram.Coordinating;

/// <summary>Where the cluster agrees: an ordered map of text keys to text values with etcd v3's semantics. Every
/// successful mutation raises the revision by one; a key knows the revisions at which it was created and last changed;
/// a transaction compares and then writes atomically; a lease deletes its keys when it ends; a watch delivers every
/// change in order, once. Implementations: memory, SQLite, the faulty store, etcd.</summary>
/// <remarks>No method throws for what a store may do on a bad day: that is a value (<see cref="StoreStatus"/>). They
/// throw <see cref="OperationCanceledException"/> when cancelled; a cancelled mutation may have happened.</remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>Everything under a prefix at one revision. Linearizable.</summary>
    Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default);

    /// <summary>Compares and writes. <see cref="StoreStatus.Ok"/> means durable, whichever branch ran.</summary>
    Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default);

    /// <summary>A new lease. Keys put with its id live as long as it is kept alive.</summary>
    Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default);

    /// <summary>Renews a lease for its whole TTL. <see cref="LeaseAnswer.Ttl"/> is zero when it has ended.</summary>
    Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default);

    /// <summary>Ends a lease and deletes its keys. Ending an unknown lease is Ok.</summary>
    Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default);

    /// <summary>Changes under a prefix from a revision on (inclusive), in order, one batch a revision. When
    /// <paramref name="fromRevision"/> is compacted, the one batch delivered has <see cref="StoreBatch.Compacted"/> set
    /// and the stream ends: list again. The stream also ends when the store closes or loses its connection.</summary>
    IAsyncEnumerable<StoreBatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellation = default);

    /// <summary>Forgets history below a revision. Current values stay.</summary>
    Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default);
}

public enum StoreStatus
{
    Ok,
    /// <summary>It certainly did not happen: never sent, or refused. May be repeated.</summary>
    Unavailable,
    /// <summary>It may or may not have happened. Read before writing again.</summary>
    Unknown,
}

/// <param name="Value">The text as put.</param>
/// <param name="Version">1 for the first put since the key was created.</param>
/// <param name="Lease">0 when the key hangs on none.</param>
public sealed record KeyValue(
    string Key, string Value, long CreateRevision, long ModRevision, long Version, long Lease);

/// <summary>A put, or a delete when <see cref="Deleted"/> (then Value is empty and ModRevision is the
/// delete's).</summary>
public sealed record KeyChange(KeyValue Pair, bool Deleted);

/// <summary>All changes of one revision.</summary>
public sealed record StoreBatch(long Revision, IReadOnlyList<KeyChange> Changes, bool Compacted = false);

public enum CompareTarget { ModRevision, CreateRevision, Version, Value }

public enum CompareResult { Equal, NotEqual, Less, Greater }

/// <summary>A missing key has revisions and version 0, and never satisfies a comparison of its value.</summary>
public sealed record Compare(string Key, CompareTarget Target, CompareResult Result, long Number = 0, string Text = "")
{
    public static Compare Unchanged(string key, long modRevision) =>
        new(key, CompareTarget.ModRevision, CompareResult.Equal, modRevision);
    public static Compare Absent(string key) => new(key, CompareTarget.CreateRevision, CompareResult.Equal);
}

public abstract record StoreOp
{
    private StoreOp() { }

    public sealed record Put(string Key, string Value, long Lease = 0) : StoreOp;
    public sealed record Delete(string Key) : StoreOp;
    public sealed record DeletePrefix(string Prefix) : StoreOp;
    public sealed record Get(string Key) : StoreOp;
}

/// <summary>If every comparison holds, <see cref="Then"/>, otherwise <see cref="Else"/>. As in etcd, one transaction
/// may not put a key twice, and putting with an unknown lease fails the whole transaction (Unavailable).</summary>
public sealed record Txn
{
    public IReadOnlyList<Compare> Compares { get; init; } = [];
    public IReadOnlyList<StoreOp> Then { get; init; } = [];
    public IReadOnlyList<StoreOp> Else { get; init; } = [];
}

/// <param name="Succeeded">Whether the comparisons held.</param>
/// <param name="Revision">The store's revision after it.</param>
/// <param name="Gets">The answers of the Get operations of the branch that ran, in order; null for a missing
/// key.</param>
public sealed record TxnAnswer(
    StoreStatus Status, bool Succeeded, long Revision, IReadOnlyList<KeyValue?> Gets, string Error = "")
{
    public static TxnAnswer Failed(StoreStatus status, string error) => new(status, false, 0, [], error);
}

public sealed record RangeAnswer(StoreStatus Status, long Revision, IReadOnlyList<KeyValue> Pairs, string Error = "");

public sealed record LeaseAnswer(StoreStatus Status, long Lease, TimeSpan Ttl, string Error = "");
