using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.ClusterTests.Coordinating;

/// <summary>Which members are spoken to at all.</summary>
public sealed class EtcdAdmissionTests
{
    private static readonly TimeSpan Brief = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task An_etcd_that_is_too_old_is_refused()
    {
        await using var old = await FalseEtcd.StartAsync("3.3.27", cluster: 7);
        var refused = await Assert.ThrowsAsync<StoreConnectionException>(() => OpenAsync(old.Endpoint));
        Assert.Contains($"etcd at {old.Endpoint} is version 3.3.27, which is too old", refused.Message);
    }

    [Fact]
    public async Task An_old_member_is_passed_over_for_a_new_one_and_a_sound_one_needs_no_warning()
    {
        await using var old = await FalseEtcd.StartAsync("3.3.27", cluster: 7);
        await using var sound = await FalseEtcd.StartAsync("3.6.9", cluster: 7);
        await using var store = await OpenAsync(old.Endpoint, sound.Endpoint);
        Assert.Equal(sound.Endpoint, store.Endpoint);
        Assert.Empty(store.Warnings);
    }

    [Fact]
    public async Task A_member_of_another_cluster_is_not_moved_to()
    {
        var mine = await FalseEtcd.StartAsync("3.6.9", cluster: 7);
        await using var other = await FalseEtcd.StartAsync("3.6.9", cluster: 8);
        await using var store = await OpenAsync(mine.Endpoint, other.Endpoint);
        Assert.Equal(mine.Endpoint, store.Endpoint);
        await mine.DisposeAsync();
        var answer = await store.RangeAsync("");
        Assert.Equal(StoreStatus.Unavailable, answer.Status);
        Assert.Contains($"{other.Endpoint} belongs to another etcd cluster", answer.Error);
    }

    private static Task<EtcdStore> OpenAsync(params string[] endpoints) =>
        EtcdStore.OpenAsync(new EtcdOptions(endpoints) { CallTimeout = Brief }, TimeProvider.System);
}
