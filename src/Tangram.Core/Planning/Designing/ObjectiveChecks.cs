using Tangram.Model;

namespace Tangram.Planning.Designing;

/// <summary>Objectives that this design cannot reach, however well it is run.</summary>
internal sealed class ObjectiveChecks(
    IReadOnlyList<ServiceDesign> services, ObjectivesSpec objectives, DesignPlaces places, AddFinding add)
{
    private readonly Dictionary<ServiceName, ServiceDesign> _byName = services.ToDictionary(s => s.Name);

    /// <summary>Of each service that takes requests, with all that it cannot run without; told of the one that costs
    /// most.</summary>
    public void Availability()
    {
        if (objectives.Availability is not { } objective) return;
        var told = new HashSet<ServiceName>();
        var down = services.ToDictionary(s => s.Name, Reliability.DownInAYear);
        foreach (var service in services.Where(s => s.Spec.Serves))
        {
            var chain = Needed(service);
            var share = chain.Aggregate(1.0, (all, s) => all * Math.Max(0, 1 - down[s.Name] / Reliability.Year));
            if (share >= objective) continue;
            var worst = chain.MaxBy(s => down[s.Name])!;
            if (told.Add(worst.Name)) Miss(worst, down[worst.Name], share, objective);
        }
    }

    private void Miss(ServiceDesign worst, TimeSpan down, double share, double objective)
    {
        var (cause, _) = Reliability.Parts(worst)[0];
        var allowed = Words.Of(Reliability.Year * (1 - objective));
        var (because, remedy) = cause switch
        {
            Cause.Zone => ($"all of it is in one zone, lost once a year for {Words.Of(Reliability.ZoneBack)}",
                worst.AllZones > 1 ? "let it run in two zones or more" : "name two or more under x-tangram.zones"),
            Cause.Machine when worst.Nodes == 1 => ("all of it is on one node, lost twice a year",
                "let it run on two nodes or more"),
            Cause.Deploy => ("52 deploys a year stop all of it first, for as long as a start takes",
                worst.Spec.Singleton ? Singly : "write update_config.order: start-first"),
            _ => ($"its one replica is away for {Words.Of(Reliability.Start(worst.Spec))} at each start",
                worst.Spec.Singleton ? Singly : "write deploy.replicas: 3"),
        };
        add(worst.Spec.Singleton ? "singleton" : "availability", worst, places.Availability,
            $"{Words.Of(share)} is the best that this design can reach, and {Words.Of(objective)} is asked: " +
            $"{Words.Of(down)} of outage a year, and {allowed} are allowed", because, remedy);
    }

    /// <summary>Only what may be away as a whole has an outage: the others are routed around.</summary>
    public void RecoveryTime()
    {
        if (objectives.RecoveryTime is not { } objective) return;
        foreach (var service in services.Where(s => s.Spec.Serves || s.Spec.Singleton))
        {
            if (service is { Replicas: > 1, Nodes: > 1, Zones: > 1 } or { AllZones: 1, Replicas: > 1, Nodes: > 1 })
                continue;
            var bound = service.Nodes == 1 || (service.Zones == 1 && service.AllZones > 1);
            var worst = bound ? Reliability.ZoneBack
                : Reliability.DetectedAtWorst + Reliability.Start(service.Spec);
            if (worst <= objective) continue;
            add(service.Spec.Singleton ? "singleton" : "recovery-time", service, places.RecoveryTime,
                $"a lost machine or zone takes it away for up to {Words.Of(worst)}, and recovery_time is " +
                Words.Of(objective),
                bound ? "it may run nowhere else, and waits until that is back"
                    : $"a loss is noticed within {Words.Of(Reliability.DetectedAtWorst)}, and a start takes " +
                      Words.Of(Reliability.Start(service.Spec)),
                bound ? "let it run in two zones or more" : service.Spec.Singleton ? Singly
                    : "write deploy.replicas: 2 or more, which are routed around");
        }
    }

    /// <summary>Backups are not made yet, so what only one machine has is lost with it.</summary>
    public void RecoveryPoint()
    {
        if (objectives.RecoveryPoint is not { } objective) return;
        foreach (var service in services.Where(s => s.Spec.Volumes.Count > 0))
            add("recovery-point", service, places.RecoveryPoint,
                $"recovery_point is {Words.Of(objective)}, and nothing copies its volumes",
                "with a machine all that was written there is lost",
                "copy them by a service of your own, or keep the data in a database that has replicas");
    }

    private const string Singly =
        "make it start faster, ask less, or let several run and elect one among them, without x-tangram.singleton";

    /// <summary>Enough to tell that an objective is missed, and an end to what a long chain in a large file
    /// costs.</summary>
    private const int LongestChain = 500;

    /// <summary>Itself, and all that it depends on; a dependency that it can do without does not count.</summary>
    private List<ServiceDesign> Needed(ServiceDesign service)
    {
        var chain = new List<ServiceDesign> { service };
        var known = new HashSet<ServiceName> { service.Name };
        for (var at = 0; at < chain.Count && chain.Count < LongestChain; at++)
            foreach (var dependency in chain[at].Spec.DependsOn)
                if (dependency is { Required: true, Condition: not DependencyCondition.CompletedSuccessfully }
                    && _byName.TryGetValue(dependency.Service, out var needed) && known.Add(needed.Name))
                    chain.Add(needed);
        return chain;
    }
}
