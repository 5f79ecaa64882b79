using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Deploying;
using Tangram.Observing;

namespace Tangram.ClusterTests;

/// <summary>A singleton in a real cluster whose parts are killed and stopped.</summary>
[Collection(nameof(Alone))]
public sealed class SingletonDrill
{
    /// <summary>The store's lease; the process has to be gone a tenth of it before.</summary>
    private static readonly TimeSpan Ttl = ClusterHost.Ttl, Longest = Ttl - Ttl / 10;

    /// <summary>A lease that was just renewed lives for longer than this.</summary>
    private static readonly TimeSpan Quick = Ttl / 2;

    [Fact]
    public async Task It_ends_in_time_when_tangram_is_killed_and_another_one_starts_when_that_is_back()
    {
        await using var cluster = await RunningAsync();
        var pid = Assert.Single(Singles(cluster));
        await cluster.Daemon.KillAsync();
        await GoneAsync(pid, Longest);
        Assert.True(cluster.Processes().Count > 0, "the other replicas go on");

        cluster.Up("compose.yaml");
        await cluster.BecomesReadyAsync();
        Assert.NotEqual(pid, Assert.Single(Singles(cluster)));
    }

    [Fact]
    public async Task It_ends_in_time_while_tangram_is_stopped()
    {
        await using var cluster = await RunningAsync();
        var pid = Assert.Single(Singles(cluster));
        Assert.Equal(0, Native.Kill(cluster.Daemon.Pid, Stop));
        try
        {
            await GoneAsync(pid, Longest);
        }
        finally
        {
            Native.Kill(cluster.Daemon.Pid, Continue);
        }
        await Until.SomeAsync(() => Task.FromResult(Singles(cluster) is [var next] ? $"{next}" : null),
            TimeSpan.FromSeconds(20), () => $"one singleton\n{cluster.Tail("events.jsonl", 20)}");
    }

    [Fact]
    public async Task A_quick_restart_of_tangram_does_not_touch_it()
    {
        await using var cluster = await RunningAsync();
        // A machine under load may take longer than the lease lives, and then the singleton rightly ends.
        for (var tries = 0; tries < 5; tries++)
        {
            var (pid, begun) = (Assert.Single(Singles(cluster)), TimeProvider.System.GetTimestamp());
            await cluster.Daemon.KillAsync();
            cluster.Up("compose.yaml");
            await cluster.BecomesReadyAsync();
            var took = TimeProvider.System.GetElapsedTime(begun);
            await Until.PassedAsync(Ttl);
            await cluster.BecomesReadyAsync();
            var after = Assert.Single(Singles(cluster));
            if (after == pid) return;
            Assert.True(took > Quick, $"after a restart of {took.TotalSeconds:0.0} s it is {after} and not {pid}");
        }
        Assert.Fail("no restart was quick enough to tell");
    }

    [Fact]
    public async Task The_loss_of_its_node_moves_it_and_there_are_never_two()
    {
        await using var cluster = await RunningAsync();
        var before = Single(await cluster.PsAsync());
        using var watching = new CancellationTokenSource();
        var most = Task.Run(async () =>
        {
            var most = 0;
            while (!watching.IsCancellationRequested)
            {
                most = Math.Max(most, Singles(cluster).Count);
                await Until.PassedAsync(TimeSpan.FromMilliseconds(20));
            }
            return most;
        }, CancellationToken.None);
        await cluster.DoAsync("kill", before.Node);
        await Until.SomeAsync(async () => (await cluster.LookAsync())?.FirstOrDefault(r =>
                r is { Service: "alone", Ready: true } && r.Node != before.Node),
            TimeSpan.FromSeconds(20), () => $"a successor\n{cluster.Tail("events.jsonl", 20)}");
        await watching.CancelAsync();
        Assert.Equal(1, await most);
    }

    private const int Stop = 19, Continue = 18;

    private static ReplicaView Single(ReplicaView[] replicas) => Assert.Single(replicas, r => r.Service == "alone");

    private static async Task<ShopCluster> RunningAsync()
    {
        var cluster = ShopCluster.Given(text => text.Replace("\nservices:\n",
            "\nservices:\n  alone:\n    command: [sleep, '1000000']\n    x-tangram: { singleton: true }\n",
            StringComparison.Ordinal));
        try
        {
            cluster.Up("compose.yaml");
            await cluster.BecomesReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private static List<int> Singles(ShopCluster cluster) =>
        [.. cluster.Processes().Where(p => ProcessStat.EnvironmentOf(p.Pid).Contains("TANGRAM_SERVICE=alone"))
            .Select(p => p.Pid)];

    private static async Task GoneAsync(int pid, TimeSpan within)
    {
        await Until.SomeAsync(() => Task.FromResult(ProcessStat.Read(pid) is { Ended: false } ? null : "gone"),
            within, () => $"the end of the singleton {pid}");
    }
}
