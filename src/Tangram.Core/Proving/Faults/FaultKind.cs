namespace Tangram.Proving.Faults;

public enum FaultKind
{
    ReplicaKilled, ReplicaPaused, ReplicaSlow, ReplicaHandles, NodeLost, ZoneLost, ZoneSlow, LeaderLost, StoreLost,
    GatewayLost, CpuPressure, MemoryPressure, TrafficSpike, BadDeploy,
    LinkDelay, LinkReorder, LinkLoss, LinkDuplicate, LinkCorrupt, LinkBandwidth, LinkCut,
    ReplicaMemory, DiskFull, DiskPressure,
}

/// <summary>What a fault strikes.</summary>
public enum FaultSubject { Nothing, Replica, Node, Zone, Service }
