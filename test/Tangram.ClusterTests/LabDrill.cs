using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

[Collection(nameof(Alone))]
public sealed class LabDrill
{
    [Fact]
    public async Task The_shop_runs_on_machines_of_its_own()
    {
        // Given the shop on eleven machines
        await using var shop = await ShopLab.ReadyAsync();
        await using var load = shop.StartLoad();

        // When nothing happens
        await Until.PassedAsync(TimeSpan.FromSeconds(10));
        var result = await load.StopAsync();

        // Then nothing fails
        Figures.Note($"{nameof(LabDrill)}: {result.Words()}");
        Assert.True(result.Total.Bad == 0, result.Troubles());
    }
}
