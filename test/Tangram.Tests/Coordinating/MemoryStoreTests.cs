using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public sealed class MemoryStoreTests : StoreContract
{
    private protected override Task<IStore> OpenAsync() => Task.FromResult<IStore>(new MemoryStore(Time));

    [Fact(Timeout = Patience)]
    public async Task A_watcher_that_lags_has_its_stream_ended_and_resumes_without_a_gap()
    {
        const int puts = Watchers.MostWaiting + 500;
        var from = await PutAsync("a", "first");
        await using var slow = Store.WatchAsync("", from, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await slow.MoveNextAsync());
        for (var i = 0; i < puts; i++) await PutAsync("a", $"{i}");
        var last = from;
        while (await slow.MoveNextAsync()) last = slow.Current.Revision;
        Assert.Equal(from + Watchers.MostWaiting, last);
        var rest = await WatchAsync("", last + 1, puts - Watchers.MostWaiting);
        Assert.Equal(from + puts, rest[^1].Revision);
    }

    [Fact(Timeout = Patience)]
    public async Task History_is_kept_up_to_its_bound()
    {
        await using var store = new MemoryStore(Time, history: 10);
        for (var i = 0; i < 25; i++)
            await store.CommitAsync(new Txn { Then = [new StoreOp.Put("a", $"{i}")] }, Cancelled);
        var newest = (await store.RangeAsync("", Cancelled)).Revision;
        await using var kept = store.WatchAsync("", newest - 9, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await kept.MoveNextAsync());
        Assert.Equal(newest - 9, kept.Current.Revision);
        await using var gone = store.WatchAsync("", newest - 10, Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await gone.MoveNextAsync());
        Assert.True(gone.Current.Compacted);
        Assert.False(await gone.MoveNextAsync());
    }
}
