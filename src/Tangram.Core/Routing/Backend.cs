using Tangram.Model;

namespace Tangram.Routing;

/// <summary>A replica that requests can be sent to. <see cref="Starts"/> tells a new process on the same port from the
/// old one; a new process starts with clean counters.</summary>
public sealed record Backend
{
    public required ReplicaName Replica { get; init; }
    public required ServiceName Service { get; init; }
    public required NodeName Node { get; init; }
    public ZoneName? Zone { get; init; }
    public required int Revision { get; init; }
    public required string Host { get; init; }
    public required int Port { get; init; }
    public required int Starts { get; init; }
    public Intent Intent { get; init; }

    /// <summary>What it is good for, in any unit that its service's backends share.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>What people asked for; in any mode but the normal one it is no candidate.</summary>
    public BackendMode Mode { get; init; }
    public required BackendCounters Counters { get; init; }
    public required Tally Tally { get; init; }

    /// <summary>Null: it speaks without.</summary>
    public BackendTlsSpec? Tls { get; init; }

    /// <summary>Built once, because every request needs it.</summary>
    public string Url => field ??= $"{(Tls is null ? "http" : "https")}://{Authority}";
    public string Authority => field ??= $"{Host}:{Port}";
}
