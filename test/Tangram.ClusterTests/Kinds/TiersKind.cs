namespace Tangram.ClusterTests.Kinds;

internal sealed class TiersKind() : Kind("tiers")
{
    public override Running[] Before => [new("web", 3, "1"), new("app", 3, "1"), new("db", 1, "1")];
    public override Running[] After => [new("web", 3, "2"), new("app", 3, "2"), new("db", 1, "2")];

    public override async Task UpAsync(KindCluster cluster)
    {
        await cluster.PostAsync("/store/orders", "\"one\"");
        await KeepsAsync(cluster, "one");
    }

    public override async Task ChangedAsync(KindCluster cluster)
    {
        await KeepsAsync(cluster, "one");
        await cluster.PostAsync("/store/orders", "\"two\"");
    }

    public override Task BackAsync(KindCluster cluster) => KeepsAsync(cluster, "one", "two");

    /// <summary>The database has been replaced and has its volume, which lets no two at it: one that came too early
    /// would have been restarted.</summary>
    private static async Task KeepsAsync(KindCluster cluster, params string[] orders)
    {
        Assert.Equal(orders, await cluster.KeptAsync("/store/orders"));
        var db = Assert.Single(await cluster.OfAsync("db"));
        Assert.Equal(("a-1", 0), (db.Node, db.Restarts));
    }
}
