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
    [InlineData("slow-zone", "a tenth of the time")]
    [InlineData("traffic-spike", "200 requests/s more")]
    public Task A_good_cluster_keeps_its_objectives_when_a_part_of_it_breaks(string drill, string effect) =>
        KeptAsync(drill, effect);

    [Theory]
    [InlineData("leader-loss", "gone after")]
    [InlineData("gateway-loss", "gone after")]
    [InlineData("store-outage", "gone after")]
    [InlineData("bad-deploy", "ends at its start")]
    public Task A_good_cluster_gets_over_what_strikes_all_of_it(string drill, string effect) =>
        KeptAsync(drill, effect);

    private static async Task KeptAsync(string drill, string effect)
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
    public async Task Faults_by_chance_are_kept()
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
        Assert.True(result.Faults.Count(fault => fault.Missed is null) >= 2, Told(result));
    }

    private static string Told(DrillResult result) =>
        string.Join('\n', result.Verdict.Because.Concat(result.Timeline.Select(m => m.ToString())));

    private static string Ms(TimeSpan? span) =>
        span is { } known ? FormattableString.Invariant($"{known.TotalMilliseconds:0} ms") : "-";
}
