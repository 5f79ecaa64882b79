namespace Tangram.ClusterTests.Kinds;

internal sealed class LimitsKind() : Kind("limits")
{
    public override Running[] Before => [new("web", 6, "1"), new("batch", 2, "1")];
    public override Running[] After => [new("web", 6, "2"), new("batch", 2, "2")];

    public override void Change(KindCluster cluster)
    {
        base.Change(cluster);
        cluster.Edit("compose.yaml", ("soft: 256", "soft: 512"));
    }

    public override Task UpAsync(KindCluster cluster) => HoldAsync(cluster, 256);
    public override Task ChangedAsync(KindCluster cluster) => HoldAsync(cluster, 512);
    public override Task BackAsync(KindCluster cluster) => HoldAsync(cluster, 256);

    private static async Task HoldAsync(KindCluster cluster, int files)
    {
        // One on every node, and of the other service all on the node that its constraints leave
        Assert.Equal(["a-1", "a-2", "b-1", "b-2", "c-1", "c-2"],
            (await cluster.OfAsync("web")).Select(r => r.Node).Order(StringComparer.Ordinal));
        var batch = await cluster.OfAsync("batch");
        Assert.Equal(["c-2", "c-2"], batch.Select(r => r.Node));

        // And the kernel holds them to their limits
        Assert.Equal(files, (await cluster.GetAsync("/")).GetProperty("open_files").GetInt32());
        Assert.All(batch, r => Assert.Equal("500", File.ReadAllText($"/proc/{r.Pid}/oom_score_adj").Trim()));
    }
}
