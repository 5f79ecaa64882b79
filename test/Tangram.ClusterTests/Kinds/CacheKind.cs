using Tangram.Deploying;

namespace Tangram.ClusterTests.Kinds;

internal sealed class CacheKind() : Kind("cache")
{
    public override Running[] Before => [new("web", 2, "1"), new("api", 3, "1"), new("cache", 1)];
    public override Running[] After => [new("web", 2, "2"), new("api", 3, "2"), new("cache", 1)];

    public override Uri Load(KindCluster cluster) => new(Published(cluster, ""));

    public override async Task UpAsync(KindCluster cluster)
    {
        await AnswersAsync(cluster, "1");

        // Each was started when what it needs was well
        var (cache, api, web) = (await StartAsync(cluster, "cache"), await StartAsync(cluster, "api"),
            await StartAsync(cluster, "web"));
        Assert.True(cache < api && api < web, $"started at {cache}, {api} and {web}");

        // And the three of them keep something together
        await cluster.PostAsync(Published(cluster, "store/items"), "\"tea\"");
    }

    public override async Task ChangedAsync(KindCluster cluster) => await AnswersAsync(cluster, "2");

    public override async Task BackAsync(KindCluster cluster) => await AnswersAsync(cluster, "1");

    private static async Task AnswersAsync(KindCluster cluster, string version)
    {
        var web = await cluster.GetAsync(Published(cluster, ""));
        var api = web.GetProperty("calls").GetProperty("api");
        Assert.Equal((version, version),
            (web.GetProperty("version").GetString(), api.GetProperty("version").GetString()));
        if (await cluster.KeptAsync(Published(cluster, "store/items")) is { Length: > 0 } kept)
            Assert.Equal(["tea"], kept);
    }

    private static async Task<long> StartAsync(KindCluster cluster, string service) =>
        (await cluster.OfAsync(service)).Min(r => ProcessStat.Read(r.Pid!.Value)!.Value.StartTime);

    private static string Published(KindCluster cluster, string path) =>
        $"http://127.0.0.1:{cluster.Ports[8101]}/{path}";
}
