using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>Replicas die without a warning, one every second.</summary>
[Collection(nameof(Alone))]
public sealed class ReplicaKillDrill
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(Figures.Shorter(60, 30)),
        Every = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task No_get_fails_and_no_post_runs_twice_while_a_random_replica_is_killed_every_second()
    {
        // Given six replicas of order over three zones, under load
        await using var cluster = await ShopCluster.ReadyAsync();
        var orders = (await cluster.PsAsync()).Where(r => r.Service == "order").ToList();
        Assert.Equal((6, 3), (orders.Count(r => r.Ready), orders.Select(r => r.Zone).Distinct().Count()));
        var chance = Figures.Chance(nameof(ReplicaKillDrill));
        await using var load = await ShopLoad.OnAsync(cluster, Length);

        // When one of them is killed every second
        var killed = await KillUntilOverAsync(cluster, load, chance);
        var result = await load.EndAsync();

        // Then callers notice at most a POST that was in flight
        await cluster.BecomesReadyAsync();
        Figures.Note($"{nameof(ReplicaKillDrill)}: {killed} kills, one of 6 order replicas a second; " +
                     $"{result.Words()}; POSTs cut in flight {result.BadPosts()} of {result.Posts().Sent}");
        result.NoGetFailedAndNothingRanTwice(cluster);
        Assert.True(result.BadPosts() <= killed * 5,
            $"more than were in flight: {result.Words()}\n{result.Examples()}");
        Assert.True(killed >= Length.TotalSeconds / 2, $"only {killed} were killed");
    }

    private static async Task<int> KillUntilOverAsync(ShopCluster cluster, ShopLoad load, Random chance)
    {
        var killed = 0;
        var start = TimeProvider.System.GetTimestamp();
        for (var second = 1; load.Runs; second++)
        {
            await Until.PassedAsync(second * Every - TimeProvider.System.GetElapsedTime(start));
            var ready = (await cluster.LookAsync() ?? [])
                .Where(r => r is { Service: "order", Ready: true, Pid: not null }).ToList();
            if (ready.Count > 0 && load.Runs && ShopCluster.Kill(ready[chance.Next(ready.Count)].Pid!.Value)) killed++;
        }
        return killed;
    }
}
