using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

// The shapes of `GET /v1/watch`: first everything, then what has changed. Each list is sorted by its key, by code
// point, so that whoever applies the changes comes to the same text.

/// <summary>Everything that a watch follows, at one moment.</summary>
public sealed record ClusterView
{
    /// <summary>Of the store. Not the revision of the application.</summary>
    public required long StoreRevision { get; init; }
    public required HeadView Head { get; init; }
    public EquatableArray<ServiceView> Services { get; init; }
    public EquatableArray<NodeView> Nodes { get; init; }
    public EquatableArray<GatewayView> Gateways { get; init; }
    public EquatableArray<ReplicaView> Replicas { get; init; }

    public static ClusterView Of(ClusterState state, string cluster, StaleView? stale)
    {
        var status = Look.Status(state, cluster);
        return new ClusterView
        {
            StoreRevision = state.Revision,
            Head = new HeadView(cluster, status.Ready, status.Leader, status.Revision, status.Rollout, stale),
            Services = Delta.Sorted(status.Services, Delta.Key),
            Nodes = Delta.Sorted(status.Nodes, Delta.Key),
            Gateways = Delta.Sorted(status.Gateways, Delta.Key),
            Replicas = Delta.Sorted(Look.Replicas(state), Delta.Key),
        };
    }
}

/// <summary>See <see cref="StatusView"/>.</summary>
public sealed record HeadView(
    string Cluster, bool Ready, string? Leader, int Revision, RolloutView? Rollout, StaleView? Stale);

/// <summary>What has changed since the event before: of each list the entries that are new or differ, whole, and the
/// keys of those that are gone.</summary>
public sealed record DeltaView
{
    public required long StoreRevision { get; init; }

    /// <summary>Null: as it was.</summary>
    public HeadView? Head { get; init; }
    public EquatableArray<ServiceView> Services { get; init; }

    /// <summary>Names.</summary>
    public EquatableArray<string> ServicesGone { get; init; }
    public EquatableArray<NodeView> Nodes { get; init; }

    /// <summary>Names.</summary>
    public EquatableArray<string> NodesGone { get; init; }
    public EquatableArray<GatewayView> Gateways { get; init; }

    /// <summary>Each a name, a blank and an address.</summary>
    public EquatableArray<string> GatewaysGone { get; init; }
    public EquatableArray<ReplicaView> Replicas { get; init; }

    /// <summary>Names.</summary>
    public EquatableArray<string> ReplicasGone { get; init; }

    /// <summary>Entries, as a measure of what it costs to keep.</summary>
    public int Count() => (Head is null ? 0 : 1) + Services.Count + ServicesGone.Count + Nodes.Count + NodesGone.Count
                          + Gateways.Count + GatewaysGone.Count + Replicas.Count + ReplicasGone.Count;
}
