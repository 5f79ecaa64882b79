using System.Runtime.CompilerServices;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving;

/// <summary>How often a <see cref="FaultyStore"/> misbehaves; each a probability in [0, 1].</summary>
/// <param name="Refuse">A request is refused before it has any effect.</param>
/// <param name="LoseAnswer">A request has its effect, and its answer is lost.</param>
/// <param name="EndWatch">A watch ends in place of its next batch.</param>
/// <param name="LongestDelay">Each request first waits for a while up to this.</param>
internal sealed record StoreFaults(
    double Refuse = 0, double LoseAnswer = 0, double EndWatch = 0, TimeSpan LongestDelay = default);

/// <summary>A store on a bad day, the same bad day for the same seed and the same order of calls.</summary>
internal sealed class FaultyStore(IStore inner, StoreFaults faults, Rng rng, TimeProvider time) : IStore
{
    private const string Error = "a fault was injected";

    private readonly Lock _gate = new();

    /// <summary>May be changed while it runs, to heal or to hurt it.</summary>
    public StoreFaults Faults { get; set; } = faults;

    public async Task<RangeAnswer> RangeAsync(string prefix, CancellationToken cancellation = default)
    {
        var failed = new RangeAnswer(StoreStatus.Unavailable, 0, [], Error);
        // A read has no effect, so that its answer was lost means no more than that it was refused.
        return await AskAsync(() => inner.RangeAsync(prefix, cancellation), _ => failed, cancellation);
    }

    public Task<TxnAnswer> CommitAsync(Txn txn, CancellationToken cancellation = default) =>
        AskAsync(() => inner.CommitAsync(txn, cancellation), status => TxnAnswer.Failed(status, Error), cancellation);

    public Task<LeaseAnswer> GrantAsync(TimeSpan ttl, CancellationToken cancellation = default) =>
        AskAsync(() => inner.GrantAsync(ttl, cancellation), status => Failed(status, 0), cancellation);

    public Task<LeaseAnswer> KeepAliveAsync(long lease, CancellationToken cancellation = default) =>
        AskAsync(() => inner.KeepAliveAsync(lease, cancellation), status => Failed(status, lease), cancellation);

    public Task<LeaseAnswer> RevokeAsync(long lease, CancellationToken cancellation = default) =>
        AskAsync(() => inner.RevokeAsync(lease, cancellation), status => Failed(status, lease), cancellation);

    public Task<TxnAnswer> CompactAsync(long revision, CancellationToken cancellation = default) =>
        AskAsync(() => inner.CompactAsync(revision, cancellation), status => TxnAnswer.Failed(status, Error),
            cancellation);

    public async IAsyncEnumerable<StoreBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var batch in inner.WatchAsync(prefix, fromRevision, cancellation))
        {
            if (Chance(Faults.EndWatch)) yield break;
            yield return batch;
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task<T> AskAsync<T>(Func<Task<T>> ask, Func<StoreStatus, T> failed, CancellationToken cancellation)
    {
        var delay = Delay();
        if (delay > TimeSpan.Zero) await Task.Delay(delay, time, cancellation);
        if (Chance(Faults.Refuse)) return failed(StoreStatus.Unavailable);
        var answer = await ask();
        return Chance(Faults.LoseAnswer) ? failed(StoreStatus.Unknown) : answer;
    }

    private bool Chance(double probability)
    {
        lock (_gate) return rng.Chance(probability);
    }

    private TimeSpan Delay()
    {
        lock (_gate) return rng.Between(TimeSpan.Zero, Faults.LongestDelay);
    }

    private static LeaseAnswer Failed(StoreStatus status, long lease) => new(status, lease, TimeSpan.Zero, Error);
}
