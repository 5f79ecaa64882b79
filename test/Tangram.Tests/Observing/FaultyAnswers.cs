using Tangram.Coordinating;

namespace Tangram.Tests.Observing;

/// <summary>A memory store whose next commits go wrong as told: null is a commit that goes well.</summary>
internal sealed class FaultyAnswers(MemoryStore store, params CommitFault?[] faults) : IStore
{
    private readonly Queue<CommitFault?> _faults = new(faults);

    /// <summary>Done between the read of a command and its commit: somebody who is faster.</summary>
    public Func<Task>? Before { get; set; }

    public Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default) =>
        store.RangeAsync(prefix, cancellation);

    public async Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default)
    {
        if (Before is { } before)
        {
            Before = null;
            await before();
        }
        switch (_faults.TryDequeue(out var fault) ? fault : null)
        {
            case CommitFault.Lost:
                return TxnAnswer.Failed(StoreStatus.Unknown, "the request was lost");
            case CommitFault.AnswerLost:
                await store.CommitAsync(txn, cancellation);
                return TxnAnswer.Failed(StoreStatus.Unknown, "the answer was lost");
            case CommitFault.Refused:
                return TxnAnswer.Failed(StoreStatus.Unavailable, "the disk is full");
            default:
                return await store.CommitAsync(txn, cancellation);
        }
    }

    public Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default) =>
        store.GrantAsync(ttl, cancellation);
    public Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default) =>
        store.KeepAliveAsync(lease, cancellation);
    public Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default) =>
        store.RevokeAsync(lease, cancellation);
    public IAsyncEnumerable<StoreBatch> WatchAsync(string prefix, long from,
        CancellationToken cancellation = default) =>
        store.WatchAsync(prefix, from, cancellation);
    public Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default) =>
        store.CompactAsync(revision, cancellation);
    public ValueTask DisposeAsync() => store.DisposeAsync();
}

public enum CommitFault { Lost, AnswerLost, Refused }
