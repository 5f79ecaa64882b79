using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Proofs;

/// <summary>A drill of a proof.</summary>
/// <param name="Unfit">Why it would show nothing on this cluster; null: it is to be held.</param>
public sealed record ProofItem(DrillSpec Drill, DrillAim Aim, ulong Seed, string? Unfit)
{
    /// <summary>A start, and until all is whole after the last fault.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(2);

    /// <summary>About so long.</summary>
    public TimeSpan Takes => Drill.Steady + Drill.Load.Duration + Around;

    public string Promise => Drill.About == "" ? Aim.ToString() : $"{Drill.About}: {Aim}";

    /// <summary>Those that are wanted, the gentlest first.</summary>
    /// <param name="unasked">Why the load of a drill has nothing to ask for; null when it has.</param>
    public static IReadOnlyList<ProofItem> Of(IEnumerable<DrillSpec> drills, ProofWish wish, ClusterSpec spec,
        DrillSighting seen, Func<DrillSpec, string?> unasked) =>
    [
        .. drills.Where(drill => wish.Wants(drill.Name)).OrderBy(Harshness)
            .ThenBy(drill => drill.Name, StringComparer.Ordinal)
            .Select(drill => new ProofItem(drill, DrillAim.Of(drill, spec.Objectives), wish.SeedOf(drill.Name),
                WhyNot(drill, spec, seen) ?? unasked(drill))),
    ];

    /// <summary>The more of a cluster its worst fault strikes; what is left to chance comes last.</summary>
    private static int Harshness(DrillSpec drill) => drill.Random > 0 ? int.MaxValue
        : drill.Faults.Select(fault => Harshness(fault.Form)).DefaultIfEmpty(0).Max();

    private static int Harshness(FaultForm form) => (form.Subject, form.Kind) switch
    {
        (FaultSubject.Replica or FaultSubject.Path, _) => 1,
        (_, FaultKind.TrafficSpike) => 2,
        (FaultSubject.Service, _) => 3,
        (FaultSubject.Zone, _) when !form.Mends => 4,
        (FaultSubject.Node, _) => 5,
        (FaultSubject.Zone, _) => 6,
        (_, FaultKind.StoreLost) => 9,
        (_, FaultKind.GatewayLost or FaultKind.LeaderLost) => 8,
        _ => 7,
    };

    private static string? WhyNot(DrillSpec drill, ClusterSpec spec, DrillSighting seen)
    {
        if (DrillTargets.Problems(drill, seen, spec).FirstOrDefault() is { } problem) return problem.What;
        var struck = drill.Faults.Select(fault => fault.Form.Subject).ToHashSet();
        if (struck.Contains(FaultSubject.Zone) && Zones(seen.Nodes) < 2)
            return "the cluster has one zone, and nothing would be left (x-tangram.zones)";
        if (struck.Contains(FaultSubject.Node) && seen.Nodes.Count < 2)
            return "the cluster has one node, and nothing would be left (x-tangram.nodes_per_zone)";
        if (drill.Random == 0 && !struck.Any(s =>
            s is FaultSubject.Replica or FaultSubject.Path or FaultSubject.Node or FaultSubject.Zone)) return null;
        var services = seen.Replicas.Where(replica => replica.Ready && seen.Takes(replica.Replica))
            .GroupBy(replica => replica.Service).Select(replicas => replicas.Count()).ToList();
        return services.Count == 0 ? "no replica takes requests"
            : services.Max() < 2 ? "no service has a second replica that could take over (deploy.replicas)"
            : null;
    }

    private static int Zones(IEnumerable<NodeView> nodes) =>
        nodes.Select(node => node.Zone).OfType<string>().Distinct().Count();
}
