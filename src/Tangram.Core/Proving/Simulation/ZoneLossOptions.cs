namespace Tangram.Proving.Simulation;

/// <summary>How large the cluster is that loses a zone.</summary>
public sealed record ZoneLossOptions
{
    public ulong Seed { get; init; } = 1;
    public int Nodes { get; init; } = 50;
    public int ReplicasPerNode { get; init; } = 20;

    /// <summary>Cores of each node; each replica reserves one. With three zones, 1.5 times
    /// <see cref="ReplicasPerNode"/> lets two carry everything.</summary>
    public int CoresPerNode { get; init; } = 32;

    /// <summary>For who measures: hooks into machines and effects. Its sizes are not used.</summary>
    public SimulatorOptions Hooks { get; init; } = new();

    /// <summary>How long each phase may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(120);

    public int Replicas => Nodes * ReplicasPerNode;

    /// <summary>Of up to 200 replicas each.</summary>
    public int Services => Math.Max(5, Replicas / 200);
}

/// <summary>What the cluster goes through, in this order.</summary>
public enum ZoneLossPhase
{
    /// <summary>Agents join and everything is started, from nothing.</summary>
    Starting,
    /// <summary>Nothing happens.</summary>
    Steady,
    /// <summary>A zone is without power and not all of its nodes have been declared dead.</summary>
    Detecting,
    /// <summary>They have, and not every replica is ready somewhere else.</summary>
    Replacing,
    /// <summary>All is whole, in two zones.</summary>
    Replaced,
    /// <summary>The zone has power again, and what was left there is cleared away.</summary>
    Returning,
    Done,
}

/// <summary>What one loss of a zone showed. A time is null when the patience ended before.</summary>
/// <param name="Started">From nothing until every replica was ready.</param>
/// <param name="DetectedFirst">From the loss of power until the first node was declared dead.</param>
/// <param name="Detected">Until all of its nodes were.</param>
/// <param name="Whole">Until every replica was ready in the other zones.</param>
/// <param name="Returned">From the return of power until nothing was left to do.</param>
/// <param name="FalselyDead">Nodes outside of the zone that were declared dead.</param>
/// <param name="Ready">Replicas that were ready when the phase of replacement ended.</param>
/// <param name="Said">What was announced about the cluster as a whole.</param>
/// <param name="Violations">Broken invariants; empty when all held.</param>
public sealed record ZoneLossResult(TimeSpan? Started, TimeSpan? DetectedFirst, TimeSpan? Detected, TimeSpan? Whole,
    TimeSpan? Returned, int Lost, int FalselyDead, int Ready, IReadOnlyList<string> Said,
    IReadOnlyList<string> Violations, TimeSpan Simulated, long Events);
