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

    public static readonly PlanningFacts None = new([], []);
}
