using Tangram.Model;

namespace Tangram.Planning.Designing;

/// <summary>Who writes into the same folder, and whose folder stays behind.</summary>
internal sealed class VolumeChecks(IReadOnlyList<ServiceDesign> services, ClusterSpec cluster, AddFinding add)
{
    public void Run()
    {
        var users = services.SelectMany(service => service.Spec.Volumes
                .Select(volume => (volume.Kind, volume.Source)).Distinct().Select(volume => (volume, service)))
            .ToLookup(use => use.volume, use => use.service);
        foreach (var service in services)
            foreach (var volume in service.Spec.Volumes.DistinctBy(v => (v.Kind, v.Source)))
            {
                Writers(service, volume, users[(volume.Kind, volume.Source)]);
                Stays(service, volume);
            }
    }

    private void Writers(ServiceDesign service, VolumeSpec volume, IEnumerable<ServiceDesign> users)
    {
        var name = Quoted.Of(volume.Name);
        var together = Together(service, volume.Kind);
        // Told of the first, with some of the others.
        if (users.First() == service
            && users.Skip(1).Take(5).Select(user => user.Name).ToList() is { Count: > 0 } others)
            add("two-writers", service, service.Draft.Place,
                $"{string.Join(", ", others)} writes into the volume {name} too", Harm,
                "give each a volume of its own, and let one ask the other for what it needs");
        if (together > 1)
            add("two-writers", service, service.Draft.Place,
                $"up to {together} replicas on one node write into the volume {name}", Harm, volume.Kind ==
                    VolumeKind.Named ? "write deploy.placement.max_replicas_per_node: 1, or replicas: 1"
                    : "write replicas: 1, or a named volume and max_replicas_per_node: 1");
        else if (!service.Spec.Singleton && service.Spec.Deploy.Update.Order == UpdateOrder.StartFirst
            && service.Replicas == 1)
            add("two-writers", service, service.Draft.Place,
                $"during each move the old replica and the new one write into the volume {name}", Harm,
                "write x-tangram.singleton: true, or update_config.order: stop-first");
    }

    private const string Harm = "what one writes the other may destroy, unless the program is made for it";

    /// <summary>How many may meet in one folder. A named volume is a folder of each node; a bind is one of the machine,
    /// which all virtual nodes share.</summary>
    private static int Together(ServiceDesign service, VolumeKind kind)
    {
        if (kind == VolumeKind.Bind) return service.Replicas;
        if (service.Spec.Deploy.Mode == DeployMode.Global) return 1;
        return service.Most > 0 ? Math.Min(service.Most, service.Replicas) : service.Replicas;
    }

    private void Stays(ServiceDesign service, VolumeSpec volume)
    {
        var nodes = cluster.Zones.Count * cluster.NodesPerZone;
        if (volume.Kind != VolumeKind.Named || service.Spec.Deploy.Mode == DeployMode.Global || nodes == 1
            || service.Spec.Deploy.Placement.Constraints.Count > 0) return;
        add("volume-stays", service, service.Draft.Place,
            $"the volume {Quoted.Of(volume.Name)} is a folder of each of {nodes} nodes, and a replica may move",
            "on another node it finds that node's folder, at first an empty one",
            "pin it with deploy.placement.constraints, or write deploy.mode: global, or keep the data in a database");
    }
}
