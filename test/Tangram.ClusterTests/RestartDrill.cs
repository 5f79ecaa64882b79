using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Deploying;
using Tangram.Routing;
using Tangram.Proving;

namespace Tangram.ClusterTests;

/// <summary>Tangram is replaced, or killed and started again, while clients use its gateway.</summary>
[Collection(nameof(Alone))]
public sealed class RestartDrill
{
    private const string File = "compose.yaml";
    private static readonly int Restarts = Figures.Shorter(5, 3);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_notices_when_another_daemon_takes_over(bool keepAlive)
    {
        // Given a shop under load
        await using var cluster = await ShopCluster.ReadyAsync();
        var replicas = await ReplicasAsync(cluster);
        await using var load = await ShopLoad.OnAsync(cluster, keepAlive: keepAlive);
        await Until.PassedAsync(Between);

        // When another daemon takes over, several times
        for (var i = 0; i < Restarts; i++)
        {
            var before = cluster.Daemon;
            cluster.Up(File, "--replace");
            Assert.Equal(0, await before.EndAsync(Patience));
            await cluster.BecomesReadyAsync();
            await Until.PassedAsync(Between);
        }

        // Then no request failed, and every replica is the process that it was
        var result = await load.StopAsync();
        Figures.Note($"{nameof(RestartDrill)}: replaced {Restarts} times, {Kind(keepAlive)}: {result.Words()}");
        result.NothingFailed(cluster);
        Assert.Equal(replicas, await ReplicasAsync(cluster));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_what_was_in_flight_is_lost_when_the_daemon_is_killed(bool keepAlive)
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        var replicas = await ReplicasAsync(cluster);
        await using var load = await ShopLoad.OnAsync(cluster, keepAlive: keepAlive);
        await Until.PassedAsync(Between);
        var kills = new List<(DateTimeOffset From, DateTimeOffset To)>();

        for (var i = 0; i < Restarts; i++)
        {
            var from = TimeProvider.System.GetUtcNow();
            await cluster.Daemon.KillAsync();
            kills.Add((from, TimeProvider.System.GetUtcNow()));
            cluster.Up(File);
            await cluster.BecomesReadyAsync();
            await DrainedAsync(cluster);
            await Until.PassedAsync(Between);
        }

        var result = await load.StopAsync();
        Figures.Note($"{nameof(RestartDrill)}: killed {Restarts} times, {Kind(keepAlive)}: {result.Words()}");
        Assert.DoesNotContain(result.Examples, lost => !IsCut(lost)
            || !kills.Any(k => result.StartedAt + lost.Begun < k.To && result.StartedAt + lost.Ended > k.From));
        Assert.True(result.Total.Bad <= Restarts * MostInFlight, result.Words() + "\n" + result.Examples());
        Assert.Equal(replicas, await ReplicasAsync(cluster));
    }

    [Fact]
    public async Task Nothing_keeps_the_ports_after_down_nor_for_long_after_a_crash()
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        var keeper = Assert.Single(Keepers(cluster));
        await cluster.Daemon.KillAsync();
        Assert.Equal("the keeper of the cluster '" + cluster.Name + "', which `tangram down` ends",
            PortOwner.Find(cluster.Gateway.Port)?.Program);
        await Until.SomeAsync(() => Task.FromResult(Keepers(cluster).Count == 0 ? cluster : null), Patience,
            () => $"the keeper {keeper} has ended");
        Assert.Null(PortOwner.Find(cluster.Gateway.Port));

        cluster.Up(File);
        await cluster.BecomesReadyAsync();
        // By the leases of before, which have not ended yet, it may be ready before its gateway has begun.
        await Until.SomeAsync(() => Task.FromResult(Keepers(cluster).Count == 1 ? cluster : null), Patience,
            () => "a keeper");
        await cluster.Daemon.KillAsync();
        await cluster.DoAsync("down");
        Assert.Empty(Keepers(cluster));
        Assert.Null(PortOwner.Find(cluster.Gateway.Port));
    }

    /// <summary>What waited for a daemon has been answered: a new connection is behind all of it. On a machine that
    /// starts programs slowly that is more than is in flight otherwise.</summary>
    private static async Task DrainedAsync(ShopCluster cluster)
    {
        using var client = new HttpClient { Timeout = Patience };
        var quick = 0;
        await Until.SomeAsync(async () =>
        {
            var begun = TimeProvider.System.GetTimestamp();
            using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.Gateway, "api/orders"));
            asked.Headers.ConnectionClose = true;
            try { using var answer = await client.SendAsync(asked); }
            catch (HttpRequestException) { return null; }
            quick = TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromMilliseconds(50) ? quick + 1 : 0;
            return quick == 5 ? cluster : null;
        }, Patience, () => "what waited is answered");
    }

    /// <summary>At 300 requests a second of some 10 ms there are about three; a busy machine has ten times as
    /// many.</summary>
    private const int MostInFlight = 30;

    /// <summary>The connection ended before or within the answer: never refused, and never too late.</summary>
    private static bool IsCut(LoadExample lost) => lost.Kind is "Reset" or "Closed" or "Cut";

    private static string Kind(bool keepAlive) => keepAlive ? "with keep-alive" : "a connection for each request";

    private static List<ProcessStat> Keepers(ShopCluster cluster) => [.. ProcessStat.All()
        .Where(p => !p.Ended && SocketKeeper.ClusterOf(p.Pid) == cluster.Name)];

    private static async Task<List<(string, int?)>> ReplicasAsync(ShopCluster cluster) =>
        [.. (await cluster.PsAsync()).Select(r => (r.Replica, r.Pid)).Order()];
}
