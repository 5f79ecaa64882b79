using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Planning.Designing;

/// <summary>A service with what its design comes to on the nodes that the file names.</summary>
internal sealed class ServiceDesign
{
    /// <param name="nodes">Those that the file names; null when they are too many to look at.</param>
    public ServiceDesign(
        ServiceDraft draft, ClusterSpec cluster, IReadOnlyList<(NodeName Node, ZoneName Zone)>? nodes)
    {
        Draft = draft;
        var unmet = Spec.Deploy.Placement.Constraints.Count > 0;
        var allowed = unmet ? nodes?.Where(n => Placer.Satisfies(Spec, n.Node, n.Zone, [])).ToList() : null;
        // Labels are not known before the agents are: then a constraint tells nothing.
        if (unmet && Spec.Deploy.Placement.Constraints.Any(c =>
            c.Attribute is not ("node.zone" or "node.hostname" or "node.id" or "node.labels.zone"))) allowed = null;
        Nodes = allowed?.Count ?? cluster.Zones.Count * cluster.NodesPerZone;
        Zones = allowed?.Select(n => n.Zone).Distinct().Count() ?? cluster.Zones.Count;
        Replicas = Spec.Deploy.Mode == DeployMode.Global ? Nodes : Spec.Deploy.Replicas;
        AllZones = cluster.Zones.Count;
        if (Spec.Deploy.Placement.Strategy == PlacementStrategy.Binpack && Most == 0)
            (Nodes, Zones, Packed) = (1, 1, true);
    }

    public ServiceDraft Draft { get; }
    public ServiceSpec Spec => Draft.Spec;
    public ServiceName Name => Draft.Name;
    public int Replicas { get; }

    /// <summary>Nodes on which it may run; without a limit, binpack fills one.</summary>
    public int Nodes { get; }

    /// <summary>Zones in which it may run.</summary>
    public int Zones { get; }
    public int AllZones { get; }
    public bool Packed { get; }

    /// <summary>Replicas that one node may have; 0: any number.</summary>
    public int Most => Spec.Deploy.Placement.MaxReplicasPerNode;

    /// <summary>It takes requests, and there shall be several of it.</summary>
    public bool Serves => Spec is { Serves: true, Singleton: false };

    /// <summary>Replicas that are left when the zone with most of them is lost.</summary>
    public int LeftWithoutAZone => Replicas - (Replicas + Math.Max(1, Zones) - 1) / Math.Max(1, Zones);

    /// <summary>A move ends the old ones before the new ones serve.</summary>
    public bool StopsAllAtOnce => Spec.Deploy.Update is { Order: UpdateOrder.StopFirst, Parallelism: var batch }
        && (batch == 0 || batch >= Replicas);
}
