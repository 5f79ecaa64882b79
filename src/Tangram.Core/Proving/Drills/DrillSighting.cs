using Tangram.Model;
using Tangram.Observing;

namespace Tangram.Proving.Drills;

/// <summary>The cluster as its looks show it at one moment.</summary>
/// <param name="Answers">False: no daemon answered, and nothing else is known.</param>
/// <param name="Retries">Of all services, since the gateways' start; they count anew after one.</param>
public sealed record DrillSighting(
    bool Answers, bool Ready, EquatableArray<ReplicaView> Replicas, EquatableArray<NodeView> Nodes,
    EquatableArray<BackendTrafficView> Backends, long Retries, RolloutView? Rollout)
{
    public static readonly DrillSighting Nobody = new(false, false, [], [], [], 0, null);

    /// <summary>Of all routes, since the gateways' start; of these, those that the client got 5xx for.</summary>
    public long Requests { get; init; }
    public long Errors { get; init; }

    /// <summary>Of the servers the one that plans; null while none does.</summary>
    public string? Leader { get; init; }
    public EquatableArray<string> Gateways { get; init; }

    /// <summary>The store does not answer.</summary>
    public bool Stale { get; init; }

    /// <summary>Those on which something can be broken; empty on one machine, where the drill does it itself.</summary>
    public EquatableArray<DrilledMachine> Machines { get; init; }

    public static DrillSighting Of(StatusView status, IEnumerable<ReplicaView> replicas, RoutesView routes)
    {
        var services = routes.Gateways.SelectMany(gateway => gateway.Services).ToList();
        return new DrillSighting(true, status.Ready, replicas.ToEquatableArray(), status.Nodes,
            services.SelectMany(service => service.Backends).ToEquatableArray(),
            services.Sum(service => service.Retries), status.Rollout)
        {
            Requests = services.Sum(service => service.Requests), Errors = services.Sum(service => service.Errors),
            Leader = status.Leader, Stale = status.Stale is not null,
            Gateways = status.Gateways.Select(gateway => gateway.Gateway).Distinct().ToEquatableArray(),
        };
    }

    public ReplicaView? Replica(string name) => Replicas.FirstOrDefault(replica => replica.Replica == name);

    /// <summary>A gateway would send it a request.</summary>
    public bool Takes(string replica) => Backends.Any(b => b.Backend == replica && b.State is ("up" or "trial"));
}
