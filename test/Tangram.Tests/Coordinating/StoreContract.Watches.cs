using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public abstract partial class StoreContract
{
    [Fact(Timeout = Patience)]
    public async Task A_watch_resumes_where_it_is_told()
    {
        var first = await PutAsync("a", "1");
        await PutAsync("a", "2");
        await CommitAsync(new StoreOp.Delete("a"));
        var seen = await WatchAsync("", first, 3);
        Assert.Equal([first, first + 1, first + 2], seen.Select(batch => batch.Revision));
        Assert.Equal(["a", "a", "-a"], seen.SelectMany(Keys));
        var resumed = await WatchAsync("", first + 1, 2);
        Assert.Equal(seen.Skip(1).SelectMany(batch => batch.Changes), resumed.SelectMany(batch => batch.Changes));
    }

    [Fact(Timeout = Patience)]
    public async Task A_watch_sees_its_prefix_alone()
    {
        var from = 1 + await RevisionAsync();
        await PutAsync("n/a", "1");
        await PutAsync("other", "1");
        await CommitAsync(new StoreOp.Put("n/b", "1"), new StoreOp.Put("m", "1"), new StoreOp.Put("n/c", "1"));
        var seen = await WatchAsync("n/", from, 2);
        Assert.Equal([from, from + 2], seen.Select(batch => batch.Revision));
        Assert.Equal(["n/a", "n/b", "n/c"], seen.SelectMany(Keys));
    }

    [Fact(Timeout = Patience)]
    public async Task A_watch_waits_for_a_revision_to_come()
    {
        var now = await RevisionAsync();
        var watch = WatchAsync("", now + 2, 1);
        await PutAsync("a", "1");
        await PutAsync("a", "2");
        Assert.Equal("2", Assert.Single((await watch)[0].Changes).Pair.Value);
    }

    [Fact(Timeout = Patience)]
    public async Task Watches_that_join_while_others_write_miss_and_repeat_nothing()
    {
        const int writers = 4, puts = 50;
        var from = 1 + await RevisionAsync();
        var writing = Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < puts; i++)
                await CommitAsync(new StoreOp.Put($"w/{writer}", $"{i}"), new StoreOp.Put($"x/{writer}", $"{i}"));
        })).ToList();
        var watching = Enumerable.Range(0, 6)
            .Select(_ => Task.Run(() => WatchAsync("w/", from, writers * puts))).ToList();
        await Task.WhenAll(writing);
        foreach (var seen in await Task.WhenAll(watching))
        {
            var revisions = Enumerable.Range(0, writers * puts).Select(i => from + i);
            Assert.Equal(revisions, seen.Select(batch => batch.Revision));
            foreach (var mine in seen.SelectMany(batch => batch.Changes).GroupBy(change => change.Pair.Key))
                Assert.Equal(Enumerable.Range(0, puts).Select(i => $"{i}"), mine.Select(change => change.Pair.Value));
        }
    }

    [Fact(Timeout = Patience)]
    public async Task What_was_compacted_is_said_and_current_values_stay()
    {
        var first = await PutAsync("a", "1");
        await PutAsync("a", "2");
        var last = await PutAsync("b", "3");
        Assert.Equal(StoreStatus.Ok, (await Store.CompactAsync(last, Cancelled)).Status);
        var gap = Assert.Single(await WatchAsync("", first, 2));
        Assert.True(gap.Compacted);
        Assert.Empty(gap.Changes);
        Assert.Equal(["b"], Keys(Assert.Single(await WatchAsync("", last, 1))));
        Assert.Equal("2", (await GetAsync("a"))!.Value);
        Assert.Equal(StoreStatus.Unavailable, (await Store.CompactAsync(last + 100, Cancelled)).Status);
    }

    [Fact(Timeout = Patience)]
    public async Task A_watcher_never_sees_what_a_reader_does_not()
    {
        var from = 1 + await RevisionAsync();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++) await PutAsync("a", $"{i}");
        });
        for (var next = from; next < from + 100; next++)
        {
            var batch = (await WatchAsync("", next, 1))[0];
            Assert.True((await Store.RangeAsync("a", Cancelled)).Revision >= batch.Revision);
        }
        await writing;
    }

    [Fact(Timeout = Patience)]
    public async Task A_watch_ends_when_the_store_closes()
    {
        var from = 1 + await RevisionAsync();
        var seen = 0;
        var ended = Task.Run(async () =>
        {
            await foreach (var _ in Store.WatchAsync("", from, Cancelled)) seen++;
        });
        await Store.DisposeAsync();
        await ended;
        Assert.Equal(0, seen);
    }

    [Fact(Timeout = Patience)]
    public async Task A_cancelled_watch_throws()
    {
        var from = 1 + await RevisionAsync();
        using var cancel = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            await foreach (var _ in Store.WatchAsync("", from, cancel.Token)) { }
        });
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }
}
