using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>Reads what <see cref="Doctor"/> judges. It changes nothing that stays: a file and a cgroup are made and
/// removed again. What cannot be read is null.</summary>
internal sealed class MachineReading(string stateRoot, ClusterSpec? spec, TimeProvider clock)
{
    private const int ClockReadings = 100_000;

    public MachineFacts Read() => new()
    {
        Root = Native.EffectiveUser() == 0,
        Cores = Environment.ProcessorCount,
        Kernel = Try(Kernel),
        Limits = Try(Limits),
        Clock = Try(Clock),
        Ports = Try(() => new PortReading(stateRoot, spec).Read()),
        Disk = Try(() => DiskReading.Of(stateRoot, clock)),
        Memory = Try(Memory),
        Cgroups = Try(CgroupReading.Of),
        Tcp = Try(Tcp),
        Quic = System.Net.Quic.QuicListener.IsSupported,
    };

    /// <summary>The value of a file under /proc or /sys, trimmed; null when there is none or it may not be
    /// read.</summary>
    internal static string? Text(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static long? Number(string path) =>
        long.TryParse(Text(path), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static T? Try<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException
            or EntryPointNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static unsafe KernelFacts Kernel()
    {
        const int missing = 2;
        using var nothing = File.OpenHandle("/dev/null");
        var pidfd = Native.PidfdOpen(Environment.ProcessId);
        var copy = pidfd < 0 ? -1 : Native.PidfdGetDescriptor(pidfd, nothing.Number());
        if (copy >= 0) Native.Close(copy);
        if (pidfd >= 0) Native.Close(pidfd);
        var started = Spawn.Start("/bin/sh", ["sh", "-c", ":"], [], "/", nothing.Number(), nothing.Number());
        int status;
        if (started > 0) Native.WaitPid(started, &status, 0);
        return new KernelFacts(Text("/proc/sys/kernel/osrelease") ?? "?", pidfd >= 0, copy >= 0,
            started > 0 || started == -missing, (int?)Number("/proc/sys/kernel/yama/ptrace_scope"));
    }

    private static LimitFacts Limits()
    {
        var lines = File.ReadAllLines("/proc/self/limits");
        return new LimitFacts(Limit("Max open files", hard: true), Limit("Max processes", hard: false),
            CgroupReading.Tightest("pids", "pids.max", "pids.current"),
            Number("/proc/sys/kernel/pid_max") ?? long.MaxValue);

        long Limit(string name, bool hard)
        {
            var columns = lines.First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..]
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return long.TryParse(columns[hard ? 1 : 0], CultureInfo.InvariantCulture, out var limit)
                ? limit : long.MaxValue;
        }
    }

    private ClockFacts? Clock()
    {
        if (Native.ClockState() is not var (synchronised, error)) return null;
        var (last, forward) = (clock.GetTimestamp(), true);
        for (var reading = 0; reading < ClockReadings; reading++)
        {
            var now = clock.GetTimestamp();
            forward &= now >= last;
            last = now;
        }
        return new ClockFacts(synchronised, TimeSpan.FromMicroseconds(error),
            Text("/sys/devices/system/clocksource/clocksource0/current_clocksource") ?? "unknown", forward);
    }

    private static MemoryFacts Memory()
    {
        var lines = File.ReadAllLines("/proc/meminfo");
        return new MemoryFacts(Kilobytes("MemTotal:"), Kilobytes("MemAvailable:"), CgroupReading.Memory());

        long Kilobytes(string name) => 1024 * long.Parse(
            lines.First(line => line.StartsWith(name, StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static TcpFacts Tcp()
    {
        const string tcp = "/proc/sys/net/ipv4/tcp_";
        var (used, most) = (Number("/proc/sys/net/netfilter/nf_conntrack_count"),
            Number("/proc/sys/net/netfilter/nf_conntrack_max"));
        return new TcpFacts(Text(tcp + "congestion_control"),
            (Text(tcp + "available_congestion_control") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .ToEquatableArray(),
            Text("/proc/sys/net/core/default_qdisc"), Number("/proc/sys/net/core/somaxconn"),
            Number(tcp + "max_syn_backlog"), Number(tcp + "syncookies"), Number(tcp + "slow_start_after_idle"),
            used is { } u && most is { } m ? (u, m) : null, PortReading.Opens(IPAddress.IPv6Loopback, 0));
    }
}
