using Tangram.Cli;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Observing;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.ClusterTests.Proving;

/// <summary>Faults of what passes between the gateway and its replicas, held as anybody would.</summary>
[Collection(nameof(Alone))]
public sealed class NetworkDrillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Every_kind_strikes_and_says_what_it_really_did_and_what_is_wrong_is_refused()
    {
        await using var cluster = await DrillCluster.ReadyAsync();
        foreach (var (text, told) in ((string, string)[])
        [
            ("{ kind: network-cut, target: shop }", "there is no service, replica or zone 'shop'"),
            ("{ kind: network-loss, share: 120% }", "'share' is '120%'"),
            ("{ kind: network-delay, delay: -1s }", "'delay' is '-1s'"),
            ("{ kind: answer-half, status: 500 }", "answer-half has no status"),
        ])
            await RefusedAsync(cluster, text, told);
        await DetoursAreRefusedAsync(cluster);

        var (_, result) = await cluster.HeldAsync(cluster.Write("all.yaml", """
            hypothesis: { availability: 90% }
            steady: 500ms
            load: { rate: 100, duration: 9s }
            faults:
              - { kind: network-delay, delay: 20ms, for: 2s }
              - { kind: network-loss, share: 20%, for: 2s }
              - { kind: network-bandwidth, bandwidth: 80kbit, for: 2s }
              - { kind: network-corrupt, share: 50%, at: 3s, for: 2s }
              - { kind: network-reset, at: 3s, for: 2s }
              - { kind: answer-slow, delay: 50ms, at: 3s, for: 2s }
              - { kind: answer-wrong, share: 50%, at: 6s, for: 2s }
              - { kind: answer-half, at: 6s, for: 2s }
              - { kind: network-cut, target: b, at: 6s, for: 2s }
            """), "--seed", "5");
        foreach (var fault in result.Faults)
            Figures.Note($"{nameof(NetworkDrillTests)}: {fault.Kind} {fault.Target}: {fault.Effect}; {fault.Reverted}");
        var all = string.Join('\n', result.Timeline.Select(m => m.ToString()));
        Assert.True(result.Verdict.Ruling == DrillRuling.Kept, all);
        Assert.Equal(9, result.Faults.Count);
        Assert.All(result.Faults, fault =>
        {
            Assert.Contains("by way of 127.0.0.1", fault.Effect);
            Assert.StartsWith("asked for", fault.Reverted);
            Assert.DoesNotContain("no connection came by", fault.Reverted);
            Assert.DoesNotMatch(@"; 0 (of|pieces|connections)", fault.Reverted);
        });
        // Of a zone all replicas.
        Assert.Equal(2, result.Faults.Single(f => f.Target == "b").Replicas.Count);
    }

    [Fact]
    public async Task The_ready_drill_of_the_network_is_kept()
    {
        await using var cluster = await DrillCluster.ReadyAsync();
        var (code, result) = await cluster.HeldAsync("network", "--seed", "7");
        foreach (var fault in result.Faults)
            Figures.Note($"{nameof(NetworkDrillTests)}: network: {fault.Kind}: left {fault.Left}, " +
                $"whole {fault.Whole}; {fault.Reverted}");
        Figures.Note($"{nameof(NetworkDrillTests)}: network: {result.Load?.Sent} sent, {result.Load?.Failed} failed, " +
            $"{result.Retried} repeated, p99 {result.Load?.P99}, longest {result.Load?.Max}");
        Assert.True(code == 0, string.Join('\n', result.Verdict.Because.Concat(
            result.Timeline.Select(m => m.ToString()))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_detour_ends_within_a_second_of_its_drills_death_and_of_its_holders(bool both)
    {
        await using var cluster = await DrillCluster.ReadyAsync(replicas: 2);
        var drill = cluster.Drill(cluster.Write("cut.yaml", """
            hypothesis: { availability: 1% }
            load: { rate: 10, duration: 2m }
            steady: 500ms
            faults: [ { kind: network-cut, for: 1m } ]
            """));
        await Until.SomeAsync(() => Task.FromResult(drill.Printed.Contains("injected:") ? this : null), Patience,
            () => drill.Printed);
        var holder = ProcessStat.All().Single(p => p.Parent == drill.Pid).Pid;
        var known = (await cluster.EventsAsync(0)).Last().Number;

        var began = TimeProvider.System.GetTimestamp();
        if (both) ShopCluster.Kill(holder);
        await drill.KillAsync();
        var over = await Until.SomeAsync(async () => (await cluster.EventsAsync(known))
            .FirstOrDefault(e => e.What.Contains("directly again")), Patience, () => "it goes directly again");
        var took = TimeProvider.System.GetElapsedTime(began);
        Figures.Note($"{nameof(NetworkDrillTests)}: after SIGKILL of the drill{(both ? " and of the holder" : "")} " +
            FormattableString.Invariant($"{over.Subject} was reached directly within {took.TotalMilliseconds:0} ms"));
        Assert.True(took < TimeSpan.FromSeconds(1), $"{took}");
        Assert.Equal(both, over.What.Contains("is gone"));
    }

    private static async Task RefusedAsync(DrillCluster cluster, string fault, string told)
    {
        var (code, printed) = await cluster.EndedAsync(cluster.Write("wrong.yaml", $"faults: [ {fault} ]"));
        Assert.True(code == 2 && printed.Contains(told), $"{fault}: {code}\n{printed}");
    }

    private static async Task DetoursAreRefusedAsync(DrillCluster cluster)
    {
        using var client = cluster.Client();
        foreach (var (path, code, told) in new (string, int, string)[]
        {
            ("nobody-1?port=80&for=1s", Exit.Failed, "no requests go to 'nobody-1'"),
            ("!?port=80&for=1s", Exit.Arguments, "not a replica's name"),
            ("web-1?port=0&for=1s", Exit.Arguments, "give port="),
            ("web-1?port=80&for=1m", Exit.Arguments, "at most 10 s"),
            ("web-1?port=80", Exit.Arguments, "give for="),
        })
        {
            var refused = await Assert.ThrowsAsync<CommandFailure>(() =>
                client.PostAsync("/v1/detour/" + path, null, default));
            Assert.Contains(told, refused.Message);
            Assert.Equal(code, refused.ExitCode);
        }
    }
}
