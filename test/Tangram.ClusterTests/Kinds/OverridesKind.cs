namespace Tangram.ClusterTests.Kinds;

internal sealed class OverridesKind() : Kind("overrides")
{
    public override string[] Files => ["compose.yaml", "production.yaml"];
    public override string Host => "shop.localhost";
    public override Running[] Before => [new("web", 3, "1")];
    public override Running[] After => [new("web", 4, "2")];

    public override void Change(KindCluster cluster) => cluster.Edit(".env",
        ("TAG=1", "TAG=2"), ("WEB_REPLICAS=3", "WEB_REPLICAS=4"), ("the north", "the south"));

    public override Task UpAsync(KindCluster cluster) => SaysAsync(cluster, "hello from the north");
    public override Task ChangedAsync(KindCluster cluster) => SaysAsync(cluster, "hello from the south");
    public override Task BackAsync(KindCluster cluster) => SaysAsync(cluster, "hello from the north");

    /// <summary>The values come from .env and env_file; the later file has changed, taken away and replaced.</summary>
    private static async Task SaysAsync(KindCluster cluster, string greeting)
    {
        Assert.Equal($$"""{"GREETING": "{{greeting}}", "LOG_LEVEL": "warning", "LIMIT": "100"}""",
            (await cluster.GetAsync("/")).GetProperty("environment").GetRawText());
        Assert.All(await cluster.OfAsync("web"), r => Assert.Null(KindCluster.VariableOf(r, "TRACE")));
        using var elsewhere = new HttpClient();
        Assert.Equal(404, (int)(await elsewhere.GetAsync(cluster.Gateway)).StatusCode);
    }
}
