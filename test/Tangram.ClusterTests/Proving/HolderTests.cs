using Tangram.ClusterTests.Drilling;
using Tangram.Observing;
using static Tangram.ClusterTests.Proving.FaultSigns;

namespace Tangram.ClusterTests.Proving;

/// <summary>Who holds the faults of a drill is killed: nobody is left who could mend but the watcher.</summary>
[Collection(nameof(Alone))]
public sealed class HolderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Every_fault_ends_within_a_second_of_its_holders_death_and_a_daemon_is_started_again()
    {
        // Given a drill with four faults in force
        await using var cluster = await DrillCluster.ReadyAsync();
        var before = (await cluster.PsAsync())!;
        var (paused, starved) = (before.First(r => r.Node == "b-1"), before.First(r => r.Node == "c-1"));
        var slow = before.Last(r => r.Node == "b-1");
        var limit = Limit(starved.Pid!.Value);
        var drill = cluster.Drill(cluster.Write("long.yaml", $$"""
            hypothesis: { availability: 1% }
            load: { rate: 10, duration: 2m }
            steady: 500ms
            faults:
              - { kind: replica-paused, target: {{paused.Replica}}, for: 1m }
              - { kind: replica-slow, target: {{slow.Replica}}, for: 1m }
              - { kind: replica-handles, target: {{starved.Replica}}, for: 1m }
              - { kind: node-lost, target: a-1, for: 1m }
            """));
        await Until.SomeAsync(async () => StateOf(paused) == 'T' && StateOf(slow) == 'T'
            && Limit(starved.Pid!.Value) != limit && await NodeAsync(cluster) is "silent" or "dead" ? this : null,
            Patience, () => drill.Printed);

        // When the holder alone is killed, each fault ends
        var began = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(Holder(cluster.Folder));
        var (runs, fast, opens, powered) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        await Until.SomeAsync(async () =>
        {
            if (StateOf(paused) != 'T') Note(ref runs);
            if (StateOf(slow) != 'T') Note(ref fast);
            if (Limit(starved.Pid!.Value) == limit) Note(ref opens);
            if (await NodeAsync(cluster) == "ready") Note(ref powered);
            return runs > TimeSpan.Zero && fast > TimeSpan.Zero && opens > TimeSpan.Zero && powered > TimeSpan.Zero
                ? this : null;
        }, Patience, () => $"all ended: {runs} {fast} {opens} {powered}");
        Assert.All([runs, fast, opens, powered], took => Assert.True(took < TimeSpan.FromSeconds(1), $"{took}"));
        await drill.KillAsync();

        Figures.Note($"{nameof(HolderTests)}: after SIGKILL of the holder: a paused replica ran on within " +
            $"{Ms(runs)}, a slowed one within {Ms(fast)}, a limit was back within {Ms(opens)}, a node within " +
            $"{Ms(powered)}; a daemon answered again after {Ms(await DaemonAsync(cluster))}");

        void Note(ref TimeSpan when)
        {
            if (when == TimeSpan.Zero) when = TimeProvider.System.GetElapsedTime(began);
        }
    }

    /// <summary>Killed by a fault for a minute, it answers again when the holder is killed.</summary>
    private static async Task<TimeSpan> DaemonAsync(DrillCluster cluster)
    {
        var drill = cluster.Drill(cluster.Write("daemon.yaml", """
            hypothesis: { availability: 1% }
            load: { rate: 10, duration: 2m }
            steady: 500ms
            faults: [ { kind: leader-lost, for: 1m } ]
            """), "--regardless");
        await Until.SomeAsync(async () => await cluster.StatusAsync() is null ? cluster : null, Patience,
            () => drill.Printed);
        var down = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(Holder(cluster.Folder));
        await Until.SomeAsync(cluster.StatusAsync, Patience, () => "a daemon");
        var answered = TimeProvider.System.GetElapsedTime(down);
        Assert.InRange(answered, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await drill.KillAsync();
        return answered;
    }
}
