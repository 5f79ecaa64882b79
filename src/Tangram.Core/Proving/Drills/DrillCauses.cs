using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>What in the design let a drill break: what to mend first.</summary>
internal static class DrillCauses
{
    public static IEnumerable<string> Of(ClusterSpec cluster, IReadOnlyList<FaultTrace> faults)
    {
        var struck = faults.Where(f => f.StruckAt is not null).SelectMany(f => f.Target!.Replicas).ToList();
        foreach (var service in struck.Select(s => s.Service).Distinct())
        {
            var alone = struck.Where(s => s.Service == service && s.Others == 0).Select(s => s.Replica).Distinct();
            var spec = cluster.Services.FirstOrDefault(s => s.Name.Value == service);
            if (string.Join(", ", alone) is { Length: > 0 } names)
                yield return $"because {service} had no other ready replica when {names} was struck: ask for two " +
                    "replicas or more, in two zones (deploy.replicas, x-tangram.zones)";
            if (spec is { Probe: null, Healthcheck: null })
                yield return $"because {service} has no probe: nothing tells that it takes requests and cannot " +
                    "answer them (x-tangram.probe)";
        }
    }
}
