using Tangram.Deploying;
using Tangram.Proving.Faults.Streams;
using Tangram.Proving.Injecting;

namespace Tangram.Proving.Faults;

/// <summary>One fault and how to end it. Each step returns what it was measured to do, as a sentence without a
/// stop.</summary>
internal abstract class HeldFault
{
    /// <summary>Long enough for a kernel that is busy; what takes longer has failed.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Says how something is mended that the kernel does not mend when this process is killed. Call it before
    /// that is done. Its holder sets it.</summary>
    public Action<FaultMend> Keep { get; set; } = _ => { };

    /// <summary>Throws, <see cref="FaultMissedException"/> above all, when it cannot be done, or not completely;
    /// <see cref="RevertAsync"/> follows in any case.</summary>
    public abstract Task<string> InjectAsync(TimeProvider time);

    /// <summary>Called once, after <see cref="InjectAsync"/> has ended, however it did: mends what it
    /// changed.</summary>
    public abstract Task<string> RevertAsync(TimeProvider time);

    public static HeldFault Of(FaultOrder order, FaultPlace place) => order.Kind switch
    {
        FaultKind.ReplicaKilled => new KilledReplica(order.Replicas[0], place),
        FaultKind.ReplicaPaused => new PausedReplica(order.Replicas[0], place),
        FaultKind.ReplicaSlow or FaultKind.ZoneSlow => new SlowedProcesses(() => Replicas(order, place), true),
        FaultKind.StoreSlow when place.Stores is not null => new SlowedProcesses(() => Store(place), false),
        FaultKind.NodePaused when place.Stores is not null => new PausedMachine(place),
        FaultKind.ReplicaHandles => new StarvedReplica(order.Replicas[0], place),
        FaultKind.NodeLost or FaultKind.ZoneLost or FaultKind.LeaderLost or FaultKind.StoreLost or FaultKind.GatewayLost
            when place.Stores is not null => new LostMachine(order, place),
        FaultKind.ClockOff => new WrongClocks(order, place),
        FaultKind.CertificateExpired => new ExpiredCertificate(place),
        FaultKind.DiskSlow => new SlowDisk(order, place),
        FaultKind.ReplicaMemory => new CrampedReplica(order.Replicas[0], place),
        FaultKind.DiskFull => new FullDisk(place, order.Shared),
        FaultKind.DiskPressure => new BusyDisk(place),
        FaultKind.NodeLost or FaultKind.ZoneLost => new LostNodes(order, place),
        FaultKind.LeaderLost or FaultKind.StoreLost or FaultKind.GatewayLost => new LostDaemon(place),
        FaultKind.CpuPressure => new BusyCores(),
        FaultKind.MemoryPressure => new TakenMemory(),
        FaultKind.TrafficSpike => new MoreTraffic(order.Traffic!, order.Lasts),
        FaultKind.BadDeploy => new BadDeploy(order.Name, place),
        _ when FaultForm.Of(order.Kind).Impairs => new DetouredReplicas(order, place),
        _ when order.Link is { } link => new LinkFault(link, order.Seed),
        _ => throw new FaultMissedException($"this version cannot do {order.Kind}"),
    };

    /// <exception cref="FaultMissedException">One of them is a stranger.</exception>
    private static IEnumerable<(string, ProcessStat)> Replicas(FaultOrder order, FaultPlace place)
    {
        foreach (var struck in order.Replicas)
        {
            if (place.Stranger(struck.Replica, struck.Pid) is { } why) throw new FaultMissedException(why);
            if (ProcessStat.Read(struck.Pid) is { Ended: false } process) yield return (struck.Replica, process);
        }
    }

    private static IEnumerable<(string, ProcessStat)> Store(FaultPlace place)
    {
        var parts = new MachineParts(place.Name, place.Folder, place.Stores!);
        var etcd = parts.Etcd(parts.Role()) ?? throw new FaultMissedException("no member of etcd runs on this machine");
        return [($"etcd {etcd.Process.Pid}", etcd.Process)];
    }

    /// <summary>Looks every few milliseconds until it is so, and returns how long that took.</summary>
    protected static async Task<TimeSpan> UntilAsync(Func<bool> isSo, string otherwise, TimeProvider time)
    {
        var begun = time.GetTimestamp();
        while (!isSo())
        {
            if (time.GetElapsedTime(begun) > Patience) throw new FaultMissedException(otherwise);
            await Task.Delay(TimeSpan.FromMilliseconds(1), time).ConfigureAwait(false);
        }
        return time.GetElapsedTime(begun);
    }

    protected static string Words(TimeSpan span) => Drills.DrillAim.Words(span);
}

/// <summary>A fault could not be injected; the message is a sentence without a stop.</summary>
internal sealed class FaultMissedException(string message) : Exception(message);
