using Tangram.Model;

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
            "more requests come beside the drill's own") { Keys = ["rate"] },
        new(FaultKind.BadDeploy, "bad-deploy", FaultSubject.Service, false, true,
            "a revision goes out whose program ends at its start; the cluster has to take it back"),
        Between(FaultKind.NetworkDelay, "network-delay", "what passes takes longer, each way",
            "delay", "jitter", "direction"),
        Between(FaultKind.NetworkLoss, "network-loss", "a share of what passes is lost, and sent again a while later",
            "share", "burst", "direction"),
        Between(FaultKind.NetworkBandwidth, "network-bandwidth", "only so many bytes a second pass, each way",
            "bandwidth", "direction"),
        Between(FaultKind.NetworkCorrupt, "network-corrupt", "a share of what passes arrives with a wrong byte",
            "share", "direction"),
        Between(FaultKind.NetworkCut, "network-cut", "nothing passes any more, and nobody is told", "direction"),
        Between(FaultKind.NetworkReset, "network-reset", "connections are reset, and so are new ones"),
        Between(FaultKind.AnswerSlow, "answer-slow", "answers begin late", "delay"),
        Between(FaultKind.AnswerWrong, "answer-wrong", "a share of the answers is replaced by wrong ones",
            "share", "status"),
        Between(FaultKind.AnswerHalf, "answer-half", "a share of the answers ends half-way", "share"),
        new(FaultKind.ReplicaMemory, "replica-memory", FaultSubject.Replica, true, false,
            "its process may map no more memory than it has mapped"),
        new(FaultKind.DiskFull, "disk-full", FaultSubject.Nothing, true, false,
            "not a byte is free on the disk where the cluster has its state") { Keys = ["shared"] },
        new(FaultKind.DiskPressure, "disk-pressure", FaultSubject.Nothing, true, false,
            "threads write to that disk and have it synced, over and over"),
        new(FaultKind.StoreSlow, "store-slow", FaultSubject.Nothing, true, false,
            "it strikes every member of etcd"),
        new(FaultKind.NodePaused, "node-paused", FaultSubject.Node, true, false,
            "an agent and what it has started stand still; of a virtual node the agent is the daemon"),
        new(FaultKind.ClockOff, "clock-off", FaultSubject.Node, true, false,
            "the wall clocks of its replicas are off, and where it is a machine that of its agent, too")
            { Keys = ["offset"] },
        new(FaultKind.DiskSlow, "disk-slow", FaultSubject.Node, true, false,
            "what runs on it may read and write a disk only so often a second") { Keys = ["rate"] },
        new(FaultKind.CertificateExpired, "certificate-expired", FaultSubject.Nothing, true, false,
            "new connections to the gateway by https are shown a certificate that has ended"),
        Link(FaultKind.LinkDelay, "link-delay", "what its machine sends arrives later", "delay", "jitter"),
        Link(FaultKind.LinkReorder, "link-reorder", "some of what its machine sends is overtaken by the rest",
            "share", "delay"),
        Link(FaultKind.LinkLoss, "link-loss", "some of what its machine sends is lost", "share", "burst"),
        Link(FaultKind.LinkDuplicate, "link-duplicate", "some of what its machine sends comes twice", "share"),
        Link(FaultKind.LinkCorrupt, "link-corrupt", "a bit of some of what its machine sends is turned", "share"),
        Link(FaultKind.LinkBandwidth, "link-bandwidth", "its machine sends no more bits a second than this",
            "bandwidth"),
        Link(FaultKind.LinkCut, "link-cut", "nothing that its machine sends arrives"),
    ];

    /// <summary>What its entry in a drill's file may say beside kind, target, at and for.</summary>
    public EquatableArray<string> Keys { get; init; }

    public static IReadOnlyList<string> AllKeys { get; } = [.. All.SelectMany(form => form.Keys).Distinct()];

    /// <summary>It strikes what passes between the gateway and replicas.</summary>
    public bool Impairs => Subject == FaultSubject.Path;

    private static FaultForm Between(FaultKind kind, string word, string note, params string[] keys) =>
        new(kind, word, FaultSubject.Path, true, false, note) { Keys = [.. keys] };

    /// <summary>It is about the packets that a node's machine sends.</summary>
    public bool Links { get; private init; }

    private static FaultForm Link(FaultKind kind, string word, string note, params string[] keys) =>
        new(kind, word, FaultSubject.Node, true, false, note) { Links = true, Keys = ["to", .. keys] };

    private const string Daemon =
        "on one machine the daemon is leader, store and gateway: it gets SIGKILL, and is started again";

    public static FaultForm Of(FaultKind kind) => All.First(form => form.Kind == kind);
}
