using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Kinds;

internal sealed class AgentsKind() : Kind("agents")
{
    private static readonly string[] Nodes = ["a-1", "a-2", "b-1", "b-2"];

    public override Running[] Before => [new("agent", 4, "1"), new("collector", 1)];
    public override Running[] After => [new("agent", 4, "2"), new("collector", 1)];

    public override Task UpAsync(KindCluster cluster) => ReportAsync(cluster, "1");
    public override Task ChangedAsync(KindCluster cluster) => ReportAsync(cluster, "2");
    public override Task BackAsync(KindCluster cluster) => ReportAsync(cluster, "1");

    /// <summary>One on every node, which the collector hears of.</summary>
    private static async Task ReportAsync(KindCluster cluster, string version)
    {
        Assert.Equal(Nodes, (await cluster.OfAsync("agent")).Select(r => r.Node).Order(StringComparer.Ordinal));
        var before = (await cluster.GetAsync("/store/agent")).GetArrayLength();
        await Until.SomeAsync(async () =>
        {
            var fresh = (await cluster.GetAsync("/store/agent")).EnumerateArray().Skip(before)
                .Where(r => r.GetProperty("version").GetString() == version)
                .Select(r => r.GetProperty("node").GetString()!);
            return Nodes.Except(fresh).Any() ? null : "";
        }, TimeSpan.FromSeconds(20), () => $"a report of version {version} from each node");
    }
}
