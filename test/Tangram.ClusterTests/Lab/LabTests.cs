using System.Diagnostics;
using System.Net.Sockets;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests.Lab;

/// <summary>The lab itself: what it promises, the drills rely on.</summary>
[Collection(nameof(Alone))]
public sealed class LabTests
{
    private const int Port = 8000, Megabyte = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), Short = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Machines_reach_each_other_by_their_addresses_and_nobody_outside_reaches_them()
    {
        await using var lab = TheLab.Build("a", "b");
        var (server, other, far) = (lab.AddMachine("server", "a"), lab.AddMachine("other", "a"),
            lab.AddMachine("far", "b"));
        await ServeAsync(server, other);

        Assert.Equal(("10.77.1.1", "10.77.1.2", "10.77.2.1"),
            (server.Address.ToString(), other.Address.ToString(), far.Address.ToString()));
        Assert.True(await AnswersAsync(far, server));
        Assert.True(await AnswersAsync(server, server));
        using var outside = new HttpClient { Timeout = Short };
        await Assert.ThrowsAnyAsync<Exception>(() => outside.GetStringAsync(server.Url(Port)));
        Assert.DoesNotContain("10.77.", Command.Run("ip", "address"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_given_once_and_a_zone_has_to_exist()
    {
        await using var lab = TheLab.Build("a", "b");
        lab.AddMachine("one");
        Assert.Throws<ArgumentException>(() => lab.AddMachine("one", "b"));
        Assert.Throws<ArgumentException>(() => lab.AddMachine("switch"));
        Assert.Throws<ArgumentException>(() => lab.AddMachine("no_name"));
        Assert.Throws<ArgumentException>(() => lab.AddMachine("two", "c"));
        lab.AddMachine("two", "b");
        Assert.Equal(2, lab.Machines.Select(machine => machine.Address).Distinct().Count());
    }

    [Fact]
    public async Task Two_labs_at_once_do_not_know_each_other()
    {
        await using var one = TheLab.Build();
        await using var two = TheLab.Build();
        var server = one.AddMachine("server");
        await ServeAsync(server, one.AddMachine("client"));
        Assert.False(await AnswersAsync(two.AddMachine("server"), server));
        Assert.False(await AnswersAsync(two.AddMachine("client"), server));
    }

    [Fact]
    public async Task A_loss_of_power_is_silent()
    {
        // Given a connection with a question under way, and a program that would say goodbye
        await using var lab = TheLab.Build();
        var (server, client) = (lab.AddMachine("server"), lab.AddMachine("client"));
        await ServeAsync(server, client);
        using var connection = client.Socket();
        await connection.ConnectAsync(server.Address, Port);
        await connection.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());

        // When its machine loses power
        server.PowerOff();

        // Then nothing comes, neither an end nor a reset, and a new connection is not refused
        Assert.Empty(server.Pids);
        Assert.False(connection.Poll(Short, SelectMode.SelectRead));
        using var second = client.Socket();
        Assert.Null(await OutcomeAsync(second, server));
    }

    [Fact]
    public async Task What_has_a_session_of_its_own_and_no_parent_any_more_dies_too()
    {
        await using var lab = TheLab.Build();
        var machine = lab.AddMachine("one");
        var parent = machine.Start("parent",
            ["sh", "-c", "setsid sh -c 'sleep 1000 & sleep 1000' & trap '' TERM; setsid --fork sleep 1000"]);
        await Until.SomeAsync(() => Task.FromResult(machine.Pids.Count == 5 || parent.HasEnded ? machine : null),
            Patience, machine.Tail);
        await BecomesAsync(() => parent.HasEnded, machine);
        Assert.Equal(4, machine.Pids.Count);
        machine.PowerOff();
        Assert.Empty(machine.Pids);
    }

    [Fact]
    public async Task A_machine_comes_back_with_its_disk_and_without_its_programs()
    {
        await using var lab = TheLab.Build();
        var (server, client) = (lab.AddMachine("server"), lab.AddMachine("client"));
        await ServeAsync(server, client);
        await File.WriteAllTextAsync(Path.Combine(server.Disk, "kept"), "yes");

        server.PowerOff();
        Assert.Throws<InvalidOperationException>(() => server.Start("too early", ["true"]));
        server.PowerOn();

        using var refused = client.Socket();
        Assert.Equal(SocketError.ConnectionRefused, await OutcomeAsync(refused, server));
        await ServeAsync(server, client);
        using var http = client.Http(Patience);
        Assert.Equal("yes", await http.GetStringAsync(server.Url(Port, "/kept")));
    }

    [Fact]
    public async Task A_cut_is_between_two_in_both_directions_and_heals()
    {
        await using var lab = TheLab.Build();
        var (a, b, c) = (lab.AddMachine("a"), lab.AddMachine("b"), lab.AddMachine("c"));
        await ServeAsync(b, a);
        await ServeAsync(a, b);

        lab.Cut(a, b);
        Assert.Equal((false, false, true), (await AnswersAsync(a, b), await AnswersAsync(b, a),
            await AnswersAsync(c, a)));
        lab.Heal(b, a);
        Assert.Equal((true, true), (await AnswersAsync(a, b), await AnswersAsync(b, a)));
    }

    [Fact]
    public async Task A_one_way_cut_lets_the_other_direction_through()
    {
        // Given a listener for datagrams on both
        await using var lab = TheLab.Build();
        var (a, b) = (lab.AddMachine("a"), lab.AddMachine("b"));
        var (atA, atB) = (Hear(a), Hear(b));
        await BecomesAsync(() => atA.Printed.Contains("ready") && atB.Printed.Contains("ready"), a);

        // When only what a sends is lost
        lab.CutOneWay(a, b);

        // Then b's arrive at a, and a's do not at b
        await SayAsync(a, b, "from-a");
        await SayAsync(b, a, "from-b");
        await BecomesAsync(() => atA.Printed.Contains("from-b"), a);
        lab.HealAll();
        await SayAsync(a, b, "healed");
        await BecomesAsync(() => atB.Printed.Contains("healed"), b);
        Assert.DoesNotContain("from-a", atB.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zones_are_cut_from_each_other_and_a_machine_from_everybody()
    {
        await using var lab = TheLab.Build("a", "b", "c");
        var (a1, a2) = (lab.AddMachine("a-1", "a"), lab.AddMachine("a-2", "a"));
        var (b1, c1) = (lab.AddMachine("b-1", "b"), lab.AddMachine("c-1", "c"));
        await ServeAsync(a1, a2);

        lab.CutZones("a", "b");
        Assert.Equal((true, false, true), (await AnswersAsync(a2, a1), await AnswersAsync(b1, a1),
            await AnswersAsync(c1, a1)));
        lab.HealZones("a", "b");
        lab.Isolate(a1);
        Assert.Equal((false, false, false), (await AnswersAsync(a2, a1), await AnswersAsync(b1, a1),
            await AnswersAsync(c1, a1)));
        Assert.True(await AnswersAsync(a1, a1));
        lab.HealAll();
        Assert.True(await AnswersAsync(b1, a1));
        lab.PowerOffZone("a");
        Assert.Empty(a1.Pids);
        Assert.False(await AnswersAsync(b1, a1));
    }

    [Fact]
    public async Task A_paused_machine_stands_still_and_goes_on_where_it_was()
    {
        await using var lab = TheLab.Build();
        var (server, client) = (lab.AddMachine("server"), lab.AddMachine("client"));
        await ServeAsync(server, client);
        var before = server.Pids;

        server.Pause();
        using var taken = client.Socket();
        Assert.Equal(SocketError.Success, await OutcomeAsync(taken, server));
        Assert.False(await AnswersAsync(client, server));
        server.Resume();
        Assert.True(await AnswersAsync(client, server));
        Assert.Equal(before, server.Pids);
    }

    [Fact]
    public async Task A_disk_can_be_full_and_slow_and_is_again_what_it_was()
    {
        await using var lab = TheLab.Build();
        var machine = lab.AddMachine("one", diskBytes: 32 * Megabyte);
        string[] write = ["dd", "if=/dev/zero", "of=file", "bs=4096", "count=20", "oflag=dsync"];
        Assert.Equal(0, (await machine.RunAsync(Patience, write)).Code);

        machine.FillDisk();
        Assert.Equal(1, (await machine.RunAsync(Patience, [.. write, "seek=1000"])).Code);
        Assert.Contains("No space left", machine.Tail(), StringComparison.Ordinal);
        machine.EmptyDisk();

        machine.SlowDisk(writesPerSecond: 10);
        var slow = await TimedAsync(machine, write);
        machine.FastDisk();
        var fast = await TimedAsync(machine, write);
        Assert.True(slow > TimeSpan.FromSeconds(1.5), $"20 writes took {slow}");
        Assert.True(fast < TimeSpan.FromSeconds(1), $"20 writes took {fast}");

        // Who waits for the disk dies with the power nevertheless.
        machine.SlowDisk(writesPerSecond: 1);
        machine.Start("writer", ["dd", "if=/dev/zero", "of=more", "bs=4096", "count=2000", "oflag=dsync"]);
        await Until.PassedAsync(Short);
        machine.PowerOff();
        Assert.Empty(machine.Pids);
        Assert.True(File.Exists(Path.Combine(machine.Disk, "more")));
    }

    [Fact]
    public async Task Nothing_is_left_whatever_happened()
    {
        var (name, pids) = (default(LabName), new List<int>());
        await Assert.ThrowsAsync<FormatException>(async () =>
        {
            await using var lab = TheLab.Build();
            name = lab.Name;
            var machine = lab.AddMachine("one", diskBytes: 16 * Megabyte);
            machine.Start("orphan", ["sh", "-c", "setsid --fork sleep 1000 > out; exec sleep 1000"]);
            await BecomesAsync(() => machine.Pids.Count == 2, machine);
            pids.AddRange(machine.Pids);
            machine.SlowDisk(1);
            machine.Pause();
            throw new FormatException("the test failed");
        });
        Assert.Equal(2, pids.Count);
        AssertGone(name, pids);
    }

    [Fact]
    public async Task What_a_killed_run_left_goes_when_the_next_lab_is_built()
    {
        // Given what a lab is made of, under the name of a process that has ended
        Needs.Root();
        var owner = Process.Start("true");
        var dead = LabName.Next() with { Pid = owner.Id, StartTime = 1 };
        await owner.WaitForExitAsync();
        Directory.CreateDirectory(dead.Folder);
        var wires = new LabWires(dead);
        var machine = new LabMachine(dead, wires, "one", "a", (1, 1), 16 * Megabyte);
        var program = machine.Start("left", ["sleep", "1000"]);
        Assert.False(dead.OwnerLives);

        // When another one is built beside a third that lives
        await using var alive = TheLab.Build();
        var living = alive.AddMachine("one").Start("living", ["sleep", "1000"]);
        await using var next = TheLab.Build();

        // Then only the dead one's things are gone
        AssertGone(dead, [program.Pid]);
        Assert.False(living.HasEnded);
        program.Dispose();
    }

    private static void AssertGone(LabName name, IEnumerable<int> pids)
    {
        Assert.DoesNotContain(name.ToString(), Command.Run("ip", "netns", "list"), StringComparison.Ordinal);
        Assert.DoesNotContain(name.ToString(), File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
        Assert.DoesNotContain(name.ToString(), Command.Run("losetup", "--list"), StringComparison.Ordinal);
        Assert.False(Directory.Exists(name.Folder));
        Assert.All(pids, pid =>
            Assert.True(Tangram.Deploying.ProcessStat.Read(pid) is null or { Ended: true }, $"{pid} runs"));
    }

    /// <summary>Serves the machine's disk over HTTP, and waits until <paramref name="client"/> is answered.</summary>
    private static async Task ServeAsync(LabMachine machine, LabMachine client)
    {
        machine.Start("server", [Python, "-m", "http.server", $"{Port}"]);
        await Until.SomeAsync(async () => await AnswersAsync(client, machine) ? machine : null, Patience, machine.Tail);
    }

    private static string Python => Needs.Program("python3");

    private static async Task<bool> AnswersAsync(LabMachine from, LabMachine to)
    {
        using var http = from.Http(Short);
        try
        {
            return (await http.GetAsync(to.Url(Port))).IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>How connecting ends; null when it does not, for a second.</summary>
    private static async Task<SocketError?> OutcomeAsync(Socket socket, LabMachine to)
    {
        using var limit = new CancellationTokenSource(Short, TimeProvider.System);
        try
        {
            await socket.ConnectAsync(to.Address, Port, limit.Token);
            return SocketError.Success;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    private static LabProcess Hear(LabMachine machine) => machine.Start("hear", [Python, "-u", "-c",
        $"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', {Port})); print('ready')\n" +
        "while True: print(s.recv(99).decode())"]);

    private static async Task SayAsync(LabMachine from, LabMachine to, string what) => Assert.Equal(0,
        (await from.RunAsync(Patience, Python, "-c",
            $"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); " +
            $"s.sendto(b'{what}', ('{to.Address}', {Port}))")).Code);

    private static async Task<TimeSpan> TimedAsync(LabMachine machine, string[] command)
    {
        var start = TimeProvider.System.GetTimestamp();
        Assert.Equal(0, (await machine.RunAsync(Patience, command)).Code);
        return TimeProvider.System.GetElapsedTime(start);
    }

    private static async Task BecomesAsync(Func<bool> condition, LabMachine machine) =>
        await Until.SomeAsync(() => Task.FromResult(condition() ? machine : null), Patience, machine.Tail);
}
