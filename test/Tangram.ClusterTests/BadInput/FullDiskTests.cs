using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Coordinating;
using Tangram.Observing;

namespace Tangram.ClusterTests.BadInput;

[Collection(nameof(Alone))]
public sealed class FullDiskTests
{
    private const long Small = 48L << 20, ForEtcd = 256L << 20;
    private const int Talk = 400_000;
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(6), Patience = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task On_full_disks_of_server_and_agent_what_runs_goes_on_and_changes_are_refused()
    {
        // Given a server and an agent with small disks, and replicas that write to their logs all the time
        await using var small = SmallLab.Given(servers: 1, Small);
        small.Talk(Talk);
        var server = small.Servers[0];
        var (n1, g1) = (small.Add("n1", PeerRole.Agent, Small), small.Add("g1", PeerRole.Gateway));
        var client = small.AddTwin("client");
        var daemon = small.StartServer(server);
        var agent = small.StartAgent(n1);
        small.StartGateway(g1);
        await small.DeployAsync(server);
        await small.ReadyAsync(server, 1);
        var before = await SmallLab.PidsAsync(server);

        // When not a byte is free for a while
        server.FillDisk();
        n1.FillDisk();
        await Until.PassedAsync(AWhile);

        // Then a change is refused with the reason, and everything runs on
        var (code, _) = await small.TryAsync(server, "scale", "web=4");
        Assert.NotEqual(0, code);
        var refusal = server.Programs[^1].Tail();
        Assert.Contains("full", refusal, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, await SmallLab.PidsAsync(server));
        Assert.True(await SmallLab.StatusAsync(server) is { Ready: true, Leader: "s1" }, daemon.Tail());
        using (var http = client.Http(Patience))
            Assert.StartsWith("web-", await http.GetStringAsync(g1.Url(SmallLab.GatewayPort)));
        Assert.True(Lines(daemon) < 20 && Lines(agent) < 20, daemon.Tail() + agent.Tail());

        // When there is room again, then what was acknowledged is there and changes go through
        server.EmptyDisk();
        n1.EmptyDisk();
        var begun = TimeProvider.System.GetTimestamp();
        await Until.SomeAsync(async () => (await small.TryAsync(server, "scale", "web=4")).Code == 0 ? "" : null,
            TimeSpan.FromSeconds(20), server.Tail);
        var passed = TimeProvider.System.GetElapsedTime(begun);
        await small.SaysAsync(server, s => s.Ready && s.Services[0].Ready == 4, "four replicas");
        Assert.Subset((await SmallLab.PidsAsync(server)).ToHashSet(), before.ToHashSet());
        Assert.All(File.ReadLines(Path.Combine(server.Disk, SmallLab.Cluster, "events.jsonl")).Where(l => l != ""),
            line => ViewJson.Read<EventView>(line));
        Figures.Note($"{nameof(FullDiskTests)}: a change went through {passed.TotalSeconds:0.0} s after there was " +
                     $"room; refused with: {refusal.ReplaceLineEndings(" ")}");
    }

    [Fact]
    public async Task A_full_disk_under_the_leader_and_its_etcd_member_stops_no_change()
    {
        // Given three servers, each with an etcd member on its disk
        await using var small = SmallLab.Given(servers: 3, ForEtcd);
        var (n1, g1) = (small.Add("n1", PeerRole.Agent), small.Add("g1", PeerRole.Gateway));
        small.StartEtcd();
        foreach (var server in small.Servers) small.StartServer(server);
        small.StartAgent(n1);
        small.StartGateway(g1);
        await small.DeployAsync(small.Servers[0]);
        await small.ReadyAsync(small.Servers[0], 1);
        var leader = (await small.LeaderAsync(small.Servers[0])).Leader;
        var full = small.Servers.Single(s => s.Name == leader);
        var other = small.Servers.First(s => s != full);
        var before = await SmallLab.PidsAsync(other);

        // When the disk of the leader's machine is full
        full.FillDisk();
        await Until.PassedAsync(AWhile);

        // Then somebody leads, changes go through, and the same after there is room again
        var (code, printed) = await small.TryAsync(other, "scale", "web=4");
        Assert.True(code == 0, printed + other.Tail() + full.Tail());
        full.EmptyDisk();
        await small.SaysAsync(other, s => s is { Ready: true, Leader: not null } && s.Services[0].Ready == 4, "ready");
        Assert.Subset((await SmallLab.PidsAsync(other)).ToHashSet(), before.ToHashSet());
        Assert.Equal(0, (await small.TryAsync(other, "scale", "web=3")).Code);
    }

    private static int Lines(LabProcess program) => program.Printed.Split('\n').Length;
}
