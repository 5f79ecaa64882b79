using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>What the API needs of the running cluster.</summary>
internal sealed record ClusterPort
{
    public required string Cluster { get; init; }
    public required IStore Store { get; init; }

    /// <summary>The newest snapshot.</summary>
    public required Func<ClusterState> State { get; init; }
    public required EventLog Events { get; init; }

    /// <summary>Calls a listener with each state from now on.</summary>
    public required Action<Action<ClusterState>> Listen { get; init; }

    /// <summary>Not null: the store does not answer, so the state is old.</summary>
    public Func<StaleView?> Stale { get; init; } = () => null;

    /// <summary>What the replicas on this machine use now; read when asked for.</summary>
    public Func<IReadOnlyDictionary<string, ReplicaReading>> Readings { get; init; } =
        () => new Dictionary<string, ReplicaReading>();

    /// <summary>What the gateways have counted; read when asked for.</summary>
    public Func<IReadOnlyList<GatewayTrafficView>> Traffic { get; init; } = () => [];

    /// <summary>The figures of the gateway in this process, in Prometheus' text format; null: there is none.</summary>
    public Func<string?> Metrics { get; init; } = () => null;
    /// <summary>What the gateway here says of a service, in sentences.</summary>
    public Func<string, IReadOnlyList<string>> Gateway { get; init; } = _ => [];

    /// <summary>Copies the files of a spec and fills in their hashes, or says why it cannot.</summary>
    public required Func<ClusterSpec, CancellationToken,
        Task<(ClusterSpec? Prepared, string? Error)>> Prepare { get; init; }

    /// <summary>Kills a node or a replica, for a time or for good. Null: done; else why not.</summary>
    public required Func<string, TimeSpan?, string?> Kill { get; init; }

    /// <summary>Brings a killed node back. Null: done; else why not.</summary>
    public required Func<string, string?> Revive { get; init; }

    /// <summary>Leads connections to a replica by way of a port of this machine, for a time; zero ends it. Null: done;
    /// else why not.</summary>
    public Func<ReplicaName, int, TimeSpan, string?> Detour { get; init; } =
        (_, _, _) => "only the gateway of `tangram up` can be led by way of another port for practice";

    /// <summary>Shows new connections by https a certificate that has ended, for a time; zero ends it. Null: done; else
    /// why not.</summary>
    public Func<TimeSpan, string?> Expire { get; init; } =
        _ => "only the gateway of `tangram up` can show a certificate that has ended for practice";

    /// <summary>Stops the cluster in order; returns at once.</summary>
    public required Action Down { get; init; }

    /// <summary>Ends this daemon; the replicas go on, and the next daemon takes over. Returns at once.</summary>
    public required Action Leave { get; init; }

    /// <summary>A spec with the hashes of its files, which are not copied; or why they cannot be read.</summary>
    public required Func<ClusterSpec, (ClusterSpec? Hashed, string? Error)> Hash { get; init; }

    /// <summary>Why no node takes one more replica of a service; empty when one does.</summary>
    public Func<string, IReadOnlyList<string>> Refusals { get; init; } = _ => [];
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
