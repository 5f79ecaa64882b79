using Tangram.ClusterTests.Drilling;
using Tangram.Proving.Drills;

namespace Tangram.ClusterTests.Proving;

/// <summary>Each ready drill on a cluster of six replicas over three zones, as anybody would hold it.</summary>
[Collection(nameof(Alone))]
public sealed class ReadyDrillTests
{
    [Theory]
    [InlineData("replica-loss", "gone after")]
    [InlineData("node-loss", "without power")]
    [InlineData("zone-loss", "without power")]
    [InlineData("leader-loss", "gone after")]
    [InlineData("gateway-loss", "gone after")]
    [InlineData("store-outage", "gone after")]
    [InlineData("bad-deploy", "ends at its start")]
    [InlineData("traffic-spike", "200 requests/s more")]
    public async Task A_good_cluster_keeps_it(string drill, string effect)
    {
        await using var cluster = await DrillCluster.ReadyAsync();
        var (code, result) = await cluster.HeldAsync(drill, "--seed", "7");
        var fault = Assert.Single(result.Faults);
        Figures.Note($"{nameof(ReadyDrillTests)}: {drill}: {result.Verdict.Ruling}; detected {Ms(fault.Detected)}, " +
            $"left {Ms(fault.Left)}, whole {Ms(fault.Whole)}; " +
            $"{result.Load?.Sent} sent, {result.Load?.Failed} failed, " +
            $"{result.Retried} repeated, longest {Ms(result.Load?.Max)}; {fault.Effect}; {fault.Reverted}");
        Assert.True(code == 0, Told(result));
        Assert.Equal(DrillRuling.Kept, result.Verdict.Ruling);
        Assert.Contains(effect, fault.Effect);
        Assert.NotNull(fault.Whole);
        Assert.True((await cluster.StatusAsync())!.Ready);
    }

    [Fact]
    public async Task Everything_at_once_is_kept_and_its_seed_repeats_it()
    {
        await using var cluster = await DrillCluster.ReadyAsync();
        var seed = Figures.Chance(nameof(ReadyDrillTests)).Next();
        var file = cluster.Write("some.yaml", """
            load: { rate: 50, duration: 15s }
            random: 4
            """);
        var (code, result) = await cluster.HeldAsync(file, "--seed", $"{seed}");
        Assert.True(code == 0, $"seed {seed}\n" + Told(result));
        Assert.Equal(4, result.Faults.Count);
        Assert.All(result.Faults, fault => Assert.Null(fault.Missed));
    }

    private static string Told(DrillResult result) =>
        string.Join('\n', result.Verdict.Because.Concat(result.Timeline.Select(m => m.ToString())));

    private static string Ms(TimeSpan? span) =>
        span is { } known ? FormattableString.Invariant($"{known.TotalMilliseconds:0} ms") : "-";
}
