using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class ProcessRunnerTests
{
    private const int Terminate = 15;

    [Fact]
    public async Task Reports_the_exit_code_and_keeps_the_output()
    {
        await using var node = new Node();
        node.Started("echo out; echo err >&2; exit 7");
        var exit = await node.NextExit();
        Assert.Equal((7, null, 1), (exit.Exit, exit.Signal, exit.Starts));
        Assert.Equal("out\nerr\n", node.Log);
    }

    [Fact]
    public async Task Reports_the_signal_that_ended_it()
    {
        await using var node = new Node();
        node.Started("exec sleep 100");
        Assert.True(node.Runner.Signal(Node.Order, Terminate));
        var exit = await node.NextExit();
        Assert.Equal((143, Terminate), (exit.Exit, exit.Signal));
        Assert.Contains("SIGTERM", exit.Because);
        Assert.False(node.Runner.Kill(Node.Order));
    }

    [Fact]
    public async Task Limits_of_the_kernel_hold_before_the_program_runs()
    {
        await using var node = new Node();
        node.Runner.Start(Other(["/bin/sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj"],
            node.Root) with
        {
            Ulimits = [new UlimitSpec("core", 0, 0), new UlimitSpec("nofile", 77, 88)], OomScoreAdj = 345,
        });
        await node.NextExit();
        Assert.Equal("77\n88\n0\n345\n", File.ReadAllText(node.Logs.PathOf(ReplicaName.Of("order-2"))));
    }

    [Fact]
    public async Task Says_that_a_command_was_not_found()
    {
        await using var node = new Node();
        // A folder of PATH that may not be searched would make it 126.
        var path = new Variable("PATH", "/usr/bin:/bin");
        Assert.IsType<StartAnswer.Started>(node.Start(["no-such-program"], environment: [path]));
        var exit = await node.NextExit();
        Assert.Equal(127, exit.Exit);
        Assert.Contains("not found", exit.Because);
        Assert.Contains("no-such-program", node.Log);
    }

    [Fact]
    public async Task Says_that_a_command_cannot_be_executed()
    {
        await using var node = new Node();
        File.WriteAllText(node.File("plain"), "text");
        Assert.IsType<StartAnswer.Started>(node.Start(["./plain"]));
        Assert.Equal(126, (await node.NextExit()).Exit);
    }

    [Fact]
    public async Task Refuses_what_cannot_start()
    {
        await using var node = new Node();
        node.Started("exec sleep 100");
        Assert.Contains("already runs", Because(node.Start(["true"])));
        Assert.Contains("no command", Because(node.Runner.Start(Other([], "/"))));
        Assert.Contains("does not exist", Because(node.Runner.Start(Other(["true"], "/no/where"))));

        static string Because(StartAnswer answer) => Assert.IsType<StartAnswer.Failed>(answer).Because;
    }

    private static ReplicaStart Other(string[] command, string folder) => new()
    {
        Replica = ReplicaName.Of("order-2"), Service = ServiceName.Of("order"), Revision = 1, Starts = 1,
        Command = command, WorkingDirectory = folder, Environment = [],
    };

    [Fact]
    public async Task Gives_the_process_its_variables_and_few_of_ours()
    {
        await using var node = new Node();
        Environment.SetEnvironmentVariable("A_SECRET_OF_OURS", "x");
        Assert.IsType<StartAnswer.Started>(node.Start(["env"],
            environment: [new Variable("STOCK", "a b\"c"), new Variable("discovery.type", "single-node")]));
        Assert.Equal(0, (await node.NextExit()).Exit);
        var lines = node.Log.Split('\n');
        Assert.Contains("STOCK=a b\"c", lines);
        Assert.Contains("discovery.type=single-node", lines);
        Assert.Contains($"TANGRAM_CLUSTER_ID={node.ClusterId}", lines);
        Assert.Contains("TANGRAM_REPLICA=order-1", lines);
        Assert.Contains(lines, line => line.StartsWith("PATH=", StringComparison.Ordinal));
        Assert.DoesNotContain("A_SECRET_OF_OURS", node.Log);
    }

    [Fact]
    public async Task Gives_the_process_default_signals_a_session_and_no_other_descriptor()
    {
        await using var node = new Node();
        var pid = node.Started("grep -E 'Sig(Blk|Ign)' /proc/self/status; ls -l /proc/self/fd; cat /proc/$$/stat");
        Assert.Equal(0, (await node.NextExit()).Exit);
        var lines = node.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("SigBlk:\t0000000000000000", lines);
        // glibc itself keeps 32 and 33 from everyone.
        var ignored = Assert.Single(lines, line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        Assert.Equal(0, Convert.ToInt64(ignored[8..], 16) & 0x7fff_ffff);
        // ls has its input, two outputs, and the folder that it lists.
        Assert.Equal(4, lines.Count(line => line.Contains(" -> ")));
        Assert.Contains(lines, line => line.EndsWith("0 -> /dev/null", StringComparison.Ordinal));
        var stat = ProcessStat.Parse(pid, lines[^1])!.Value;
        Assert.Equal((pid, pid), (stat.Group, stat.Session));
    }

    [Fact]
    public async Task Its_record_is_on_disk_before_the_program_runs()
    {
        await using var node = new Node();
        node.Started($"cat replicas/order-1.json; exit 0");
        await node.NextExit();
        Assert.Contains("\"startTime\"", node.Log);
    }

    [Fact]
    public async Task Nothing_runs_when_the_record_cannot_be_written()
    {
        await using var node = new Node();
        Directory.CreateDirectory(Path.Combine(node.Root, "replicas", "order-1.json.new"));
        var failed = Assert.IsType<StartAnswer.Failed>(node.Start(["/bin/sh", "-c", "touch ran"]));
        Assert.Contains("order-1 could not be started", failed.Because);
        Assert.False(File.Exists(node.File("ran")));
        Assert.Empty(node.Runner.Running);
        Assert.Equal(0, Orphans.End(node.ClusterId, []));
        Directory.Delete(Path.Combine(node.Root, "replicas", "order-1.json.new"));
    }

    [Fact]
    public async Task A_gate_whose_opener_dies_never_runs_the_program()
    {
        await using var node = new Node();
        // The opener stands for a Tangram that is killed between the spawn and the record: it alone holds the pipe.
        File.WriteAllText(node.File("gate"), Gate.Script);
        node.Started("""
            sh -c 'echo $$ > opener; exec sleep 100' | { sh ./gate touch ran; echo $? > code; } &
            exec sleep 100
            """);
        Native.Kill(await node.PidIn("opener"), Native.SigKill);
        Assert.Equal(Gate.NeverOpened, await node.PidIn("code"));
        Assert.False(File.Exists(node.File("ran")));
    }

    [Fact]
    public async Task Kills_grandchildren_in_groups_and_sessions_of_their_own()
    {
        await using var node = new Node();
        node.Started("""
            sleep 100 & echo $! > plain
            setsid sh -c 'echo $$ > daemon; exec sleep 100' &
            exec sleep 100
            """);
        var (plain, daemon) = (await node.PidIn("plain"), await node.PidIn("daemon"));
        Assert.True(node.Runner.Kill(Node.Order));
        Assert.Equal(137, (await node.NextExit()).Exit);
        Assert.False(Node.Lives(plain));
        Assert.False(Node.Lives(daemon));
    }

    [Fact]
    public async Task A_leader_that_ends_by_itself_leaves_nobody_behind()
    {
        await using var node = new Node();
        node.Started("sleep 100 & echo $! > left; exit 3");
        Assert.Equal(3, (await node.NextExit()).Exit);
        Assert.False(Node.Lives(await node.PidIn("left")));
    }

    [Fact]
    public async Task Starts_again_under_the_same_name()
    {
        await using var node = new Node();
        for (var start = 1; start <= 20; start++)
        {
            Assert.IsType<StartAnswer.Started>(node.Start(["/bin/sh", "-c", $"exit {start}"], starts: start));
            var exit = await node.NextExit();
            Assert.Equal((start, start), (exit.Exit, exit.Starts));
        }
        node.Runner.Forget(Node.Order);
        Assert.Empty(node.Records.Load([]));
    }
}
