namespace Tangram.ClusterTests.Kinds;

internal sealed class RolloutKind() : Kind("rollout")
{
    private const string Good = "VERSION: \"1\"", Defect = "VERSION: \"1b\", FAIL_EVERY: \"2\"";

    public override Running[] Before => [new("web", 6, "1")];
    public override Running[] After => [new("web", 6, "2")];
    public override string Monitor => "2s";

    /// <summary>A version that answers every second request with an error takes itself back, and its users do not
    /// notice.</summary>
    public override async Task UpAsync(KindCluster cluster)
    {
        await SpreadAsync(cluster);
        cluster.Edit("compose.yaml", (Good, Defect));
        await cluster.UnderLoadAsync(async () =>
        {
            var (code, printed) = await cluster.RunAsync("deploy");
            Assert.True(code == 1 && printed.Contains("was rolled back, revision 1 runs again: "), printed);
            await cluster.RunsAsync(Before);
        });
        cluster.Edit("compose.yaml", (Defect, Good));
    }

    public override Task ChangedAsync(KindCluster cluster) => SpreadAsync(cluster);
    public override Task BackAsync(KindCluster cluster) => SpreadAsync(cluster);

    private static async Task SpreadAsync(KindCluster cluster) => Assert.Equal(
        [("a", 2), ("b", 2), ("c", 2)],
        from replica in await cluster.OfAsync("web")
        group replica by replica.Zone into zone
        orderby zone.Key
        select (zone.Key, zone.Count()));
}
