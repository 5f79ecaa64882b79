using Tangram.ClusterTests.Drilling;
using Tangram.Observing;
using static Tangram.ClusterTests.Proving.FaultSigns;

namespace Tangram.ClusterTests.Proving;

/// <summary>Who holds the faults of a drill is killed: nobody is left who could mend but the watcher.</summary>
[Collection(nameof(Alone))]
public sealed class HolderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40), Second = TimeSpan.FromSeconds(1),
        DaemonWithin = TimeSpan.FromSeconds(10);

    /// <param name="Fault">Its kind, and more of its entry.</param>
    /// <param name="Shows">Whether it is seen from outside.</param>
    private sealed record Held(string Fault, Func<Task<bool>> Shows)
    {
        public Held(string fault, Func<bool> shows) : this(fault, () => Task.FromResult(shows())) { }
    }

    [Fact]
    public async Task Every_fault_ends_within_a_second_of_its_holders_death_and_a_daemon_is_started_again()
    {
        await using var cluster = await DrillCluster.ReadyAsync(nodesPerZone: 2);
        var before = (await cluster.PsAsync())!;
        ReplicaView On(string node) => before.First(replica => replica.Node == node);
        var (paused, slow, starved) = (On("b-1"), On("b-2"), On("c-1"));
        var limit = Limit(starved.Pid!.Value);
        await KillAsync(cluster, Second,
            new($"replica-paused, target: {paused.Replica}", () => StateOf(paused) == 'T'),
            new($"replica-slow, target: {slow.Replica}", () => StateOf(slow) == 'T'),
            new($"replica-handles, target: {starved.Replica}", () => Limit(starved.Pid!.Value) != limit),
            new("node-lost, target: a-1", async () => !await AllAsync(cluster, node => node.Name == "a-1", "ready")));

        await Until.SomeAsync(async () => await cluster.StatusAsync() is { Ready: true } now ? now : null, Patience,
            () => "ready");
        ReplicaView[] zone = [.. (await cluster.PsAsync())!.Where(r => r.Node.StartsWith('b'))];
        Assert.NotEmpty(zone);
        await KillAsync(cluster, Second,
            new("zone-lost, target: a", async () => !await AllAsync(cluster, node => node.Zone == "a", "ready")),
            new("zone-slow, target: b", () => zone.Any(replica => StateOf(replica) == 'T')),
            new("traffic-spike, rate: 400", async () => await RateAsync(cluster) > 100));

        foreach (var kind in (string[])["leader-lost", "gateway-lost", "store-lost"])
            await KillAsync(cluster, DaemonWithin, new Held(kind, async () => await cluster.StatusAsync() is null));
    }

    /// <summary>Holds a drill with these faults until all of them show, kills their holder, and waits until none shows
    /// any more.</summary>
    private static async Task KillAsync(DrillCluster cluster, TimeSpan within, params Held[] faults)
    {
        var drill = cluster.Drill(cluster.Write("long.yaml", $$"""
            hypothesis: { availability: 1% }
            load: { rate: 10, duration: 2m }
            steady: 500ms
            faults:
            {{string.Join('\n', faults.Select(fault => $"  - {{ kind: {fault.Fault}, for: 1m }}"))}}
            """), "--regardless");
        HashSet<Held> shown = [];
        await Until.SomeAsync(async () =>
        {
            foreach (var fault in faults)
                if (await fault.Shows()) shown.Add(fault);
            return shown.Count == faults.Length && drill.Printed.Split(": injected: ").Length > faults.Length
                ? drill : null;
        }, Patience, () => drill.Printed);

        var began = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(Holder(cluster.Folder));
        var over = new Dictionary<Held, TimeSpan>();
        await Until.SomeAsync(async () =>
        {
            foreach (var fault in faults.Where(fault => !over.ContainsKey(fault)))
                if (!await fault.Shows()) over[fault] = TimeProvider.System.GetElapsedTime(began);
            return over.Count == faults.Length ? over : null;
        }, Patience, () => $"only {string.Join(", ", over.Keys.Select(fault => fault.Fault))} ended");
        var words = string.Join("; ", over.Select(end => $"{end.Key.Fault}: {Ms(end.Value)}"));
        Figures.Note($"{nameof(HolderTests)}: over after SIGKILL of the holder: {words}");
        Assert.True(over.Values.All(took => took < within), words);
        await drill.KillAsync();
    }

    private static async Task<bool> AllAsync(DrillCluster cluster, Func<NodeView, bool> isMeant, string state) =>
        (await cluster.StatusAsync())!.Nodes.Where(isMeant).All(node => node.State == state);

    /// <summary>Requests a second that the gateway takes just now.</summary>
    private static async Task<double> RateAsync(DrillCluster cluster)
    {
        var (begun, before) = (TimeProvider.System.GetTimestamp(), await cluster.RequestsAsync());
        await Until.PassedAsync(TimeSpan.FromMilliseconds(50));
        var requests = await cluster.RequestsAsync() - before;
        return requests / TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
    }
}
