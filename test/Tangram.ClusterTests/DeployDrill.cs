using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Observing;
using Tangram.Proving;

namespace Tangram.ClusterTests;

/// <summary>A good version and three broken ones are deployed under load.</summary>
[Collection(nameof(Alone))]
public sealed class DeployDrill
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4), Around = TimeSpan.FromSeconds(3);

    /// <summary>As in the shop's file: order's <c>monitor</c>.</summary>
    private static readonly TimeSpan Monitor = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_good_version_costs_no_request()
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        var deploy = await DeployAsync(cluster, "compose.v2.yaml");

        Note("version 2", deploy);
        Assert.True(deploy.Code == 0, deploy.Printed);
        deploy.Load.NothingFailed(cluster);
        await EverywhereAsync(cluster, "2");
    }

    [Theory]
    [InlineData("compose.exits.yaml")]
    [InlineData("compose.never-ready.yaml")]
    public async Task A_version_that_never_serves_costs_no_request_and_is_rolled_back(string file)
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        var deploy = await DeployAsync(cluster, file);

        Note(file, deploy);
        RolledBackWithASentence(deploy);
        deploy.Load.NothingFailed(cluster);
        await EverywhereAsync(cluster, "1");
    }

    [Fact]
    public async Task A_version_that_fails_half_of_its_requests_is_noticed_and_rolled_back()
    {
        await using var cluster = await ShopCluster.ReadyAsync();
        var deploy = await DeployAsync(cluster, "compose.half-broken.yaml");

        // Then it is noticed within `monitor`, no GET fails, and POSTs fail within the new revision's share
        var (ready, back, gone) = (deploy.Seen.FirstReady, deploy.Seen.RollingBack, deploy.Seen.LastGone);
        var posts = (gone - ready).TotalSeconds * deploy.Load.Offered * ShopLoad.PostShare;
        Note(FormattableString.Invariant($"half-broken, rolled back {(back - ready).TotalSeconds:0.0} s after its ") +
             FormattableString.Invariant($"first replica was ready, gone after {(gone - ready).TotalSeconds:0.0} s, ") +
             FormattableString.Invariant($"{deploy.Load.BadPosts()} of {posts:0} POSTs of that time failed"), deploy);
        RolledBackWithASentence(deploy);
        deploy.Load.NoGetFailedAndNothingRanTwice(cluster);
        Assert.True(back - ready <= Monitor, $"noticed only after {back - ready}");
        Assert.True(deploy.Load.BadPosts() <= posts * 2 / 8,
            $"{deploy.Load.BadPosts()} POSTs of {posts:0} failed\n{deploy.Load.Examples()}");
        await EverywhereAsync(cluster, "1");
    }

    private sealed record Deployed(int Code, string Printed, TimeSpan Took, LoadResult Load, Sight Seen);

    /// <summary>When what was seen of the new revision.</summary>
    private sealed record Sight(TimeSpan FirstReady, TimeSpan RollingBack, TimeSpan LastGone);

    /// <summary>Given the shop under load, when the file is deployed to its end.</summary>
    private static async Task<Deployed> DeployAsync(ShopCluster cluster, string file)
    {
        await using var load = await ShopLoad.OnAsync(cluster);
        await Until.PassedAsync(Around);
        var start = TimeProvider.System.GetTimestamp();
        using var child = cluster.Deploy(file);
        var seen = await WatchAsync(cluster, child, start);
        var code = await child.EndAsync(Longest);
        var took = TimeProvider.System.GetElapsedTime(start);
        await Until.PassedAsync(Around);
        return new Deployed(code, child.Printed, took, await load.StopAsync(), seen);
    }

    private static async Task<Sight> WatchAsync(ShopCluster cluster, Child deploy, long start)
    {
        var (firstReady, rollingBack, lastGone) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        while (!deploy.HasEnded && TimeProvider.System.GetElapsedTime(start) < Longest)
        {
            var now = TimeProvider.System.GetElapsedTime(start);
            var status = await cluster.StatusAsync();
            var fresh = (await cluster.LookAsync() ?? []).Where(r => r.Service == "order" && IsNew(r)).ToList();
            if (firstReady == default && fresh.Any(r => r.Ready)) firstReady = now;
            var back = status?.Rollout is { Stage: "rollingBack" or "rolledBack" };
            if (back && rollingBack == default) rollingBack = now;
            if (fresh.Any(r => r.State is "ready" or "draining")) lastGone = TimeProvider.System.GetElapsedTime(start);
            await Until.PassedAsync(TimeSpan.FromMilliseconds(100));
        }
        return new Sight(firstReady, rollingBack, lastGone);

        static bool IsNew(ReplicaView replica) => replica.Revision > 1;
    }

    private static void RolledBackWithASentence(Deployed deploy)
    {
        Assert.True(deploy.Code == 1, $"exit code {deploy.Code}: {deploy.Printed}");
        Assert.Matches("revision 2 was rolled back, revision 1 runs again: .{10,}", deploy.Printed);
    }

    private static async Task EverywhereAsync(ShopCluster cluster, string version) =>
        Assert.Equal(Enumerable.Repeat(version, 6), await cluster.VersionsAsync());

    private static void Note(string what, Deployed deploy) => Figures.Note(
        FormattableString.Invariant($"{nameof(DeployDrill)}: {what}: exit code {deploy.Code} after ") +
        FormattableString.Invariant($"{deploy.Took.TotalSeconds:0} s; {deploy.Load.Words()}; it said: ") +
        deploy.Printed.TrimEnd().Split('\n')[^1]);
}
