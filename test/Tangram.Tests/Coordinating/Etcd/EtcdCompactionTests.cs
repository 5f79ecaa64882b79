using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.Tests.Coordinating.Etcd;

public sealed class EtcdCompactionTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task What_is_both_old_and_far_behind_is_forgotten()
    {
        await using var store = new MemoryStore(_time);
        using var stop = new CancellationTokenSource();
        var running = new EtcdCompaction(store, _time, history: 10).RunAsync(stop.Token);

        var first = await PutAsync(store, 50);
        _time.Advance(EtcdCompaction.Every);
        Assert.Equal(1, await OldestAsync(store));   // nothing is old yet

        await PutAsync(store, 5);
        _time.Advance(EtcdCompaction.Every);
        Assert.Equal(first + 5 - 10, await OldestAsync(store));   // all is old, but the newest 10 are kept

        await PutAsync(store, 100);
        _time.Advance(EtcdCompaction.Every);
        Assert.Equal(first + 5, await OldestAsync(store));   // what came since the last round is young

        await stop.CancelAsync();
        await running;
    }

    private static async Task<long> PutAsync(MemoryStore store, int count)
    {
        for (var i = 0; i < count; i++)
            await store.CommitAsync(new Txn { Then = [new StoreOp.Put("a", $"{i}")] });
        return (await store.RangeAsync("")).Revision;
    }

    /// <summary>The oldest revision from which a watch can start.</summary>
    private static async Task<long> OldestAsync(MemoryStore store)
    {
        await using var watch = store.WatchAsync("", 1).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        return watch.Current.Compacted ? watch.Current.Revision : 1;
    }
}
