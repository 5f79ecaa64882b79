using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>How bad the simulated world is. Probabilities are per message or call, or per second for faults.</summary>
public sealed record SimulatorOptions
{
    public int Servers { get; init; } = 3;
    public int Zones { get; init; } = 3;
    public int NodesPerZone { get; init; } = 2;
    public int Gateways { get; init; } = 2;

    /// <summary>All nodes, dealt out to the zones in turn; null: <see cref="NodesPerZone"/> in each.</summary>
    public int? Nodes { get; init; }

    /// <summary>What each node offers.</summary>
    public Resources Capacity { get; init; } = new();

    /// <summary>As a large cluster has to be run: pumps pass over all states but the newest, agents are told what
    /// <see cref="AgentNews"/> says they need, and no requests are simulated.</summary>
    public bool Sparing { get; init; }

    /// <summary>The application has jobs too, and one of them a schedule.</summary>
    public bool Jobs { get; init; } = true;

    /// <summary>How long faults and commands go on before the world heals.</summary>
    public TimeSpan Trouble { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long a healed cluster may take to converge.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(240);

    public double FaultsPerSecond { get; init; } = 0.4;
    public double CommandsPerSecond { get; init; } = 0.08;
    public double MessageLoss { get; init; } = 0.02;
    public double StoreRefuses { get; init; } = 0.01;
    public double StoreAnswerLost { get; init; } = 0.02;

    /// <summary>Puts a bug in: sees every effect before it is carried out, and may change it or drop it (null). For
    /// tests that show that the invariants notice.</summary>
    public Func<string, Effect, Effect?>? OnEffect { get; init; }

    /// <summary>The same for events before a machine gets them.</summary>
    public Func<string, Event, Event?>? OnEvent { get; init; }

    /// <summary>Told the virtual time after everything that happens.</summary>
    public Action<Instant>? Clock { get; init; }

    /// <summary>Runs a machine's turn, which is the action; for who measures it.</summary>
    public Action<string, Event, Action>? Around { get; init; }

    /// <summary>The same for the store's answers to transactions, people's among them.</summary>
    public Func<string, TxnAnswer, TxnAnswer>? OnAnswer { get; init; }

    /// <summary>Whether a restarted agent takes a surviving replica over.</summary>
    public Func<Survivor, bool>? Adopts { get; init; }
}

/// <summary>What one seed showed.</summary>
/// <param name="Violations">Broken invariants, with the virtual time; empty when all held.</param>
/// <param name="Trace">The announced steps and the faults, newest last, bounded.</param>
public sealed record SimulationResult(ulong Seed, IReadOnlyList<string> Violations, IReadOnlyList<string> Trace,
    long Events, TimeSpan Simulated, TimeSpan ConvergedAfter, int Commands, int Faults, int Moves,
    int JobRuns)
{
    public bool Held => Violations.Count == 0;
}
