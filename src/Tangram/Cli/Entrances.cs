using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Observing.Doctoring;
using Tangram.Planning;
using Tangram.Planning.Composing;

namespace Tangram.Cli;

/// <summary>The doors from the command line into the rest of the house; Program.cs connects them.</summary>
internal sealed record Entrances
{
    /// <summary>Reads Compose files. The spec is null when there are errors.</summary>
    public required Func<ComposeRequest, ComposeAnswer> ReadFiles { get; init; }

    /// <summary>Starts the cluster in this process; returns once it answers, before it is ready.</summary>
    public required Func<UpRequest, CancellationToken, Task<RunningCluster>> Up { get; init; }

    /// <summary>What a spec comes to when no cluster runs, as text, or as JSON when true.</summary>
    public required Func<ClusterSpec, bool, string> PlanAlone { get; init; }

    /// <summary>Starts a role of a cluster on several machines in this process.</summary>
    public required Func<ServerOptions, CancellationToken, Task<IRunningRole>> Server { get; init; }
    public required Func<AgentOptions, CancellationToken, Task<IRunningRole>> Agent { get; init; }
    public required Func<GatewayRoleOptions, CancellationToken, Task<IRunningRole>> Gateway { get; init; }

    /// <summary>Offers a load, prints what came of it, and returns the exit code.</summary>
    public required Func<LoadRequest, Surroundings, CancellationToken, Task<int>> Load { get; init; }

    /// <summary>Simulates, prints what came of it, and returns the exit code.</summary>
    public required Func<SimulateRequest, Surroundings, CancellationToken, Task<int>> Simulate { get; init; }

    /// <summary>Makes, issues and shows certificates, prints what came of it, and returns the exit code.</summary>
    public required Func<TrustRequest, Surroundings, int> Trust { get; init; }

    /// <summary>Stops the replicas that a killed daemon left, given the cluster's state folder; returns what it
    /// did.</summary>
    public required Func<string, CancellationToken, Task<string>> DownWithoutDaemon { get; init; }

    /// <summary>What there is to know of this machine, and of what a file needs of it.</summary>
    public required Func<ClusterSpec?, Surroundings, MachineFacts> ReadMachine { get; init; }

    /// <summary>Changes one setting of the running kernel.</summary>
    public required Func<KernelSetting, SettingOutcome> SetKernel { get; init; }
    /// <summary>The named volumes on this machine of a cluster that has ended, by its state folder; with true they are
    /// removed.</summary>
    public Func<string, bool, CancellationToken, Task<IReadOnlyList<string>>> Volumes { get; init; } =
        (_, _, _) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>The lines of one replica's log.</summary>
    public required Func<LogRequest, CancellationToken, IAsyncEnumerable<string>> ReadLog { get; init; }
}

/// <param name="Replaces">A daemon of this cluster may still be on its way out: wait for it.</param>
internal sealed record UpRequest(ClusterSpec Spec, string StateRoot, bool Replaces = false);

/// <summary>A cluster that runs in this process.</summary>
internal sealed record RunningCluster
{
    public required Func<StatusView> Status { get; init; }
    public required EventLog Events { get; init; }

    /// <summary>Drains and stops everything; done when it has ended.</summary>
    public required Func<Task> StopInOrder { get; init; }

    /// <summary>Kills what still runs and returns.</summary>
    public required Action StopAtOnce { get; init; }

    /// <summary>Completes with the last word when the cluster ended, by StopInOrder or by `down`, or when this daemon
    /// left it; fails when it broke.</summary>
    public required Task<string> Ended { get; init; }
}

/// <param name="Folder">The cluster's folder of logs, one REPLICA.log each.</param>
/// <param name="Tail">Only so many of the last lines. Null: all that is kept.</param>
/// <param name="Since">Only what was written after it, to the second. Null: all that is kept.</param>
internal sealed record LogRequest(
    string Folder, ReplicaName Replica, int? Tail, bool Follow, DateTimeOffset? Since = null);

/// <param name="Mix">As typed after <c>--mix</c>; empty: only Method on Url.</param>
/// <param name="Headers">As typed: <c>Name: value</c>.</param>
internal sealed record LoadRequest(
    Uri Url, double Rate, TimeSpan Duration, string Method, string? Body, EquatableArray<string> Headers,
    EquatableArray<string> Mix, EquatableArray<Uri> Also, TimeSpan? LostAfter, TimeSpan Timeout, int Connections,
    string? IdHeader, long MaxFailed, bool Json, string? CaFile = null)
{
    public int? Users { get; init; }
    public TimeSpan Think { get; init; }
    public int? Threads { get; init; }
}

/// <param name="Seed">The first one.</param>
/// <param name="Seeds">How many, one after the other.</param>
/// <param name="Nodes">Of a cluster that loses a zone; null: a small one with faults of every kind.</param>
internal sealed record SimulateRequest(ulong Seed, int Seeds, bool Json, int? Nodes = null);

/// <summary>What `tangram ca` is asked for. Paths are absolute.</summary>
internal abstract record TrustRequest
{
    private TrustRequest() { }

    public sealed record Init(string Cluster, string Folder) : TrustRequest;

    public sealed record Issue(
        PeerRole Role, NodeName Name, EquatableArray<string> Hosts, string AuthorityFolder, string Folder,
        int Days) : TrustRequest;

    /// <param name="Path">A certificate's file, or a folder of such.</param>
    public sealed record Show(string Path, bool Json) : TrustRequest;
}
