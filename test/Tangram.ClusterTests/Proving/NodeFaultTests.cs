using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Proving.Faults;
using static Tangram.ClusterTests.Proving.FaultSigns;

namespace Tangram.ClusterTests.Proving;

/// <summary>A clock that is off, a disk that is slow and a certificate that has ended, as those see them whom they
/// strike; and how they end, by order and when their holder is killed.</summary>
[Collection(nameof(Alone))]
public sealed class NodeFaultTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), Second = TimeSpan.FromSeconds(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-faults-").FullName;

    public NodeFaultTests() => File.WriteAllText(Path.Combine(_folder, "id"), "struck");

    public async ValueTask DisposeAsync()
    {
        await Task.CompletedTask;
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_wall_clock_is_off_as_asked_and_right_again_when_the_holder_is_killed()
    {
        Needs.Root();
        // Given a program that forks and says what time it is, by two clocks
        using var struck = new Struck(_folder, """
            import os, sys, time
            for line in sys.stdin:
                if line.startswith('fork') and os.fork(): os.wait(); break
                print('%d %d' % (time.time(), time.monotonic()), flush=True)
            """);
        Assert.InRange(struck.Off(), -2, 2);
        await using var holder = await Holder.StartAsync(_folder);

        // When its clock goes behind, it does; what it forks has the same; and its other clock goes on
        await holder.InjectAsync(struck.Order(FaultKind.ClockOff) with { Offset = -TimeSpan.FromDays(1) });
        Assert.InRange(struck.Off(), -86402, -86398);
        Assert.InRange(struck.Steady(), -2, 2);
        struck.Fork();
        Assert.InRange(struck.Off(), -86402, -86398);
        await holder.RevertAsync();
        Assert.InRange(struck.Off(), -2, 2);

        // And when the holder is killed, the clock of what was forked is right again too
        await holder.InjectAsync(struck.Order(FaultKind.ClockOff) with { Offset = TimeSpan.FromHours(1) });
        struck.Fork();
        Assert.InRange(struck.Off(), 3598, 3602);
        var killed = TimeProvider.System.GetTimestamp();
        await holder.KillAsync();
        while (Math.Abs(struck.Off()) > 2) Assert.True(TimeProvider.System.GetElapsedTime(killed) < Patience);
        var after = TimeProvider.System.GetElapsedTime(killed);
        Assert.InRange(after, TimeSpan.Zero, Second);
        Assert.InRange(struck.Steady(), -2, 2);
        Figures.Note($"{nameof(NodeFaultTests)}: a clock was right again {Ms(after)} after SIGKILL of the holder");
    }

    [Fact]
    public async Task A_disk_is_slow_as_asked_and_as_ever_when_the_holder_is_killed()
    {
        Needs.Root();
        // Given a program that writes to a disk and waits until it is there
        using var struck = new Struck(_folder, """
            import os, sys, time
            file = os.open(sys.argv[1] + '/written', os.O_CREAT | os.O_WRONLY)
            for line in sys.stdin:
                begun = time.monotonic()
                os.pwrite(file, b'x' * 4096, 0); os.fsync(file)
                print('%d %d' % ((time.monotonic() - begun) * 1000, 0), flush=True)
            """);
        Assert.InRange(struck.Took(), 0, 150);
        await using var holder = await Holder.StartAsync(_folder);
        var groups = GroupsOf(struck.Pid);

        // When it may write ten times a second (each asks for a piece of data and two of the journal), it does
        await holder.InjectAsync(struck.Order(FaultKind.DiskSlow) with { Rate = 10 });
        Assert.InRange(struck.Took(), 80, 2000);
        await holder.RevertAsync();
        Assert.InRange(struck.Took(), 0, 150);
        Assert.Equal(groups, GroupsOf(struck.Pid));

        // And when the holder is killed, it is as ever and in its old cgroup
        await holder.InjectAsync(struck.Order(FaultKind.DiskSlow) with { Rate = 10 });
        var slow = struck.Took();
        var killed = TimeProvider.System.GetTimestamp();
        await holder.KillAsync();
        await Until.SomeAsync(() => Task.FromResult(GroupsOf(struck.Pid) == groups ? groups : null), Patience,
            () => "it is in its old cgroup");
        var after = TimeProvider.System.GetElapsedTime(killed);
        Assert.InRange(after, TimeSpan.Zero, Second);
        Assert.InRange(struck.Took(), 0, 150);
        Figures.Note($"{nameof(NodeFaultTests)}: 4 KB were on a slow disk after {slow} ms, and on it as ever " +
            $"{Ms(after)} after SIGKILL of the holder");
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_shown_and_no_more_when_the_holder_is_killed()
    {
        // Given a gateway with a certificate of its own, for which nobody but its authority vouches
        await using var cluster = await DrillCluster.ReadyAsync(replicas: 2, https: true);
        Assert.True(await EndsAsync(cluster) > DateTime.UtcNow);
        var drill = cluster.Drill(cluster.Write("ended.yaml", """
            hypothesis: { availability: 1% }
            load: { rate: 10, duration: 2m }
            steady: 500ms
            faults: [ { kind: certificate-expired, for: 1m } ]
            """));

        // When a drill lets it end, a client sees that; and when the holder is killed, the old one
        await Until.SomeAsync(async () => await EndsAsync(cluster) < DateTime.UtcNow ? cluster : null, Patience * 2,
            () => drill.Printed);
        var killed = TimeProvider.System.GetTimestamp();
        ShopCluster.Kill(Holder(cluster.Folder));
        await Until.SomeAsync(async () => await EndsAsync(cluster) > DateTime.UtcNow ? cluster : null, Patience,
            () => "its own certificate");
        var after = TimeProvider.System.GetElapsedTime(killed);
        Assert.InRange(after, TimeSpan.Zero, Second);
        await drill.KillAsync();
        Figures.Note($"{nameof(NodeFaultTests)}: the gateway showed its own certificate again {Ms(after)} after " +
            "SIGKILL of the holder");
    }

    private static async Task<DateTime> EndsAsync(DrillCluster cluster)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", cluster.HttpsPort);
        await using var stream = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync("localhost");
        using var shown = new X509Certificate2(stream.RemoteCertificate!);
        return shown.NotAfter.ToUniversalTime();
    }

    private static string GroupsOf(int pid) => File.ReadAllText($"/proc/{pid}/cgroup");

    /// <summary>A program that carries a replica's marks, and answers each line with two numbers.</summary>
    private sealed class Struck : IDisposable
    {
        private readonly Process _process;

        public Struck(string folder, string program)
        {
            var start = new ProcessStartInfo(Needs.Program("python3"), ["-c", program, folder])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true,
            };
            start.Environment[ReplicaEnvironment.ClusterMark] = "struck";
            start.Environment[ReplicaEnvironment.ReplicaMark] = "web-1";
            _process = Process.Start(start)!;
        }

        public int Pid => _process.Id;

        public FaultOrder Order(FaultKind kind) => new(1, false, kind, "a-1", TimeSpan.FromMinutes(1),
            [new StruckReplica("web-1", "web", "a-1", Pid, 0, 0)], ["a-1"]);

        /// <summary>How many seconds its wall clock is ahead of ours.</summary>
        public long Off() => Asked()[0] - DateTimeOffset.UtcNow.ToUnixTimeSeconds();

        /// <summary>The same of the clock that nobody sets.</summary>
        public long Steady() => Asked()[1] - Stopwatch.GetTimestamp() / Stopwatch.Frequency;

        /// <summary>In the middle of three, in ms.</summary>
        public long Took() => ((long[])[Asked()[0], Asked()[0], Asked()[0]]).Order().ElementAt(1);

        /// <summary>From now on what it forked answers.</summary>
        public void Fork() => _ = Asked("fork");

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit(Patience);
            _process.Dispose();
        }

        private long[] Asked(string line = "")
        {
            _process.StandardInput.WriteLine(line);
            return [.. _process.StandardOutput.ReadLine()!.Split(' ')
                .Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        }
    }

    /// <summary>A holder of faults, of a cluster that is but a folder.</summary>
    private sealed class Holder : IAsyncDisposable
    {
        private readonly Process _process;

        private Holder(string folder) => _process = Process.Start(new ProcessStartInfo(ShopCluster.Binary,
            [FaultHolder.Command, "struck", "/none", folder])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;

        public static async Task<Holder> StartAsync(string folder)
        {
            var holder = new Holder(folder);
            await holder.SaidAsync(FaultWord.Holds);
            return holder;
        }

        public async Task InjectAsync(FaultOrder order)
        {
            await _process.StandardInput.WriteLineAsync(FaultJson.Write(order));
            await SaidAsync(FaultWord.Injected);
        }

        public async Task RevertAsync()
        {
            await _process.StandardInput.WriteLineAsync(
                FaultJson.Write(new FaultOrder(1, true, default, "", TimeSpan.Zero, [], [])));
            await SaidAsync(FaultWord.Reverted);
        }

        public async Task KillAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited) _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
            _process.Dispose();
        }

        private async Task SaidAsync(FaultWord word)
        {
            var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience, TimeProvider.System);
            Assert.True(line is not null && FaultJson.Answer(line).Word == word, line);
        }
    }
}
