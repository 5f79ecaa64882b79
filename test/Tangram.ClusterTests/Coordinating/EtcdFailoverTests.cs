using Tangram.ClusterTests.Drilling;
using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>Three members, of which one fails.</summary>
public sealed class EtcdFailoverTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private EtcdCluster _etcd = null!;

    public async ValueTask InitializeAsync() =>
        _etcd = await EtcdCluster.StartAsync(new EtcdClusterOptions { Members = 3 });

    public async ValueTask DisposeAsync() => await _etcd.DisposeAsync();

    [Theory]
    [InlineData("killed")]
    [InlineData("paused")]
    public async Task A_watch_goes_on_over_the_loss_of_its_member_without_a_gap_or_a_repetition(string how)
    {
        const int puts = 400;
        var options = _etcd.Fresh();
        await using var watching = await EtcdStore.OpenAsync(options, TimeProvider.System);
        var member = _etcd.Members.Single(member => member.Endpoint == watching.Endpoint);
        string[] others = [.. _etcd.Endpoints.Where(endpoint => endpoint != member.Endpoint)];
        await using var writing = await EtcdStore.OpenAsync(options with { Endpoints = others }, TimeProvider.System);
        var from = 1 + (await watching.RangeAsync("")).Revision;
        var written = new List<string>();
        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < puts; i++)
            {
                if (i == puts / 3) await FailAsync(member, how);
                // Unknown ones are written again under another name; either may be there.
                var answer = await writing.CommitAsync(new Txn { Then = [new StoreOp.Put($"k/{i:000}", $"{i}")] });
                if (answer.Status == StoreStatus.Ok) written.Add($"k/{i:000}");
            }
            await Until.SomeAsync(
                async () => await writing.CommitAsync(Last) is { Status: StoreStatus.Ok } last ? last : null,
                Patience, () => "a last write");
        });
        var seen = new List<string>();
        var revision = from - 1;
        await foreach (var batch in watching.WatchAsync("", from))
        {
            Assert.False(batch.Compacted);
            Assert.Equal(revision + 1, batch.Revision);
            revision = batch.Revision;
            seen.AddRange(batch.Changes.Select(change => change.Pair.Key));
            if (seen[^1] == "last") break;
        }
        await writer;
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(written.Except(seen));
        Assert.NotEqual(member.Endpoint, watching.Endpoint);
        if (how == "paused") member.Resume();
    }

    [Fact]
    public async Task A_store_outlives_each_of_its_members_one_after_the_other()
    {
        await using var store = await EtcdStore.OpenAsync(_etcd.Fresh(), TimeProvider.System);
        for (var i = 0; i < 3; i++)
        {
            await _etcd.Members[i].KillAsync();
            var put = new Txn { Then = [new StoreOp.Put("a", $"{i}")] };
            await Until.SomeAsync(
                async () => await store.CommitAsync(put) is { Status: StoreStatus.Ok } done ? done : null,
                Patience, () => $"a write without member {i}");
            _etcd.Restart(_etcd.Members[i]);
            await _etcd.Members[i].ReadyAsync();
        }
        Assert.Equal("2", (await store.RangeAsync("")).Pairs[0].Value);
    }

    [Fact]
    public async Task Without_a_majority_nothing_is_done_and_with_it_all_goes_on_by_itself()
    {
        var options = _etcd.Fresh() with { CallTimeout = TimeSpan.FromSeconds(2) };
        await using var store = await EtcdStore.OpenAsync(options, TimeProvider.System);
        var from = (await store.CommitAsync(new Txn { Then = [new StoreOp.Put("a", "1")] })).Revision + 1;
        var watch = Task.Run(async () =>
        {
            await foreach (var batch in store.WatchAsync("", from)) return batch;
            return null;
        });
        foreach (var member in _etcd.Members.Skip(1)) await member.KillAsync();
        // As soon as the loss is known, a write is refused for certain.
        var refused = await Until.SomeAsync(
            async () => await store.CommitAsync(Last) is { Status: StoreStatus.Unavailable } no ? no : null,
            Patience, () => "a certain refusal");
        Assert.NotEmpty(refused.Error);
        Assert.Equal(StoreStatus.Unavailable, (await store.RangeAsync("")).Status);
        foreach (var member in _etcd.Members.Skip(1)) _etcd.Restart(member);
        await Until.SomeAsync(
            async () => await store.CommitAsync(Last) is { Status: StoreStatus.Ok } done ? done : null,
            Patience, () => "a write with all members again");
        Assert.Equal("last", (await watch)!.Changes[0].Pair.Key);
    }

    private static Txn Last => new() { Then = [new StoreOp.Put("last", "")] };

    private static async Task FailAsync(EtcdMember member, string how)
    {
        if (how == "killed") await member.KillAsync();
        else member.Pause();
    }
}
