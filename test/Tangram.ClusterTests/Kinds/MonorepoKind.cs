namespace Tangram.ClusterTests.Kinds;

internal sealed class MonorepoKind() : Kind("monorepo")
{
    public override Running[] Before => [new("web", 2, "1"), new("orders", 2, "1"), new("billing", 2, "1")];
    public override Running[] After => [new("web", 2, "2"), new("orders", 2, "2"), new("billing", 2, "2")];

    /// <summary>In one place for all.</summary>
    public override void Change(KindCluster cluster) =>
        cluster.Edit("common/service.yaml", ("VERSION: \"1\"", "VERSION: \"2\""));

    public override Task UpAsync(KindCluster cluster) => AnswersAsync(cluster, "1");
    public override Task ChangedAsync(KindCluster cluster) => AnswersAsync(cluster, "2");
    public override Task BackAsync(KindCluster cluster) => AnswersAsync(cluster, "1");

    /// <summary>Each service has the variables of its own folder, and they call each other.</summary>
    private static async Task AnswersAsync(KindCluster cluster, string version)
    {
        var web = await cluster.GetAsync("/");
        var orders = web.GetProperty("calls").GetProperty("orders");
        var billing = orders.GetProperty("calls").GetProperty("billing");
        Assert.Equal(
            [$"nobody {version}", $"team-orders {version}", $"team-billing {version}"],
            from answer in new[] { web, orders, billing }
            select answer.GetProperty("environment").GetProperty("OWNER") + " " + answer.GetProperty("version"));
        Assert.All(await cluster.OfAsync("orders"), r => Assert.Equal("EUR", KindCluster.VariableOf(r, "CURRENCY")));
    }
}
