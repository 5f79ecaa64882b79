using System.Globalization;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>Every program of Tangram on eleven machines is replaced, one after the other, under load.</summary>
[Collection(nameof(Alone))]
public sealed class UpgradeDrill
{
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(4), Between = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Servers_agents_and_gateways_are_replaced_and_nobody_notices()
    {
        // Given the shop under load
        await using var shop = await ShopLab.ReadyAsync();
        await shop.WarmAsync();
        var before = shop.Agents.Replicas();
        await using var load = shop.StartLoad();
        await Until.PassedAsync(Steady);

        // When one program after the other is replaced, as an upgrade does it: servers first
        var begun = TimeProvider.System.GetTimestamp();
        foreach (var machine in (LabMachine[])[.. shop.Servers, .. shop.Agents, .. shop.Gateways])
        {
            await shop.RestartAsync(machine);
            await shop.SoundAsync();
            if (shop.Gateways.Contains(machine)) await shop.AnswersAsync(machine);
            await Until.PassedAsync(Between);
        }
        var took = TimeProvider.System.GetElapsedTime(begun);
        var result = await load.StopAsync();

        // Then no request of any kind failed, and every replica is the process that it was
        Figures.Note(string.Create(CultureInfo.InvariantCulture,
            $"{nameof(UpgradeDrill)}: 11 programs replaced in {took.TotalSeconds:0} s; {result.BadSafe} of ") +
            $"{result.Gets()} safe requests failed, {result.BadPosts()} POSTs; longest " +
            $"{result.Total.Latency.Max.TotalMilliseconds:0} ms");
        Assert.Equal(before, shop.Agents.Replicas());
        Assert.True(result is { BadSafe: 0 } && result.BadPosts() == 0,
            $"{result.Words()}\n{result.Examples()}\n{result.Troubles()}");
    }
}
