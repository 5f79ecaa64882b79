using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Observing;
using Tangram.Proving;

namespace Tangram.ClusterTests;

/// <summary>A node loses power, comes back, and another one is drained.</summary>
[Collection(nameof(Alone))]
public sealed class NodeDrill
{
    private const string Lost = "b-1", Emptied = "c-1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), InForce = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task No_get_fails_while_a_node_is_killed_comes_back_and_another_is_drained()
    {
        // Given the shop under load
        await using var cluster = await ShopCluster.ReadyAsync();
        await using var load = await ShopLoad.OnAsync(cluster);
        await Until.PassedAsync(InForce);

        // When a node loses power, and comes back
        var killedAt = TimeProvider.System.GetUtcNow();
        var started = await KillAsync(cluster);
        await cluster.BecomesReadyAsync();
        await cluster.DoAsync("revive", Lost);
        await BecomesAsync(cluster, Lost, "ready");
        var shared = await SharesAsync(cluster);
        await Until.PassedAsync(InForce);

        // and another one is drained, and used again
        await cluster.DoAsync("drain", Emptied);
        await IsEmptyAsync(cluster, Emptied);
        await BecomesAsync(cluster, Emptied, "drained");
        await cluster.DoAsync("undrain", Emptied);
        await BecomesAsync(cluster, Emptied, "ready");
        await Until.PassedAsync(InForce);
        await cluster.BecomesReadyAsync();
        var result = await load.StopAsync();

        // Then no GET failed, and POSTs only by the loss of power
        Figures.Note(nameof(NodeDrill) +
                     FormattableString.Invariant($": replacements started {started.TotalSeconds:0.0} s ") +
                     "after the kill, " +
                     FormattableString.Invariant($"its share again {shared.TotalSeconds:0.0} s after it was back; ") +
                     result.Words());
        result.NoGetFailedAndNothingRanTwice(cluster);
        OnlyTheKillCutPosts(result, killedAt);
        Assert.True(started <= TimeSpan.FromSeconds(5), $"replacements started only after {started.TotalSeconds} s");
        Assert.Equal(6, (await cluster.PsAsync()).Count(r => r is { Service: "order", Ready: true }));
    }

    /// <summary>Kills the node; returns how long it took until every service had as many processes elsewhere as it
    /// had.</summary>
    private static async Task<TimeSpan> KillAsync(ShopCluster cluster)
    {
        var before = await cluster.PsAsync();
        Assert.Contains(before, r => r.Node == Lost && r.Service == "order");
        var wanted = Counts(before);
        // From before the command, so its own start counts too.
        var start = TimeProvider.System.GetTimestamp();
        await cluster.DoAsync("kill", Lost);
        await Until.SomeAsync(async () =>
        {
            if (await cluster.LookAsync() is not { } all) return null;
            var now = Counts(all.Where(r => r.Node != Lost && r.Pid is not null));
            return wanted.All(service => now.GetValueOrDefault(service.Key) >= service.Value) ? all : null;
        }, Patience, () => $"replacements run\n{cluster.Tail("events.jsonl", 40)}");
        return TimeProvider.System.GetElapsedTime(start);
    }

    /// <summary>How long it takes until the node that is back has two of the six again, with no move under
    /// way.</summary>
    private static async Task<TimeSpan> SharesAsync(ShopCluster cluster)
    {
        var start = TimeProvider.System.GetTimestamp();
        await Until.SomeAsync(async () =>
        {
            if (await cluster.LookAsync() is not { } all) return null;
            var order = all.Where(r => r is { Service: "order" }).ToArray();
            return order.Length == 6 && order.Count(r => r is { Node: Lost, Ready: true }) == 2 ? order : null;
        }, Patience, () => $"{Lost} has its share\n{cluster.Tail("events.jsonl", 40)}");
        return TimeProvider.System.GetElapsedTime(start);
    }

    private static Dictionary<string, int> Counts(IEnumerable<ReplicaView> replicas) =>
        replicas.GroupBy(r => r.Service).ToDictionary(g => g.Key, g => g.Count());

    private static async Task IsEmptyAsync(ShopCluster cluster, string node) => await Until.SomeAsync(
        async () => await cluster.LookAsync() is { } all && all.All(r => r.Node != node) ? all : null,
        Patience, () => $"{node} is empty\n{cluster.Tail("events.jsonl", 40)}");

    private static async Task BecomesAsync(ShopCluster cluster, string node, string state) => await Until.SomeAsync(
        async () => (await cluster.StatusAsync())?.Nodes.FirstOrDefault(n => n.Name == node && n.State == state),
        Patience, () => $"{node} is {state}\n{cluster.Tail("events.jsonl", 40)}");

    private static void OnlyTheKillCutPosts(LoadResult result, DateTimeOffset killedAt)
    {
        var killed = killedAt - result.StartedAt;
        foreach (var trouble in result.Posts().Troubles)
            Assert.True(trouble.First >= killed && trouble.Last <= killed + TimeSpan.FromSeconds(5),
                $"a POST failed at another time: {trouble}, from {trouble.First} to {trouble.Last}, the kill was at " +
                $"{killed}\n{result.Examples()}");
    }
}
