using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Bench;

/// <summary>Checks a placement from the definitions alone: it shares no code with the planner and is as slow as it
/// likes.</summary>
internal static class PlacementValidator
{
    public static List<string> Check(ClusterState state, IEnumerable<(NodeName Node, ServiceName Service)> placed)
    {
        var spec = state.Spec(1)!;
        var wrong = new List<string>();
        var replicas = placed.ToList();
        var byNode = replicas.ToLookup(r => r.Node, r => r.Service);
        foreach (var node in byNode)
        {
            if (state.Nodes[node.Key] is not { Dead: null, Seen.Value: { } seen })
            {
                wrong.Add($"{node.Key} is dead and has replicas");
                continue;
            }
            var services = node.Select(s => spec.Services.Single(x => x.Name == s)).ToList();
            if (services.Sum(s => s.Deploy.Resources.Reservations.Cpus) > seen.Capacity.Cpus + 1e-6)
                wrong.Add($"{node.Key}: CPU");
            if (services.Sum(s => s.Deploy.Resources.Reservations.Memory) > seen.Capacity.Memory)
                wrong.Add($"{node.Key}: memory");
            var ports =
                services.SelectMany(s => s.Ports).Where(p => p.Mode == PortMode.Host).Select(p => p.Published).ToList();
            if (ports.Distinct().Count() != ports.Count) wrong.Add($"{node.Key}: a host port twice");
            foreach (var service in services.DistinctBy(s => s.Name))
            {
                var most = service.Deploy.Placement.MaxReplicasPerNode;
                if (most > 0 && services.Count(s => s.Name == service.Name) > most)
                    wrong.Add($"{node.Key}: {service.Name} over {most}");
                foreach (var c in service.Deploy.Placement.Constraints)
                    if (seen.Labels.Any(l => c.Attribute == "node.labels." + l.Name && l.Value == c.Value) != c.Equal)
                        wrong.Add($"{node.Key}: {service.Name} against {c}");
            }
        }
        foreach (var service in spec.Services) CheckSpread(state, service, replicas, wrong);
        return wrong;
    }

    /// <summary>There is room for all in this scenario, so zones may differ by one replica at most.</summary>
    private static void CheckSpread(ClusterState state, ServiceSpec service,
        List<(NodeName Node, ServiceName Service)> replicas, List<string> wrong)
    {
        var mine = replicas.Where(r => r.Service == service.Name).ToList();
        if (mine.Count != service.Deploy.Replicas)
            wrong.Add($"{service.Name}: {mine.Count} of {service.Deploy.Replicas}");
        var zones = state.Nodes.Values.Where(n => n.Seen is not null).Select(n => n.Seen!.Value.Zone).Distinct()
            .Select(z => mine.Count(r => state.Nodes[r.Node].Seen?.Value.Zone == z)).ToList();
        if (zones.Max() - zones.Min() > 1) wrong.Add($"{service.Name}: zones hold {string.Join(", ", zones)}");
    }
}
