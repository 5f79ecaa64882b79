using Tangram.Coordinating;
using Tangram.Deploying;

namespace Tangram.ClusterTests.Deploying;

/// <summary>A guard ends a singleton at its deadline, without any help of the agent that started it.</summary>
public sealed class SingletonGuardTests
{
    private static readonly MonotonicClock Clock = new(TimeProvider.System);

    [Fact]
    public async Task A_singleton_ends_at_its_deadline_and_not_before()
    {
        await using var node = new Node();
        Allow(node, 0.8);
        var pid = Started(node, "exec sleep 100");
        // As after the agent's death: nothing of it looks at the process any more.
        node.Runner.Dispose();
        await Eventually.True(() => !Node.Lives(pid), "the end of the singleton");
        Assert.InRange(node.Guard.Left.TotalSeconds, -0.25, 0);
    }

    [Fact]
    public async Task A_renewed_deadline_is_kept()
    {
        await using var node = new Node();
        Allow(node, 0.3);
        var pid = Started(node, "exec sleep 100");
        for (var renewal = 0; renewal < 5; renewal++)
        {
            Allow(node, 0.4);
            await Eventually.True(() => node.Guard.Left < TimeSpan.FromSeconds(0.2), "half of the deadline");
            Assert.True(Node.Lives(pid));
        }
        await Eventually.True(() => !Node.Lives(pid), "the end of the singleton");
    }

    [Fact]
    public async Task A_deadline_that_has_passed_lets_no_program_run()
    {
        await using var node = new Node();
        Allow(node, -1);
        node.Start(["/bin/sh", "-c", "sleep 0.3; echo ran >> ran; exec sleep 100"], singleton: true);
        Assert.Equal(137, (await node.NextExit()).Exit);
        Assert.False(File.Exists(node.File("ran")));
    }

    [Fact]
    public async Task What_left_its_group_or_its_session_ends_with_it()
    {
        await using var node = new Node();
        Allow(node, 1);
        const string script = "setsid sh -c 'echo $$ > daemon; exec sleep 100' & "
                              + "sh -c 'echo $$ > child; exec sleep 100' & wait";
        var pid = Started(node, script);
        var (daemon, child) = (await node.PidIn("daemon"), await node.PidIn("child"));
        node.Runner.Dispose();
        await Eventually.True(() => !Node.Lives(pid) && !Node.Lives(daemon) && !Node.Lives(child), "the end of all");
    }

    [Fact]
    public async Task A_torn_deadline_moves_nothing()
    {
        await using var node = new Node();
        Allow(node, 0.6);
        var pid = Started(node, "exec sleep 100");
        var path = Directory.GetFiles(node.Root, "guard-*").Single();
        var text = File.ReadAllText(path);
        File.WriteAllText(path, $"9{text[1..20]}{text[20..]}");
        node.Runner.Dispose();
        await Eventually.True(() => !Node.Lives(pid), "the end of the singleton");
    }

    [Fact]
    public async Task A_guard_that_is_killed_gets_a_successor()
    {
        await using var node = new Node();
        Allow(node, 2);
        var pid = Started(node, "exec sleep 100");
        var guard = await GuardAsync(node);
        Assert.Equal(0, Native.Kill(guard, Native.SigKill));
        await Eventually.True(() => Guards(node) is [var next] && next != guard, "another guard");
        await Eventually.True(() => !Node.Lives(pid), "the end of the singleton");
        await Eventually.True(() => Guards(node).Count == 0, "the end of the guard");
    }

    [Fact]
    public async Task A_later_agent_goes_on_with_the_same_guard_and_the_same_deadline()
    {
        await using var node = new Node();
        Allow(node, 1);
        var pid = Started(node, "exec sleep 100");
        node.Runner.Dispose();
        node.Guard.Dispose();
        var guard = await GuardAsync(node);

        await using var second = node.Successor();
        Assert.True(Assert.Single(second.Runner.Adopt().Running).Singleton);
        Assert.InRange(second.Guard.Left.TotalSeconds, 0, 1);
        Assert.Equal(guard, await GuardAsync(node));
        Allow(second, 2);
        await Eventually.True(() => second.Guard.Left < TimeSpan.FromSeconds(0.7), "the first deadline's end");
        Assert.True(Node.Lives(pid));
        Assert.Equal(137, (await second.NextExit()).Exit);
    }

    private static void Allow(Node node, double seconds) =>
        node.Guard.Allow(Clock.Now + TimeSpan.FromSeconds(seconds), Clock);

    private static int Started(Node node, string script) =>
        Assert.IsType<StartAnswer.Started>(node.Start(["/bin/sh", "-c", script], singleton: true)).Pid;

    /// <summary>The one that there is. A shell that starts a program is two of itself for a moment.</summary>
    private static async Task<int> GuardAsync(Node node)
    {
        List<int> found = [];
        await Eventually.True(() => (found = Guards(node)).Count == 1, "one guard");
        return found[0];
    }

    private static List<int> Guards(Node node) =>
    [
        .. ProcessStat.All().Where(stat => !stat.Ended && Line(stat.Pid) is var line
            && line.Contains("tangram-guard", StringComparison.Ordinal)
            && line.Contains(node.Root, StringComparison.Ordinal)).Select(stat => stat.Pid),
    ];

    private static string Line(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
