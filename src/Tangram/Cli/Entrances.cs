using System.Text.Json.Serialization;
using Tangram.Coordinating;
using Tangram.Coordinating.Link;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Observing.Doctoring;
using Tangram.Planning;
using Tangram.Planning.Composing;
using Tangram.Proving.Capacity;
using Tangram.Proving.Injecting;

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

    /// <summary>Lets drills break what runs on this machine.</summary>
    public Func<InjectorOptions, CancellationToken, Task<IRunningRole>> Injector { get; init; } =
        (_, _) => throw new InvalidOperationException("nothing is broken here");

    /// <summary>Offers a load, prints what came of it, and returns the exit code.</summary>
    public required Func<LoadRequest, Surroundings, CancellationToken, Task<int>> Load { get; init; }

    /// <summary>Makes one machine's part of a load, in the process that an injector starts for it.</summary>
    public Func<Surroundings, CancellationToken, Task<int>> LoadPart { get; init; } =
        (_, _) => throw new InvalidOperationException("no parts here");

    /// <summary>As Load, from a file that says what users do.</summary>
    public required Func<ScenarioRequest, Surroundings, CancellationToken, Task<int>> Scenario { get; init; }

    /// <summary>Whether the file is an access log, by what is in it.</summary>
    public Func<string, bool> IsAccessLog { get; init; } = _ => false;

    /// <summary>As Load, from an access log.</summary>
    public Func<ReplayRequest, Surroundings, CancellationToken, Task<int>> Replay { get; init; } =
        (_, _, _) => throw new InvalidOperationException("no logs here");

    /// <summary>Simulates, prints what came of it, and returns the exit code.</summary>
    public required Func<SimulateRequest, Surroundings, CancellationToken, Task<int>> Simulate { get; init; }

    /// <summary>Holds a drill on a running cluster, prints its verdict, and returns the exit code.</summary>
    public Func<DrillRequest, Surroundings, CancellationToken, Task<int>> Drill { get; init; } =
        (_, _, _) => throw new InvalidOperationException("no drills here");

    /// <summary>Holds every drill that shows something on a running cluster, prints a table, and returns the exit
    /// code.</summary>
    public Func<ProveRequest, Surroundings, CancellationToken, Task<int>> Prove { get; init; } =
        (_, _, _) => throw new InvalidOperationException("no proofs here");

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
/// <param name="Stages">As typed after <c>--profile</c>; null: Rate for Duration.</param>
/// <param name="Seed">Of arrivals at random times; null: they are evenly spaced.</param>
internal sealed record LoadRequest(
    Uri Url, double Rate, TimeSpan Duration, string Method, string? Body, EquatableArray<string> Headers,
    EquatableArray<string> Mix, EquatableArray<Uri> Also, TimeSpan? LostAfter, TimeSpan Timeout, int Connections,
    string? IdHeader, long MaxFailed, bool Json, string? CaFile = null)
{
    /// <summary>Instead of a load, look for the limit; null: no.</summary>
    [JsonIgnore]
    public LimitRequest? Limit { get; init; }

    /// <summary>Of a rate, as typed after <c>--profile</c>.</summary>
    public string? Stages { get; init; }
    public ulong? Seed { get; init; }
    public int? Users { get; init; }
    public TimeSpan Think { get; init; }
    public int? Threads { get; init; }

    /// <summary>HOST:PORT of each machine that makes a part; empty: this one makes all of it.</summary>
    [JsonIgnore]
    public EquatableArray<string> Injectors { get; init; }

    /// <summary>The folder of this machine's certificate, which must be a server's. Null: plain text, on loopback
    /// only.</summary>
    [JsonIgnore]
    public string? Tls { get; init; }

    /// <summary>Files to write when it is over, as typed; null: none.</summary>
    public string? Report { get; init; }
    public string? Hdr { get; init; }

    /// <summary>Instead of HTTP/1.1.</summary>
    public bool Http2 { get; init; }
}

/// <param name="File">Our own YAML, a JMeter test plan (.jmx) or a browser's recording (.har).</param>
/// <param name="Target">Instead of the host that the file names.</param>
/// <param name="Stages">Of a rate, as typed after <c>--profile</c>.</param>
/// <param name="Properties">As typed after <c>-J</c>: <c>name=value</c>.</param>
/// <param name="Static">Ask for pictures, styles and scripts of a recording too.</param>
internal sealed record ScenarioRequest(string File)
{
    public Uri? Target { get; init; }
    public int? Users { get; init; }
    public double? Rate { get; init; }
    public TimeSpan? Duration { get; init; }
    public string? Stages { get; init; }
    public ulong? Seed { get; init; }
    public TimeSpan? Timeout { get; init; }
    public int? Connections { get; init; }
    public string? CaFile { get; init; }

    /// <summary>Null: none when the file has no thresholds, any number otherwise.</summary>
    public long? MaxFailed { get; init; }
    public EquatableArray<string> Properties { get; init; }
    public bool IgnoreUnsupported { get; init; }
    public bool Static { get; init; }
    public bool Json { get; init; }

    /// <summary>Files to write when it is over, as typed; null: none.</summary>
    public string? Report { get; init; }
    public string? Hdr { get; init; }

    /// <summary>Instead of HTTP/1.1.</summary>
    public bool Http2 { get; init; }
}

/// <param name="File">An access log; "-": on standard input.</param>
/// <param name="Load">Whose URL says where its requests go; its rate and duration are not used.</param>
/// <param name="Most">Only what is due within so much time; null: all of it.</param>
/// <param name="Unsafe">Send those that change something too, without their bodies.</param>
internal sealed record ReplayRequest(string File, LoadRequest Load, double Speed, TimeSpan? Most, bool Unsafe);

/// <param name="Keep">Takes the result of a search that found the limit, and says what it did with it.</param>
internal sealed record LimitRequest(
    LimitOptions Options, Func<LimitResult, CancellationToken, Task<string>>? Keep = null);

/// <param name="Seed">The first one.</param>
/// <param name="Seeds">How many, one after the other.</param>
/// <param name="Nodes">Of a cluster that loses a zone; null: a small one with faults of every kind.</param>
internal sealed record SimulateRequest(ulong Seed, int Seeds, bool Json, int? Nodes = null);

/// <param name="Drill">A ready one's name, or a file. Null: list the ready ones.</param>
/// <param name="Print">Print it instead.</param>
/// <param name="Find">The cluster that is meant; asked last.</param>
/// <param name="Rate">In place of the drill's own; so is <paramref name="Url"/>.</param>
/// <param name="Regardless">Of the error budget.</param>
/// <param name="Holds">We are the process that holds a drill's faults on this cluster.</param>
internal sealed record DrillRequest(
    string? Drill, bool Print, Func<ClusterPlace> Find, ulong? Seed, double? Rate, Uri? Url, bool Json,
    Proving.Faults.FaultPlace? Holds = null, bool Regardless = false)
{
    /// <summary>We are the process that mends when the holder is killed.</summary>
    public bool Watches { get; init; }

    /// <summary>List what was held, of all drills or of this one.</summary>
    public bool History { get; init; }

    /// <summary>No fault may strike more.</summary>
    public BlastRadius AtMost { get; init; } = BlastRadius.Cluster;

    /// <summary>HOST:PORT of each; empty: the cluster is this machine's.</summary>
    public IReadOnlyList<string> Injectors { get; init; } = [];

    /// <summary>The folder of this machine's certificate, which must be a server's. Null: plain text, on loopback
    /// only.</summary>
    public string? Tls { get; init; }

    /// <summary>A page to write when it is over, as typed; null: none.</summary>
    public string? Report { get; init; }
}

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

/// <param name="Find">The cluster that is meant; asked last.</param>
/// <param name="Seed">Null: any.</param>
/// <param name="DryRun">Say what would be held, and hold nothing.</param>
internal sealed record ProveRequest(Func<ClusterPlace> Find, EquatableArray<string> Only,
    EquatableArray<string> Except, TimeSpan? Budget, ulong? Seed, bool KeepGoing, bool Regardless, bool DryRun,
    bool Json);
