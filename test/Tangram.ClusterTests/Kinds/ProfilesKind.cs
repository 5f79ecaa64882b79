using System.Net;

namespace Tangram.ClusterTests.Kinds;

internal sealed class ProfilesKind() : Kind("profiles")
{
    public override Running[] Before => [new("web", 2, "1"), new("api", 2, "1")];
    public override Running[] After => [new("web", 2, "2"), new("api", 2, "2"), new("console", 1, "2")];
    public override string[] Options => ["--profile", "debug"];

    public override async Task UpAsync(KindCluster cluster)
    {
        Assert.Equal("""{"REGION": "north", "LOG_LEVEL": "info"}""", await SharedAsync(cluster, "/"));
        await HasNoConsoleAsync(cluster);
    }

    public override async Task ChangedAsync(KindCluster cluster) =>
        Assert.Equal("""{"REGION": "north", "LOG_LEVEL": "debug"}""", await SharedAsync(cluster, "/console"));

    public override Task BackAsync(KindCluster cluster) => HasNoConsoleAsync(cluster);

    private static async Task<string> SharedAsync(KindCluster cluster, string path) =>
        (await cluster.GetAsync(path)).GetProperty("environment").GetRawText();

    /// <summary>Then web answers there.</summary>
    private static async Task HasNoConsoleAsync(KindCluster cluster)
    {
        Assert.Equal("web", (await cluster.GetAsync("/console")).GetProperty("service").GetString());
        using var api = await cluster.AskAsync("/api");
        Assert.Equal(HttpStatusCode.OK, api.StatusCode);
    }
}
