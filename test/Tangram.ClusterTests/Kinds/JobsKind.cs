using System.Text.Json;
using Tangram.ClusterTests.Drilling;

namespace Tangram.ClusterTests.Kinds;

internal sealed class JobsKind() : Kind("jobs")
{
    public override Running[] Before => [new("web", 2, "1"), new("db", 1)];
    public override Running[] After => [new("web", 2, "2"), new("db", 1)];

    public override async Task UpAsync(KindCluster cluster)
    {
        await MigratedAsync(cluster, "1");
        await SweepsAsync(cluster);

        // The report of the night, now
        await cluster.DoAsync("run", "report");
        Assert.Single(await cluster.KeptAsync("/store/report"));
        Assert.Contains("Europe/Berlin", await cluster.DoAsync("jobs"));
    }

    /// <summary>A changed migration has run once, and what had been done was not done again.</summary>
    public override Task ChangedAsync(KindCluster cluster) => MigratedAsync(cluster, "1", "2");

    public override async Task BackAsync(KindCluster cluster)
    {
        await MigratedAsync(cluster, "1", "2");
        await SweepsAsync(cluster);
    }

    private static async Task MigratedAsync(KindCluster cluster, params string[] versions) => Assert.Equal(versions,
        (await cluster.GetAsync("/store/migrate")).EnumerateArray().Select(run => Text(run, "version")));

    /// <summary>It runs, and never twice for one occurrence.</summary>
    private static async Task SweepsAsync(KindCluster cluster)
    {
        var before = (await cluster.GetAsync("/store/sweep")).GetArrayLength();
        var runs = await Until.SomeAsync(async () =>
                (await cluster.GetAsync("/store/sweep")).EnumerateArray().ToArray() is { } some &&
                some.Length > before ? some : null,
            TimeSpan.FromSeconds(20), () => $"another sweep\n{cluster.Tail()}");
        Assert.Equal(runs.Length, runs.Select(run => Text(run, "occurrence")).Distinct().Count());
    }

    private static string? Text(JsonElement run, string name) => run.GetProperty(name).GetString();
}
