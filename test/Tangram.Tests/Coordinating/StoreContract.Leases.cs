using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public abstract partial class StoreContract
{
    [Fact(Timeout = Patience)]
    public async Task A_lease_that_ends_takes_its_keys_in_one_revision()
    {
        var lease = await GrantAsync(3);
        await PutAsync("seen/b", "1", lease);
        await PutAsync("seen/a", "1", lease);
        var last = await PutAsync("kept", "1");
        Assert.Equal(lease, (await GetAsync("seen/a"))!.Lease);
        await PassAsync(TimeSpan.FromSeconds(3));
        var end = Assert.Single(await WatchAsync("", last + 1, 1));
        Assert.Equal(["-seen/a", "-seen/b"], Keys(end));
        Assert.Equal(["kept"], (await Store.RangeAsync("", Cancelled)).Pairs.Select(pair => pair.Key));
        Assert.Equal(TimeSpan.Zero, (await Store.KeepAliveAsync(lease, Cancelled)).Ttl);
    }

    [Fact(Timeout = Patience)]
    public async Task A_renewed_lease_lives_for_its_whole_ttl_again()
    {
        var lease = await GrantAsync(3);
        var put = await PutAsync("seen/a", "1", lease);
        for (var i = 0; i < 4; i++)
        {
            await PassAsync(TimeSpan.FromSeconds(2));
            var answer = await Store.KeepAliveAsync(lease, Cancelled);
            Assert.Equal((StoreStatus.Ok, TimeSpan.FromSeconds(3)), (answer.Status, answer.Ttl));
        }
        Assert.NotNull(await GetAsync("seen/a"));
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(["-seen/a"], Keys((await WatchAsync("", put + 1, 1))[0]));
    }

    [Fact(Timeout = Patience)]
    public async Task A_revoked_lease_takes_its_keys_at_once()
    {
        var lease = await GrantAsync(60);
        var put = await PutAsync("seen/a", "1", lease);
        Assert.Equal(StoreStatus.Ok, (await Store.RevokeAsync(lease, Cancelled)).Status);
        Assert.Null(await GetAsync("seen/a"));
        Assert.Equal(put + 1, await RevisionAsync());
        Assert.Equal(TimeSpan.Zero, (await Store.KeepAliveAsync(lease, Cancelled)).Ttl);
        Assert.Equal(StoreStatus.Ok, (await Store.RevokeAsync(lease, Cancelled)).Status);
        Assert.Equal(StoreStatus.Unavailable, (await CommitAsync(new StoreOp.Put("seen/a", "2", lease))).Status);
        Assert.Equal(put + 1, await RevisionAsync());
    }

    [Fact(Timeout = Patience)]
    public async Task A_lease_without_keys_ends_without_a_revision()
    {
        var before = await RevisionAsync();
        await Store.RevokeAsync(await GrantAsync(60), Cancelled);
        Assert.Equal(before, await RevisionAsync());
    }

    [Fact(Timeout = Patience)]
    public async Task A_key_hangs_on_the_lease_of_its_last_put()
    {
        long first = await GrantAsync(60), second = await GrantAsync(60);
        await PutAsync("freed", "1", first);
        await PutAsync("moved", "1", first);
        await PutAsync("freed", "2");
        await PutAsync("moved", "2", second);
        await Store.RevokeAsync(first, Cancelled);
        Assert.Equal(0, (await GetAsync("freed"))!.Lease);
        Assert.Equal(second, (await GetAsync("moved"))!.Lease);
        await Store.RevokeAsync(second, Cancelled);
        Assert.NotNull(await GetAsync("freed"));
        Assert.Null(await GetAsync("moved"));
    }

    [Fact(Timeout = Patience)]
    public async Task A_deleted_key_that_comes_back_without_a_lease_stays()
    {
        var lease = await GrantAsync(60);
        await PutAsync("a", "1", lease);
        await CommitAsync(new StoreOp.Delete("a"));
        await PutAsync("a", "2");
        await Store.RevokeAsync(lease, Cancelled);
        Assert.NotNull(await GetAsync("a"));
    }

    [Fact(Timeout = Patience)]
    public async Task Leases_have_ids_of_their_own_and_end_apart()
    {
        long brief = await GrantAsync(2), lasting = await GrantAsync(600);
        Assert.NotEqual(brief, lasting);
        Assert.NotEqual(0, brief);
        await PutAsync("brief", "1", brief);
        var last = await PutAsync("lasting", "1", lasting);
        await PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(["-brief"], Keys((await WatchAsync("", last + 1, 1))[0]));
        Assert.NotNull(await GetAsync("lasting"));
    }

    [Fact(Timeout = Patience)]
    public async Task An_unknown_lease_has_no_ttl()
    {
        var answer = await Store.KeepAliveAsync(987_654_321, Cancelled);
        Assert.Equal((StoreStatus.Ok, TimeSpan.Zero), (answer.Status, answer.Ttl));
    }

    [Fact(Timeout = Patience)]
    public async Task A_lease_needs_a_positive_ttl() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.GrantAsync(TimeSpan.Zero, Cancelled));
}
