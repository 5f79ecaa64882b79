using System.Globalization;
using System.Text.RegularExpressions;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;

namespace Tangram.ClusterTests;

/// <summary>Tangram itself is killed, again and again, at random moments of deploys, and started again.</summary>
[Collection(nameof(Alone))]
public sealed partial class CrashDrill
{
    private const string First = "compose.yaml", Second = "compose.v2.yaml";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Random _chance = Figures.Chance(nameof(CrashDrill));
    private string _file = First;
    private int _scaled, _acknowledged, _adopted, _during;

    private static int Crashes => int.TryParse(Environment.GetEnvironmentVariable("TANGRAM_CRASHES"), out var asked)
        ? asked : Figures.Shorter(25, 12);

    [Fact]
    public async Task What_was_acknowledged_is_kept_and_no_replica_notices_when_tangram_is_killed()
    {
        // Given a small shop whose deploys are over soon
        await using var cluster = ShopCluster.Given(Small);
        cluster.Up(First);
        await cluster.BecomesReadyAsync();

        // When Tangram is killed during deploys, then each time nothing is lost and no replica is stopped
        for (var crash = 1; crash <= Crashes; crash++)
        {
            try
            {
                await CrashAsync(cluster);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                var last = cluster.Tail("events.jsonl", 40);
                throw new InvalidOperationException($"crash {crash}: {e.Message}\n{last}", e);
            }
        }

        // and it comes to rest where it was asked to be, with no process that it does not know
        await cluster.BecomesReadyAsync();
        Assert.NotEmpty(cluster.Processes());
        await Until.SomeAsync(async () => await UnknownAsync(cluster) is { Count: 0 } none ? none : null, Patience,
            () => "processes carry the cluster's mark that ps does not list");
        Assert.Equal(Enumerable.Repeat(_file == First ? "1" : "2", 2), await cluster.VersionsAsync());
        Figures.Note($"{nameof(CrashDrill)}: killed {Crashes} times, {_during} of them during a rollout; " +
                     $"{_acknowledged} acknowledged changes kept; " +
                     $"{_adopted} replicas adopted with their pid; no orphan; it converged");
    }

    /// <summary>One or two replicas of each service, watched for one second.</summary>
    private static string Small(string file) => file
        .Replace("monitor: 10s", "monitor: 1s")
        .Replace("replicas: 3", "replicas: 1").Replace("replicas: 6", "replicas: 2");

    private async Task CrashAsync(ShopCluster cluster)
    {
        // Some deploys start from rest, or none would ever be seen to its end.
        if (_chance.Next(8) == 0) await cluster.BecomesReadyAsync();
        if (_chance.Next(4) == 0) await ScaleAsync(cluster);
        using var deploy = cluster.Deploy(_file == First ? Second : First, "--supersede");
        await MomentAsync(cluster, deploy);

        if (await cluster.StatusAsync() is { Rollout: { } rollout } && !rollout.Ended()) _during++;
        var ready = Ready(await cluster.LookAsync() ?? []);
        await cluster.Daemon.KillAsync();
        var answered = Acknowledged().Match(deploy.Printed);
        await deploy.KillAsync();

        var stored = Stored(cluster);
        _file = FileOf(stored);
        var asked = stored.Asked!.Value.Revision;
        if (answered.Success)
        {
            _acknowledged++;
            Assert.Equal(int.Parse(answered.Groups[1].Value, CultureInfo.InvariantCulture), asked);
        }
        var running = ready.Where(r => ShallRun(stored, r)).ToList();
        Assert.All(running, replica => Assert.True(Runs(replica), $"{replica} died with the daemon"));

        cluster.Up(_file);
        var (status, replicas) = await BackAsync(cluster);
        Assert.Equal(asked, status.Rollout!.Target);
        if (_scaled > 0) Assert.Equal(_scaled, status.Services.Single(s => s.Name == "web").Desired);
        Assert.All(running, replica => Adopted(replica, replicas));
        _adopted += running.Count;
    }

    /// <summary>Mostly some time into the rollout; one in four at any time after the command was started, so that
    /// its way into the store is hit too.</summary>
    private async Task MomentAsync(ShopCluster cluster, Child deploy)
    {
        if (_chance.Next(4) > 0)
            await Until.SomeAsync(() =>
                Task.FromResult(Acknowledged().IsMatch(deploy.Printed) ? deploy : null), Patience,
                () => $"the deploy is answered\n{deploy.Printed}\n{cluster.Daemon.Printed}");
        await Until.PassedAsync(TimeSpan.FromMilliseconds(_chance.Next(1800)));
    }

    private async Task ScaleAsync(ShopCluster cluster)
    {
        _scaled = 1 + _scaled % 2;
        await cluster.DoAsync("scale", $"web={_scaled}");
        _acknowledged++;
    }

    private sealed record Steady(string Replica, int Pid, long StartTime);

    private static List<Steady> Ready(ReplicaView[] replicas) =>
        [.. from replica in replicas
            where replica is { State: "ready", Pid: not null }
            let stat = ProcessStat.Read(replica.Pid ?? 0) ?? default
            where stat is { Pid: not 0, Ended: false }
            select new Steady(replica.Replica, stat.Pid, stat.StartTime)];

    /// <summary>False when the rollout had come to stop it since we looked: its end is not the crash's.</summary>
    private static bool ShallRun(ClusterState state, Steady replica) => state.Nodes.Values
        .SelectMany(node => node.Assignments)
        .Any(a => a.Replica.Value == replica.Replica && a.Intent == Intent.Run);

    private static bool Runs(Steady replica) =>
        ProcessStat.Read(replica.Pid) is { Ended: false } stat && stat.StartTime == replica.StartTime;

    /// <summary>It has its pid still, unless the rollout that goes on has meanwhile come to stop it.</summary>
    private static void Adopted(Steady before, ReplicaView[] now)
    {
        if (now.FirstOrDefault(r => r.Replica == before.Replica) is not { } after) return;
        if (after.State is "draining" or "stopping" or "stopped") return;
        Assert.True(after.Pid == before.Pid, $"{before} became {after}");
    }

    /// <summary>What the file of the store holds while nobody runs it, looked at in a copy.</summary>
    private static ClusterState Stored(ShopCluster cluster)
    {
        var copy = Directory.CreateTempSubdirectory("tangram-store-").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(cluster.State, "store"), "store.db*"))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            return ReadAsync(Path.Combine(copy, "store.db")).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static async Task<ClusterState> ReadAsync(string path)
    {
        await using var store = await SqliteStore.OpenAsync(path, TimeProvider.System);
        return ClusterState.From(await store.RangeAsync(""));
    }

    private static string FileOf(ClusterState state)
    {
        var order = state.Spec(state.Asked!.Value.Revision)!.Find(ServiceName.Of("order"))!;
        return order.Files!.EndsWith("v1", StringComparison.Ordinal) ? First : Second;
    }

    /// <summary>The daemon answers again, and has heard from its nodes.</summary>
    private static async Task<(StatusView, ReplicaView[])> BackAsync(ShopCluster cluster)
    {
        var status = await Until.SomeAsync(async () =>
        {
            Assert.False(cluster.Daemon.HasEnded, cluster.Daemon.Printed);
            return await cluster.StatusAsync() is { Leader: not null, Rollout.Stage: not "pending" } found
                   && found.Nodes.All(n => n.State == "ready") ? found : null;
        }, Patience, () => $"a leader and its nodes are back\n{cluster.Daemon.Printed}");
        return (status, await cluster.PsAsync());
    }

    private static async Task<List<ProcessStat>> UnknownAsync(ShopCluster cluster)
    {
        var known = (await cluster.PsAsync()).Select(r => r.Pid).OfType<int>().ToHashSet();
        // A process that a replica started lives in the replica's session.
        return [.. cluster.Processes().Where(p => !known.Contains(p.Pid) && !known.Contains(p.Session))];
    }

    [GeneratedRegex(@"^deploy: revision (\d+)", RegexOptions.Multiline)]
    private static partial Regex Acknowledged();
}
