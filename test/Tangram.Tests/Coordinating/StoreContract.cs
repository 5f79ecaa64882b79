using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

/// <summary>What every store keeps. Revisions are compared with where the store stood, and nothing assumes an empty or
/// a fast store, so that a remote one can run the same suite.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    /// <summary>In real milliseconds; only a defect takes that long.</summary>
    protected const int Patience = 30_000;

    private protected IStore Store { get; private set; } = null!;
    private protected FakeTimeProvider Time { get; } = new();
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected abstract Task<IStore> OpenAsync();

    private protected virtual Task PassAsync(TimeSpan span)
    {
        Time.Advance(span);
        return Task.CompletedTask;
    }

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<TxnAnswer> CommitAsync(params StoreOp[] operations) =>
        await Store.CommitAsync(new Txn { Then = operations }, Cancelled);

    private protected async Task<long> PutAsync(string key, string value, long lease = 0)
    {
        var answer = await CommitAsync(new StoreOp.Put(key, value, lease));
        Assert.Equal(StoreStatus.Ok, answer.Status);
        return answer.Revision;
    }

    private protected async Task<KeyValue?> GetAsync(string key) => (await CommitAsync(new StoreOp.Get(key))).Gets[0];

    private protected async Task<long> RevisionAsync() => (await Store.RangeAsync("none/", Cancelled)).Revision;

    private protected async Task<long> GrantAsync(int seconds)
    {
        var answer = await Store.GrantAsync(TimeSpan.FromSeconds(seconds), Cancelled);
        Assert.Equal(StoreStatus.Ok, answer.Status);
        return answer.Lease;
    }

    /// <summary>The next batches from a revision on, resumed as every watcher must when the stream ends.</summary>
    private protected async Task<List<StoreBatch>> WatchAsync(string prefix, long from, int count)
    {
        var seen = new List<StoreBatch>();
        while (true)
            await foreach (var batch in Store.WatchAsync(prefix, from, Cancelled))
            {
                seen.Add(batch);
                if (seen.Count == count || batch.Compacted) return seen;
                from = batch.Revision + 1;
            }
    }

    private protected static string[] Keys(StoreBatch batch) =>
        [.. batch.Changes.Select(change => (change.Deleted ? "-" : "") + change.Pair.Key)];
}
