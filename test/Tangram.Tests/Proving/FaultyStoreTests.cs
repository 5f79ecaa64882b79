using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Proving;

/// <summary>The contract holds, however slow the answers are and however often a watch ends.</summary>
public sealed class FaultyStoreContractTests : StoreContract
{
    private protected override Task<IStore> OpenAsync() => Task.FromResult<IStore>(new FaultyStore(
        new MemoryStore(Time),
        new StoreFaults(EndWatch: 0.3, LongestDelay: TimeSpan.FromMilliseconds(1)),
        new Rng(7), TimeProvider.System));
}

public sealed class FaultyStoreTests
{
    private static readonly Txn Put = new() { Then = [new StoreOp.Put("a", "1")] };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_refused_request_had_no_effect()
    {
        await using var inner = new MemoryStore(_time);
        var store = new FaultyStore(inner, new StoreFaults(Refuse: 1), new Rng(1), _time);
        Assert.Equal(StoreStatus.Unavailable, (await store.CommitAsync(Put)).Status);
        Assert.Empty((await inner.RangeAsync("")).Pairs);
        Assert.Equal(StoreStatus.Unavailable, (await store.RangeAsync("")).Status);
    }

    [Fact]
    public async Task A_request_whose_answer_was_lost_had_its_effect()
    {
        await using var inner = new MemoryStore(_time);
        var store = new FaultyStore(inner, new StoreFaults(LoseAnswer: 1), new Rng(1), _time);
        Assert.Equal(StoreStatus.Unknown, (await store.CommitAsync(Put)).Status);
        Assert.Single((await inner.RangeAsync("")).Pairs);
        Assert.Equal(StoreStatus.Unknown, (await store.GrantAsync(TimeSpan.FromSeconds(1))).Status);
        Assert.Equal(StoreStatus.Unavailable, (await store.RangeAsync("")).Status);
        store.Faults = new StoreFaults();
        Assert.Equal(StoreStatus.Ok, (await store.RangeAsync("")).Status);
    }

    [Fact]
    public async Task A_delayed_request_waits_for_the_clock()
    {
        await using var inner = new MemoryStore(_time);
        var store = new FaultyStore(inner, new StoreFaults(LongestDelay: TimeSpan.FromSeconds(10)), new Rng(1), _time);
        var put = store.CommitAsync(Put);
        Assert.False(put.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(StoreStatus.Ok, (await put).Status);
    }

    [Fact]
    public async Task The_same_seed_makes_the_same_day()
    {
        Assert.Equal(await Day(42), await Day(42));
        Assert.NotEqual(await Day(42), await Day(43));
    }

    private async Task<string> Day(ulong seed)
    {
        await using var store = new FaultyStore(
            new MemoryStore(_time), new StoreFaults(Refuse: 0.3, LoseAnswer: 0.3), new Rng(seed), _time);
        var statuses = new List<StoreStatus>();
        for (var i = 0; i < 30; i++) statuses.Add((await store.CommitAsync(Put)).Status);
        return string.Join(' ', statuses);
    }
}
