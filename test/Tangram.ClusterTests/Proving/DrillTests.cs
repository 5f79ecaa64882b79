using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Observing;
using Tangram.Proving;
using Tangram.Proving.Drills;
using static Tangram.ClusterTests.Proving.FaultSigns;

namespace Tangram.ClusterTests.Proving;

/// <summary>What a drill must not do, and what it must say.</summary>
[Collection(nameof(Alone))]
public sealed class DrillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Every_fault_ends_within_a_second_of_its_drills_death_and_a_second_drill_is_refused()
    {
        // Given a drill with three faults in force
        await using var cluster = await DrillCluster.ReadyAsync();
        var before = (await cluster.PsAsync())!;
        var (paused, starved) = (before.First(r => r.Node == "b-1"), before.First(r => r.Node == "c-1"));
        var limit = Limit(starved.Pid!.Value);
        var file = cluster.Write("long.yaml", $$"""
            hypothesis: { availability: 1% }
            load: { rate: 10, duration: 2m }
            steady: 500ms
            faults:
              - { kind: replica-paused, target: {{paused.Replica}}, for: 1m }
              - { kind: replica-handles, target: {{starved.Replica}}, for: 1m }
              - { kind: node-lost, target: a-1, for: 1m }
            """);
        var drill = cluster.Drill(file);
        await Until.SomeAsync(async () => StateOf(paused) == 'T' && Limit(starved.Pid!.Value) != limit
            && await NodeAsync(cluster) is "silent" or "dead" ? this : null, Patience, () => drill.Printed);

        // Then another one is refused, with exit code 1, and breaks nothing
        var (code, printed) = await cluster.EndedAsync("replica-loss");
        Assert.Equal(1, code);
        Assert.Contains("another drill is held on", printed);

        // When the drill is killed, each fault ends
        var began = TimeProvider.System.GetTimestamp();
        await drill.KillAsync();
        var (runs, opens, powered) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        await Until.SomeAsync(async () =>
        {
            if (StateOf(paused) != 'T') Note(ref runs);
            if (Limit(starved.Pid!.Value) == limit) Note(ref opens);
            if (await NodeAsync(cluster) == "ready") Note(ref powered);
            return runs > TimeSpan.Zero && opens > TimeSpan.Zero && powered > TimeSpan.Zero ? this : null;
        }, Patience, () => $"all ended: {runs} {opens} {powered}");
        Figures.Note($"{nameof(DrillTests)}: after SIGKILL of the drill: a paused replica ran on within {Ms(runs)}, " +
            $"a limit was back within {Ms(opens)}, a node within {Ms(powered)}");
        Assert.All([runs, opens, powered], took => Assert.True(took < TimeSpan.FromSeconds(1), $"{took}"));

        // And it is as before: another drill may begin
        await Until.SomeAsync(async () => await cluster.StatusAsync() is { Ready: true } s ? s : null, Patience,
            () => "ready");
        Assert.Equal(0, (await cluster.EndedAsync(cluster.Write("short.yaml", """
            load: { rate: 20, duration: 3s }
            faults: [ { kind: replica-killed } ]
            """))).Code);

        void Note(ref TimeSpan when)
        {
            if (when == TimeSpan.Zero) when = TimeProvider.System.GetElapsedTime(began);
        }
    }

    [Fact]
    public async Task A_cluster_that_is_wrong_on_purpose_breaks_it_and_is_told_why()
    {
        // Given one replica without a probe that takes 3 s to start
        await using var cluster = await DrillCluster.ReadyAsync(replicas: 1, wrong: true);
        var (code, result) = await cluster.HeldAsync(cluster.Write("kill.yaml", """
            load: { rate: 50, duration: 20s }
            faults:
              - { kind: replica-killed, at: 1s }
              - { kind: replica-paused, at: 18s, for: 1m }
            """));
        Assert.Equal((1, DrillRuling.Broken), (code, result.Verdict.Ruling));
        Assert.Contains(result.Verdict.Because, b => b.Contains("requests failed"));
        Assert.Contains(result.Verdict.Because, b => b.Contains("web had no other ready replica when web-1"));
        Assert.Contains(result.Verdict.Because, b => b.Contains("web has no probe"));
        // It ended as soon as it was broken: what was to come did not
        Assert.Null(result.Faults[1].At);
        Assert.True(result.Load!.Sent < 900, $"{result.Load.Sent} were sent");
        Figures.Note($"{nameof(DrillTests)}: one replica, no probe: {string.Join("; ", result.Verdict.Because)}");

        // And what has failed is more than its objective allows of the next thousands of requests: no drill is held
        await LoadRun.RunAsync(new LoadOptions { Url = cluster.Url, Rate = 400, Duration = TimeSpan.FromSeconds(4) },
            null, TimeProvider.System, default);
        var before = await IdentitiesAsync(cluster);
        var (refused, printed) = await cluster.EndedAsync("replica-loss");
        Assert.Equal(1, refused);
        Assert.Contains("NOT BEGUN", printed);
        Assert.Contains("the error budget is spent", printed);
        Assert.DoesNotContain("injected:", printed);
        Assert.Equal(before, await IdentitiesAsync(cluster));
        Figures.Note($"{nameof(DrillTests)}: {printed.Split('\n').First(l => l.Contains("budget is spent")).Trim()}");
    }

    [Fact]
    public async Task A_hypothesis_that_breaks_ends_what_lasts_in_less_than_a_second()
    {
        await using var cluster = await DrillCluster.ReadyAsync(replicas: 1);
        var (_, result) = await cluster.HeldAsync(cluster.Write("hang.yaml", """
            hypothesis: { availability: 99.9% }
            load: { rate: 50, duration: 30s }
            faults:
              - { kind: replica-paused, for: 30s }
              - { kind: node-lost, target: b-1, for: 30s }
              - { kind: replica-killed, at: 2s }
            """));
        Assert.Equal(DrillRuling.Broken, result.Verdict.Ruling);
        var broken = result.Timeline.First(m => m.What.Contains("all faults end")).At;
        var ended = result.Timeline.Where(m => m.What.Contains("reverted")).Select(m => m.At - broken).ToList();
        Figures.Note($"{nameof(DrillTests)}: after the hypothesis broke, faults ended within " +
            string.Join(", ", ended.Select(Ms)));
        Assert.Equal(2, ended.Count);
        Assert.All(ended, took => Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task What_cannot_be_held_is_told_and_nothing_is_begun()
    {
        await using var cluster = await DrillCluster.ReadyAsync(replicas: 2);
        var before = await IdentitiesAsync(cluster);
        (string[] Arguments, int Code, string Told)[] wrong =
        [
            (["replica-los"], 2, "there is no ready drill 'replica-los'"),
            (["./none.yaml"], 2, "there is no such file"),
            ([cluster.Write("kind.yaml", "faults: [ { kind: meteor } ]")], 2, "kind.yaml:1:19: 'kind' is 'meteor'"),
            ([cluster.Write("node.yaml", "faults: [ { kind: node-lost, target: z-9 } ]")], 2,
                "node.yaml:1:11: there is no node 'z-9' in this cluster. name one of a-1"),
            ([cluster.Write("service.yaml", "faults: [ { kind: replica-killed, target: shop } ]")], 2,
                "there is no service or replica 'shop'"),
            (["replica-loss", "--url", $"http://127.0.0.1:{FreePort.Take()}/"], 1, "NOT BEGUN"),
            ([cluster.Write("slow.yaml", """
                hypothesis: { latency_p99: 1ms, availability: 100% }
                load: { url: "http://127.0.0.1:1/", rate: 20 }
                faults: [ { kind: replica-killed } ]
                """)], 1, "NOT BEGUN"),
        ];
        foreach (var (arguments, code, told) in wrong)
        {
            var (ended, printed) = await cluster.EndedAsync(arguments);
            Assert.True(code == ended && printed.Contains(told), $"{string.Join(' ', arguments)}: {ended}\n{printed}");
            Assert.DoesNotContain("injected:", printed);
        }
        Assert.Equal(before, await IdentitiesAsync(cluster));
    }

    /// <summary>Found by seeds 1 and 3 of everything: two locks were taken in two orders.</summary>
    [Fact]
    public async Task A_node_that_loses_and_regains_its_power_while_the_store_changes_never_stops_the_daemon()
    {
        await using var cluster = await DrillCluster.ReadyAsync(replicas: 3);
        var over = false;
        var changing = Task.Run(async () =>
        {
            while (!Volatile.Read(ref over))
                foreach (var change in (string[])["drain", "undrain"]) await cluster.PostAsync($"/v1/{change}/a-1");
        }, TestContext.Current.CancellationToken);
        for (var turn = 0; turn < 100; turn++)
            foreach (var change in (string[])["kill", "revive"]) await cluster.PostAsync($"/v1/{change}/b-1");
        Volatile.Write(ref over, true);
        await changing.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await Until.SomeAsync(async () => await cluster.StatusAsync() is { Ready: true } s ? s : null, Patience,
            () => "ready");

        // Nor do more nodes than there were
        await cluster.DeployAsync("nodes_per_zone: 2");
        await Until.SomeAsync(async () => await cluster.StatusAsync() is { Ready: true, Nodes.Count: 6 } s ? s : null,
            Patience, () => "six nodes");
    }

    private static async Task<string[]> IdentitiesAsync(DrillCluster cluster) =>
        [.. (await cluster.PsAsync())!.Select(r => $"{r.Replica} {r.Pid} {r.Restarts}").Order()];
}
