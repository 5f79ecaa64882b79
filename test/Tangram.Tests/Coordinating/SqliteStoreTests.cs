using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public sealed class SqliteStoreTests : StoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-store-").FullName;

    private string File => Path.Combine(_folder, "store.db");

    private protected override async Task<IStore> OpenAsync() => await SqliteStore.OpenAsync(File, Time);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact(Timeout = Patience)]
    public async Task Everything_acknowledged_is_there_after_a_restart()
    {
        var lease = await GrantAsync(60);
        await PutAsync("deleted", "1");
        await PutAsync("a", "1");
        await PutAsync("a", "2", lease);
        await CommitAsync(new StoreOp.Delete("deleted"), new StoreOp.Put("b", "3"));
        var before = await Store.RangeAsync("", Cancelled);
        await Store.DisposeAsync();
        await using var again = await SqliteStore.OpenAsync(File, Time);
        var after = await again.RangeAsync("", Cancelled);
        Assert.Equal(before.Revision, after.Revision);
        Assert.Equal(before.Pairs, after.Pairs);
        Assert.Equal(1, again.Epoch);
        var put = await again.CommitAsync(new Txn { Then = [new StoreOp.Put("a", "4")] }, Cancelled);
        Assert.Equal(before.Revision + 1, put.Revision);
    }

    [Fact(Timeout = Patience)]
    public async Task What_was_acknowledged_is_in_the_file_at_that_moment()
    {
        for (var i = 0; i < 20; i++)
        {
            var revision = await PutAsync($"key/{i}", $"{i}");
            var copy = CopyOfNow($"copy{i}");
            await using var reopened = await SqliteStore.OpenAsync(copy, Time);
            var range = await reopened.RangeAsync("key/", Cancelled);
            Assert.Equal(revision, range.Revision);
            Assert.Equal(i + 1, range.Pairs.Count);
        }
    }

    [Fact(Timeout = Patience)]
    public async Task A_copy_taken_while_many_write_holds_whole_transactions()
    {
        var acknowledged = 0;
        var stop = false;
        var writing = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !Volatile.Read(ref stop); i++)
            {
                await CommitAsync(new StoreOp.Put($"l/{writer}", $"{i}"), new StoreOp.Put($"r/{writer}", $"{i}"));
                Interlocked.Increment(ref acknowledged);
            }
        })).ToList();
        for (var copies = 0; copies < 5; copies++)
        {
            await WatchAsync("", 1 + await RevisionAsync(), 20);
            var least = Volatile.Read(ref acknowledged);
            await using var reopened = await SqliteStore.OpenAsync(CopyOfNow($"copy{copies}"), Time);
            var pairs = (await reopened.RangeAsync("", Cancelled)).Pairs.ToDictionary(pair => pair.Key);
            foreach (var (key, pair) in pairs.Where(entry => entry.Key.StartsWith("l/", StringComparison.Ordinal)))
            {
                var twin = pairs["r" + key[1..]];
                Assert.Equal((pair.Value, pair.ModRevision), (twin.Value, twin.ModRevision));
            }
            Assert.True(pairs.Values.Sum(pair => pair.Version) / 2 >= least);
        }
        Volatile.Write(ref stop, true);
        await Task.WhenAll(writing);
    }

    [Fact(Timeout = Patience)]
    public async Task A_restart_grants_every_lease_its_whole_ttl()
    {
        var lease = await GrantAsync(10);
        await PutAsync("seen/a", "1", lease);
        await PassAsync(TimeSpan.FromSeconds(9));
        await Store.DisposeAsync();
        await PassAsync(TimeSpan.FromSeconds(100));
        await using var again = await SqliteStore.OpenAsync(File, Time);
        await PassAsync(TimeSpan.FromSeconds(9));
        var range = await again.RangeAsync("", Cancelled);
        Assert.Equal(lease, Assert.Single(range.Pairs).Lease);
        Assert.Equal(TimeSpan.FromSeconds(10), (await again.KeepAliveAsync(lease, Cancelled)).Ttl);
        await PassAsync(TimeSpan.FromSeconds(10));
        await foreach (var batch in again.WatchAsync("", range.Revision + 1, Cancelled))
        {
            Assert.Equal(["-seen/a"], Keys(batch));
            break;
        }
    }

    [Fact(Timeout = Patience)]
    public async Task A_lease_that_ended_stays_ended_and_its_id_is_never_given_again()
    {
        var lease = await GrantAsync(10);
        await PutAsync("seen/a", "1", lease);
        await Store.RevokeAsync(lease, Cancelled);
        await Store.DisposeAsync();
        await using var again = await SqliteStore.OpenAsync(File, Time);
        Assert.Equal(TimeSpan.Zero, (await again.KeepAliveAsync(lease, Cancelled)).Ttl);
        Assert.Empty((await again.RangeAsync("", Cancelled)).Pairs);
        Assert.True((await again.GrantAsync(TimeSpan.FromSeconds(10), Cancelled)).Lease > lease);
    }

    [Fact(Timeout = Patience)]
    public async Task History_ends_with_the_process_and_that_is_said()
    {
        var revision = await PutAsync("a", "1");
        await Store.DisposeAsync();
        await using var again = await SqliteStore.OpenAsync(File, Time);
        await foreach (var batch in again.WatchAsync("", revision, Cancelled)) Assert.True(batch.Compacted);
        await again.CommitAsync(new Txn { Then = [new StoreOp.Put("a", "2")] }, Cancelled);
        await foreach (var batch in again.WatchAsync("", revision + 1, Cancelled))
        {
            Assert.False(batch.Compacted);
            break;
        }
    }

    /// <summary>The file and its log, as a power loss would leave them.</summary>
    private string CopyOfNow(string name)
    {
        var copy = Path.Combine(_folder, name + ".db");
        // The file first: a checkpoint between the two only moves into the file what the older copy has in its log.
        System.IO.File.Copy(File, copy);
        if (System.IO.File.Exists(File + "-wal")) System.IO.File.Copy(File + "-wal", copy + "-wal");
        return copy;
    }
}
