using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>What only time tells, measured by the leader in its own memory and handed to the planner as
/// facts.</summary>
/// <param name="GraceOver">Draining replicas whose grace period has ended: what is in flight there will be cut.</param>
/// <param name="Paced">Services whose <c>update_config.delay</c> since the last batch has not yet passed.</param>
/// <param name="GatewayAway">A gateway has lost its lease a moment ago. It may live and still send requests, and nobody
/// knows what it has in flight: a drain then waits for the grace period.</param>
/// <param name="Wall">The wall clock of this server, for people and for schedules; null while it is not known.</param>
public sealed record PlanningFacts(ImmutableHashSet<ReplicaName> GraceOver, ImmutableHashSet<ServiceName> Paced,
    bool GatewayAway = false, DateTimeOffset? Wall = null)
{
    /// <summary>Occurrences of schedules that are due by <see cref="Wall"/>.</summary>
    public ImmutableList<Due> Due { get; init; } = [];

    /// <summary>No node has come, gone or been suspected for a while and no rollout runs: replicas may move for a
    /// better spread.</summary>
    public bool Calm { get; init; }

    /// <summary>Replicas that have not become ready in time where they were to relieve another.</summary>
    public ImmutableHashSet<ReplicaName> Overdue { get; init; } = [];

    /// <summary>Services of which such a replica was given up a while ago: they stay as they are for now.</summary>
    public ImmutableHashSet<ServiceName> Resting { get; init; } = [];

    /// <summary>Nodes that came back or joined while somebody looked; for people.</summary>
    public ImmutableHashSet<NodeName> Back { get; init; } = [];

    public static readonly PlanningFacts None = new([], []);
}
