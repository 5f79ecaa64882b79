using System.Net;
using System.Net.Sockets;
using Tangram.Model;
using Tangram.Observing.Doctoring;

namespace Tangram.ClusterTests.Deploying;

/// <summary>The facts of the machine that runs the test, whatever it is.</summary>
public sealed class MachineReadingTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-doctor-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_part_is_read_and_nothing_is_left_behind()
    {
        var facts = new MachineReading(Path.Combine(_folder, "not", "there"), null, TimeProvider.System).Read();
        output.WriteLine(facts.ToString());
        Assert.True(facts is { Cores: > 0, Kernel: { Pidfd: true, Sessions: true }, Limits.OpenFiles: > 100 });
        Assert.True(facts is { Clock.Monotonic: true, Ports.Low: > 0, Memory.Available: > 0, Cgroups: not null });
        Assert.True(facts is { Disk: { Refused: null, FreeBytes: > 0 }, Tcp.Congestion: not null });
        Assert.Equal(_folder, facts.Disk!.Folder);
        Assert.True(facts.Disk.Sync!.Value.Worst >= facts.Disk.Sync.Value.Median);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        Assert.All(Doctor.Examine(facts, null), f => Assert.True(f.What.Length > 0 && !f.What.EndsWith('.'), f.What));
    }

    [Fact]
    public void A_taken_port_names_who_has_it_and_another_address_is_free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var spec = new ClusterSpec { Name = "x", GatewayListen = [$"http://127.0.0.1:{port}", "http://[::1]:0"] };
        var facts = new MachineReading(_folder, spec, TimeProvider.System).Read();
        var finding = Doctor.Examine(facts, FileDemand.Of(spec)).First(f => f.Check == "listener");
        Assert.Equal(Gravity.Error, finding.Gravity);
        Assert.Contains($"(pid {Environment.ProcessId})", finding.What);
        listener.Stop();
        facts = new MachineReading(_folder, spec, TimeProvider.System).Read();
        Assert.NotEqual(Gravity.Error, Doctor.Examine(facts, null).First(f => f.Check == "listener").Gravity);
    }

    [Fact]
    public void A_setting_is_written_and_read_back_and_a_refusal_is_told()
    {
        const string key = "net.ipv4.tcp_syncookies";
        var now = MachineReading.Text("/proc/sys/net/ipv4/tcp_syncookies")!;
        var outcome = KernelSettings.Apply(new KernelSetting(key, now));
        Assert.Equal((now, now), (outcome.Before, outcome.After));
        if (Environment.IsPrivilegedProcess) Assert.Null(outcome.Error);
        Assert.NotNull(KernelSettings.Apply(new KernelSetting(key, "not a number")).Error);
        Assert.NotNull(KernelSettings.Apply(new KernelSetting("net.ipv4.no_such_thing", "1")).Error);
        Assert.Equal(now, MachineReading.Text("/proc/sys/net/ipv4/tcp_syncookies"));
    }
}
