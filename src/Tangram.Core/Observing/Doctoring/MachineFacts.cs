using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>What was read of this machine. A part is null when it could not be read.</summary>
public sealed record MachineFacts
{
    public required bool Root { get; init; }
    public required int Cores { get; init; }
    public KernelFacts? Kernel { get; init; }
    public LimitFacts? Limits { get; init; }
    public ClockFacts? Clock { get; init; }
    public PortFacts? Ports { get; init; }
    public DiskFacts? Disk { get; init; }
    public MemoryFacts? Memory { get; init; }
    public CgroupFacts? Cgroups { get; init; }
    public TcpFacts? Tcp { get; init; }

    /// <summary>libmsquic can be loaded; null: nobody looked.</summary>
    public bool? Quic { get; init; }

    /// <summary>Of each cluster that orders certificates.</summary>
    public EquatableArray<AcmeFacts> Acme { get; init; }
}

/// <param name="Asked">The domains that a file names.</param>
/// <param name="Told">What the cluster says; null: it does not answer here.</param>
public sealed record AcmeFacts(
    string Cluster, EquatableArray<string> Asked, EquatableArray<AcmeView>? Told, DateTimeOffset Now);

/// <param name="Pidfd">pidfd_open works (Linux 5.3).</param>
/// <param name="PidfdGet">pidfd_getfd works (Linux 5.6).</param>
/// <param name="Sessions">A program can be started in a session of its own.</param>
/// <param name="PtraceScope">Yama's; null without Yama.</param>
public sealed record KernelFacts(string Release, bool Pidfd, bool PidfdGet, bool Sessions, int? PtraceScope);

/// <param name="OpenFiles">The hard limit, to which .NET raises the soft one.</param>
/// <param name="Processes">RLIMIT_NPROC, which counts threads, and not those of root.</param>
/// <param name="Pids">The cgroup's, with what is used of it; null: none.</param>
/// <param name="PidMax">The highest process id.</param>
public sealed record LimitFacts(long OpenFiles, long Processes, (long Most, long Used)? Pids, long PidMax);

/// <param name="Synchronised">The kernel has been told so (adjtimex).</param>
/// <param name="MaxError">What the kernel takes the clock to be off at most.</param>
/// <param name="Source">Such as tsc.</param>
/// <param name="Monotonic">It never went back while it was read again and again.</param>
public sealed record ClockFacts(bool Synchronised, TimeSpan MaxError, string Source, bool Monotonic);

/// <param name="Low">The first and <paramref name="High"/> the last port that the kernel gives to connections.</param>
/// <param name="Reserved">Those that it never gives, as ip_local_reserved_ports lists them.</param>
/// <param name="Unprivileged">The first port that everybody may listen on.</param>
public sealed record PortFacts(
    int Low, int High, string Reserved, int Unprivileged, EquatableArray<ListenerFacts> Listeners);

/// <summary>An address that the file has the cluster listen on.</summary>
/// <param name="Taken">Who holds it, as a sentence; null when it is free or held by this very cluster.</param>
public sealed record ListenerFacts(string Owner, string Address, int Port, string? Taken);

/// <param name="Folder">The state folder, or the nearest folder above it that exists.</param>
/// <param name="FileSystem">Such as ext4.</param>
/// <param name="Refused">Why it cannot be written; null when it can.</param>
/// <param name="Files">Inodes; 0 in all where the file system does not count them.</param>
/// <param name="Sync">How long a durable write takes, in the middle and at worst; null when none was made.</param>
public sealed record DiskFacts(string Folder, string FileSystem, string? Refused, long FreeBytes, long Bytes,
    long FreeFiles, long Files, (TimeSpan Median, TimeSpan Worst)? Sync);

/// <param name="Limit">The cgroup's, with what is used of it; null: none.</param>
public sealed record MemoryFacts(long Total, long Available, (long Most, long Used)? Limit);

/// <param name="Version">1 or 2; 0: none is mounted.</param>
/// <param name="Refused">Per controller: null when a limit can be set, else why not.</param>
public sealed record CgroupFacts(int Version, EquatableArray<(string Controller, string? Refused)> Refused);

/// <summary>Settings as the kernel has them; null where it has none of that name.</summary>
/// <param name="Available">Congestion controls that can be chosen.</param>
/// <param name="Conntrack">Connections tracked, and how many can be; null when none are.</param>
/// <param name="Ipv6Loopback">::1 can be listened on.</param>
public sealed record TcpFacts(string? Congestion, EquatableArray<string> Available, string? Queueing, long? Backlog,
    long? SynBacklog, long? SynCookies, long? SlowStartAfterIdle, (long Used, long Most)? Conntrack,
    bool Ipv6Loopback);

/// <summary>What a file asks of the machine that runs all of it.</summary>
/// <param name="Limits">All limits of all replicas together.</param>
/// <param name="Reservations">The same of reservations.</param>
/// <param name="Limited">Controllers that its limits need: cpu, memory, pids.</param>
public sealed record FileDemand(
    string Cluster, int Replicas, Resources Limits, Resources Reservations, EquatableArray<string> Limited)
{
    public bool Http3 { get; init; }

    public static FileDemand Of(ClusterSpec spec)
    {
        var nodes = spec.Zones.Count * spec.NodesPerZone;
        var counted = spec.Services.Select(s => (Spec: s.Deploy,
            Count: s.Deploy.Mode == DeployMode.Global ? nodes : s.Deploy.Replicas)).ToList();
        Resources Sum(Func<ResourcesSpec, Resources> of) => new()
        {
            Cpus = counted.Sum(c => c.Count * of(c.Spec.Resources).Cpus),
            Memory = counted.Sum(c => c.Count * of(c.Spec.Resources).Memory),
            Pids = counted.Sum(c => c.Count * of(c.Spec.Resources).Pids),
        };
        var limits = Sum(r => r.Limits);
        return new FileDemand(spec.Name, counted.Sum(c => c.Count), limits, Sum(r => r.Reservations),
        [
            .. new[] { ("cpu", limits.Cpus > 0), ("memory", limits.Memory > 0), ("pids", limits.Pids > 0) }
                .Where(l => l.Item2).Select(l => l.Item1),
        ]) { Http3 = spec.Tls is { Http3: true } };
    }
}
