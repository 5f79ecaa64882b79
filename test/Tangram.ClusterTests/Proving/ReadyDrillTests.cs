using System.Collections.Concurrent;
using Tangram.ClusterTests.Drilling;
using Tangram.Proving.Drills;

namespace Tangram.ClusterTests.Proving;

/// <summary>Each ready drill on a cluster of six replicas over three zones, as anybody would hold it.</summary>
[Collection(nameof(Alone))]
public sealed class ReadyDrillTests
{
    /// <summary>Waiting is most of what a drill does.</summary>
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 2 };

    [Fact]
    public Task A_good_cluster_keeps_its_objectives_when_a_part_of_it_breaks() => KeptAsync(
        ("replica-loss", "gone after"), ("node-loss", "without power"), ("zone-loss", "without power"),
        ("slow-zone", "a tenth of the time"), ("traffic-spike", "200 requests/s more"));

    [Fact]
    public Task A_good_cluster_gets_over_what_strikes_all_of_it() => KeptAsync(
        ("leader-loss", "gone after"), ("gateway-loss", "gone after"), ("store-outage", "gone after"),
        ("bad-deploy", "ends at its start"));

    /// <summary>Each on a cluster of its own.</summary>
    private static async Task KeptAsync(params (string Drill, string Effect)[] drills)
    {
        var broken = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(drills, AtOnce, async (one, _) =>
        {
            try { await KeptAsync(one.Drill, one.Effect); }
            catch (Exception e) { broken.Add($"{one.Drill}: {e}"); }
        });
        Assert.True(broken.IsEmpty, string.Join("\n\n", broken));
    }

    private static async Task KeptAsync(string drill, string effect)
    {
        await using var cluster = await DrillCluster.ReadyAsync();
        var (code, result) = await cluster.HeldAsync(drill, "--seed", "7");
        var fault = Assert.Single(result.Faults);
        Figures.Note($"{nameof(ReadyDrillTests)}: {drill}: {result.Verdict.Ruling}; detected {Ms(fault.Detected)}, " +
            $"left {Ms(fault.Left)}, whole {Ms(fault.Whole)}; " +
            $"{result.Load?.Sent} sent, {result.Load?.Failed} failed, " +
            $"{result.Retried} repeated, longest {Ms(result.Load?.Max)}; {fault.Effect}; {fault.Reverted}");
        Assert.True(code == 0 && result.Verdict.Ruling == DrillRuling.Kept, $"{drill}: {Told(result)}");
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
