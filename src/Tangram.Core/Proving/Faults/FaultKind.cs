namespace Tangram.Proving.Faults;

public enum FaultKind
{
    ReplicaKilled, ReplicaPaused, ReplicaSlow, ReplicaHandles, NodeLost, ZoneLost, ZoneSlow, LeaderLost, StoreLost,
    GatewayLost, CpuPressure, MemoryPressure, TrafficSpike, BadDeploy,
    NetworkDelay, NetworkLoss, NetworkBandwidth, NetworkCorrupt, NetworkCut, NetworkReset, AnswerSlow, AnswerWrong,
    AnswerHalf,
    LinkDelay, LinkReorder, LinkLoss, LinkDuplicate, LinkCorrupt, LinkBandwidth, LinkCut,
    ReplicaMemory, DiskFull, DiskPressure, StoreSlow, NodePaused, ClockOff, DiskSlow, CertificateExpired,
}

/// <summary>What a fault strikes.</summary>
public enum FaultSubject
{
    Nothing, Replica, Node, Zone, Service,
    /// <summary>What lies between the gateway and a replica, or all replicas of a zone.</summary>
    Path,
}
