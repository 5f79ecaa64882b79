namespace Tangram.Proving.Faults;

/// <summary>What there is to know of a kind of fault before it is used.</summary>
/// <param name="Lasts">It is in force for a time, and then reverted. Otherwise it strikes once.</param>
/// <param name="Mends">The cluster has to mend it while it lasts, so recovery counts from when it struck. Otherwise it
/// counts from when it was reverted.</param>
/// <param name="Note">What it does on one machine.</param>
public sealed record FaultForm(
    FaultKind Kind, string Word, FaultSubject Subject, bool Lasts, bool Mends, string Note)
{
    public static IReadOnlyList<FaultForm> All { get; } =
    [
        new(FaultKind.ReplicaKilled, "replica-killed", FaultSubject.Replica, false, true,
            "its process gets SIGKILL"),
        new(FaultKind.ReplicaPaused, "replica-paused", FaultSubject.Replica, true, false,
            "its processes get SIGSTOP, and SIGCONT when it is over"),
        new(FaultKind.ReplicaSlow, "replica-slow", FaultSubject.Replica, true, false,
            "its processes stand still for nine tenths of the time"),
        new(FaultKind.ReplicaHandles, "replica-handles", FaultSubject.Replica, true, false,
            "its process may open no more files or connections than it has open"),
        new(FaultKind.NodeLost, "node-lost", FaultSubject.Node, true, true,
            "a virtual node loses its power: its agent and replicas are gone without a word, and held down"),
        new(FaultKind.ZoneLost, "zone-lost", FaultSubject.Zone, true, true,
            "all virtual nodes of a zone lose their power"),
        new(FaultKind.ZoneSlow, "zone-slow", FaultSubject.Zone, true, false,
            "the processes of all its replicas stand still for nine tenths of the time"),
        new(FaultKind.LeaderLost, "leader-lost", FaultSubject.Nothing, true, false, Daemon),
        new(FaultKind.StoreLost, "store-lost", FaultSubject.Nothing, true, false, Daemon),
        new(FaultKind.GatewayLost, "gateway-lost", FaultSubject.Nothing, true, false, Daemon),
        new(FaultKind.CpuPressure, "cpu-pressure", FaultSubject.Nothing, true, false,
            "as many threads as this machine has cores do nothing but count"),
        new(FaultKind.MemoryPressure, "memory-pressure", FaultSubject.Nothing, true, false,
            "half of the memory that is available is taken and used"),
        new(FaultKind.TrafficSpike, "traffic-spike", FaultSubject.Nothing, true, false,
            "more requests come beside the drill's own"),
        new(FaultKind.BadDeploy, "bad-deploy", FaultSubject.Service, false, true,
            "a revision goes out whose program ends at its start; the cluster has to take it back"),
        new(FaultKind.ReplicaMemory, "replica-memory", FaultSubject.Replica, true, false,
            "its process may map no more memory than it has mapped"),
        new(FaultKind.DiskFull, "disk-full", FaultSubject.Nothing, true, false,
            "not a byte is free on the disk where the cluster has its state"),
        new(FaultKind.DiskPressure, "disk-pressure", FaultSubject.Nothing, true, false,
            "threads write to that disk and have it synced, over and over"),
        Link(FaultKind.LinkDelay, "link-delay", "what its machine sends arrives later"),
        Link(FaultKind.LinkReorder, "link-reorder", "some of what its machine sends is overtaken by the rest"),
        Link(FaultKind.LinkLoss, "link-loss", "some of what its machine sends is lost"),
        Link(FaultKind.LinkDuplicate, "link-duplicate", "some of what its machine sends comes twice"),
        Link(FaultKind.LinkCorrupt, "link-corrupt", "a bit of some of what its machine sends is turned"),
        Link(FaultKind.LinkBandwidth, "link-bandwidth", "its machine sends no more bits a second than this"),
        Link(FaultKind.LinkCut, "link-cut", "nothing that its machine sends arrives"),
    ];

    /// <summary>What somebody may ask for and nobody can do from outside, and what to do instead.</summary>
    internal static readonly (string Word, string Remedy)[] Refused =
    [
        ("clock-off", "the wall clock of a process that runs cannot be moved from outside, and no namespace has one " +
            "of its own: let the service's command begin with `faketime -f +1h`, and deploy that"),
        ("store-slow", "the store of one machine is a file on the daemon's disk, locked by it: write disk-pressure, " +
            "which makes everything on that disk wait"),
        ("disk-slow", "a disk cannot be slowed for one process without its cgroup: write disk-pressure"),
        ("certificate-expired", "deploy an expired certificate (x-tangram.gateway.certificates), and the old one " +
            "when you have seen enough"),
    ];

    /// <summary>It is about the packets that a node's machine sends.</summary>
    public bool Links { get; private init; }

    private static FaultForm Link(FaultKind kind, string word, string note) =>
        new(kind, word, FaultSubject.Node, true, false, note) { Links = true };

    private const string Daemon =
        "on one machine the daemon is leader, store and gateway: it gets SIGKILL, and is started again";

    public static FaultForm Of(FaultKind kind) => All.First(form => form.Kind == kind);
}
