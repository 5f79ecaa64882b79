using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class AdoptionTests
{
    [Fact]
    public async Task A_second_runner_adopts_what_the_first_left()
    {
        await using var node = new Node();
        var pid = node.Started("exec sleep 100");
        node.Runner.Dispose();
        Assert.True(Node.Lives(pid));

        await using var second = node.Successor();
        var adopted = second.Runner.Adopt();
        var record = Assert.Single(adopted.Running);
        Assert.Equal((Node.Order, pid, 20123, 3), (record.Replica, record.Pid, record.Port, record.Revision));
        Assert.Equal(0, Orphans.End(node.ClusterId, adopted.Running));
        Assert.True(second.Runner.Kill(Node.Order));
        Assert.Equal(137, (await second.NextExit()).Exit);
        Assert.True(node.NoExit);
    }

    [Fact]
    public async Task The_exit_of_a_stranger_is_known_where_the_kernel_keeps_it_and_else_unknown()
    {
        await using var node = new Node();
        var stranger = await Stranger(node, "while [ ! -e end ]; do sleep 0.01; done; exit 9");
        node.Records.Save(stranger);
        Assert.Single(node.Runner.Adopt().Running);
        File.WriteAllText(node.File("end"), "");
        var exit = await node.NextExit();
        Assert.Equal(stranger.Pid, exit.Pid);
        if (exit.Exit is not null || Environment.OSVersion.Version >= new Version(6, 15)) Assert.Equal(9, exit.Exit);
    }

    [Fact]
    public async Task One_that_ended_meanwhile_is_gone_and_so_is_what_it_left()
    {
        await using var node = new Node();
        var stranger = await Stranger(node, "sleep 100 & echo $! > left; while [ ! -e end ]; do sleep 0.01; done");
        node.Records.Save(stranger);
        var left = await node.PidIn("left");
        File.WriteAllText(node.File("end"), "");
        await Eventually.True(() => !Node.Lives(stranger.Pid), "the stranger's end");
        Assert.True(Node.Lives(left));

        var adopted = node.Runner.Adopt();
        Assert.Empty(adopted.Running);
        Assert.Equal(Node.Order, Assert.Single(adopted.Gone).Replica);
        Assert.True(Assert.Single(node.Records.Load([])).Ended);
        Assert.False(Node.Lives(left));
        node.Runner.Forget(Node.Order);
        Assert.Empty(node.Records.Load([]));
    }

    [Fact]
    public async Task A_number_that_was_given_away_is_not_adopted_and_not_touched()
    {
        await using var node = new Node();
        var stranger = await Stranger(node, "exec sleep 100", mark: "another cluster");
        node.Records.Save(stranger with { StartTime = stranger.StartTime - 1 });
        Assert.Single(node.Runner.Adopt().Gone);
        Assert.True(Node.Lives(stranger.Pid));
        node.Records.Save(stranger with { BootId = "another boot" });
        Assert.Single(node.Runner.Adopt().Gone);
        Assert.True(Node.Lives(stranger.Pid));
        node.Records.Save(stranger);
    }

    [Fact]
    public async Task An_exit_that_was_seen_is_remembered()
    {
        await using var node = new Node();
        node.Started("exit 5");
        await node.NextExit();
        await using var second = node.Successor();
        Assert.Equal(5, Assert.Single(second.Runner.Adopt().Gone).Exit);
    }

    [Fact]
    public async Task A_damaged_record_is_removed_and_its_process_found_as_an_orphan()
    {
        await using var node = new Node();
        var orphan = await Stranger(node, "exec sleep 100");
        File.WriteAllText(Path.Combine(node.Root, "replicas", "order-1.json"), "{ torn");
        var adopted = node.Runner.Adopt();
        Assert.Single(adopted.Unreadable);
        Assert.Equal(1, Orphans.End(node.ClusterId, adopted.Running));
        Assert.False(Node.Lives(orphan.Pid));
        Assert.Equal(0, Orphans.End(node.ClusterId, adopted.Running));
    }

    [Fact]
    public async Task The_orphan_sweep_spares_our_own_and_the_adopted_with_their_descendants()
    {
        await using var node = new Node();
        node.Started("exec sleep 100");
        const string script = "setsid sh -c 'echo $$ > daemon; exec sleep 100' & exec sleep 100";
        var stranger = await Stranger(node, script, "order-2");
        var daemon = await node.PidIn("daemon");
        Assert.Equal(0, Orphans.End(node.ClusterId, [stranger]));
        Assert.True(Node.Lives(stranger.Pid) && Node.Lives(daemon));
        Assert.Equal(2, Orphans.End(node.ClusterId, []));
        Assert.True(Node.Lives(Assert.Single(node.Runner.Running).Pid));
    }

    /// <summary>A process in a session of its own that somebody else started and reaps, marked as a replica.</summary>
    private static async Task<ReplicaRecord> Stranger(
        Node node, string script, string replica = "order-1", string? mark = null)
    {
        var parent = Spawn.Start("/bin/sh",
            ["/bin/sh", "-c", $"setsid sh -c 'echo $$ > stranger; exec sh ./script' >/dev/null 2>&1 & exit 0"],
            ReplicaEnvironment.Of([], new Variable(ReplicaEnvironment.ClusterMark, mark ?? node.ClusterId),
                new Variable(ReplicaEnvironment.ReplicaMark, replica)), Scripted(node, script), 0, 2);
        var pid = await node.PidIn("stranger");
        await Eventually.True(() => ExitStatus.Reap(parent) is not null, "the end of the stranger's parent");
        return new ReplicaRecord
        {
            Replica = ReplicaName.Of(replica), Service = ServiceName.Of("order"), Revision = 1, Starts = 1, Pid = pid,
            StartTime = ProcessStat.Read(pid)!.Value.StartTime, BootId = ProcessStat.BootId,
        };
    }

    private static string Scripted(Node node, string script)
    {
        File.WriteAllText(node.File("script"), script);
        return node.Root;
    }
}
