using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>All of etcd is gone for a while (TANGRAM_OUTAGE_MINUTES, 1 by default), under load, and on top of that
/// things crash and are restarted.</summary>
[Collection(nameof(Alone))]
public sealed class OutageDrill
{
    /// <summary>It is not about load: what waits for a gateway that starts shall not keep it from that.</summary>
    private const double Rate = 100;

    /// <summary>A gateway that starts while no store answers takes a second longer, and a slow machine many: what is
    /// asked is that none is lost, and the figure says how long the longest took.</summary>
    private const int Patience = 30;

    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(4), BetweenKills = TimeSpan.FromSeconds(3),
        Rest = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task A_cluster_without_a_store_serves_and_mends_itself_and_is_left_alone_when_it_is_back()
    {
        // Given the shop on eleven machines under load
        var chance = Figures.Chance(nameof(OutageDrill));
        await using var shop = await ShopLab.ReadyAsync();
        await shop.WarmAsync(Rate);
        var before = shop.Agents.Replicas();
        await using var load = shop.StartLoad(patience: Patience);
        await Until.PassedAsync(Steady);

        // When every member of etcd is killed, replicas crash, and agents and gateways are restarted, one of each
        // without a server that it could ask
        var begun = TimeProvider.System.GetTimestamp();
        foreach (var server in shop.Servers) server.KillEtcd();
        var restarts = new List<TimeSpan>();
        await CrashAsync(shop, chance, restarts, Outage / 4);
        await RestartAsync(shop, shop.Agents[0], cut: false);
        await RestartAsync(shop, shop.Gateways[0], cut: false);
        await CrashAsync(shop, chance, restarts, Outage / 2);
        await RestartAsync(shop, shop.Agents[1], cut: true);
        await CrashOneAsync(shop.Agents[1], chance, restarts);
        await RestartAsync(shop, shop.Gateways[1], cut: true);
        await CrashAsync(shop, chance, restarts, Outage - TimeProvider.System.GetElapsedTime(begun));
        var outage = TimeProvider.System.GetElapsedTime(begun);
        var during = shop.Agents.Replicas();

        // And etcd comes back
        foreach (var server in shop.Servers) shop.StartEtcd(server);
        await shop.SoundAsync();
        await Until.PassedAsync(Rest);
        var result = await load.StopAsync();

        // Then every safe request was served, the same replicas ran throughout, and nothing was restarted afterwards
        Figures.Note(string.Create(CultureInfo.InvariantCulture,
            $"{nameof(OutageDrill)}: no etcd for {outage.TotalSeconds:0} s; {restarts.Count} replicas killed, each ") +
            string.Create(CultureInfo.InvariantCulture,
            $"back in place within {restarts.Max().TotalSeconds:0.0} s; {result.BadSafe} of {result.Gets()} ") +
            $"safe requests failed, {result.BadPosts()} POSTs; longest " +
            $"{result.Total.Latency.Max.TotalMilliseconds:0} ms");
        Assert.Equal(before.Keys, during.Keys);
        Assert.Equal(during, shop.Agents.Replicas());
        Assert.True(result.BadSafe == 0, result.Troubles());
    }

    private static TimeSpan Outage => TimeSpan.FromMinutes(
        double.Parse(Environment.GetEnvironmentVariable("TANGRAM_OUTAGE_MINUTES") ?? Figures.Shorter("1", "0.5"),
            CultureInfo.InvariantCulture));

    /// <summary>One replica after the other, until the time is over.</summary>
    private static async Task CrashAsync(ShopLab shop, Random chance, List<TimeSpan> restarts, TimeSpan time)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begun) < time)
        {
            await CrashOneAsync(shop.Agents[chance.Next(shop.Agents.Length)], chance, restarts);
            await Until.PassedAsync(BetweenKills);
        }
    }

    private static async Task CrashOneAsync(LabMachine agent, Random chance, List<TimeSpan> restarts)
    {
        var replicas = agent.Replicas();
        var (replica, pid) = replicas.ElementAt(chance.Next(replicas.Count));
        restarts.Add(await agent.RestartsAsync(replica, pid));
    }

    /// <summary>A gateway answers again soon, also when no server does.</summary>
    private static async Task RestartAsync(ShopLab shop, LabMachine machine, bool cut)
    {
        if (cut) foreach (var server in shop.Servers) shop.Lab.Cut(machine, server);
        await shop.RestartAsync(machine);
        if (shop.Gateways.Contains(machine)) await shop.AnswersAsync(machine);
        shop.Lab.HealAll();
    }
}
