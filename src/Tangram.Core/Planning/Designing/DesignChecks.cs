using Tangram.Model;

namespace Tangram.Planning.Designing;

/// <summary>Looks over a sound file for what is weak in its design.</summary>
internal sealed class DesignChecks
{
    private readonly List<DesignFinding> _found = [];
    private readonly List<ServiceDesign> _services;
    private readonly ClusterSpec _cluster;
    private readonly DesignPlaces _places;

    private DesignChecks(IReadOnlyList<ServiceDraft> drafts, ClusterSpec cluster, DesignPlaces places) =>
        (_services, _cluster, _places) = (Designs(drafts, cluster), cluster, places);

    /// <summary>Nodes times services with constraints; more would take seconds.</summary>
    private const long MostLooks = 10_000_000;

    private static List<ServiceDesign> Designs(IReadOnlyList<ServiceDraft> drafts, ClusterSpec cluster)
    {
        var constrained = drafts.Count(d => d.Spec.Deploy.Placement.Constraints.Count > 0);
        var looks = (long)constrained * cluster.Zones.Count * cluster.NodesPerZone;
        var nodes = looks is > 0 and <= MostLooks ? cluster.VirtualNodes().ToList() : null;
        return [.. drafts.Select(d => new ServiceDesign(d, cluster, nodes))];
    }

    /// <summary>Those that are true of the same several services are one finding. What misses an objective comes
    /// first, then in the file's order.</summary>
    public static EquatableArray<DesignFinding> Of(
        IReadOnlyList<ServiceDraft> drafts, ClusterSpec cluster, DesignPlaces places)
    {
        var checks = new DesignChecks(drafts, cluster, places);
        checks.Objectives();
        checks.Zones();
        foreach (var service in checks._services)
        {
            checks.Replicas(service);
            checks.Readiness(service);
            checks.Updates(service);
        }
        new VolumeChecks(checks._services, checks._cluster, checks.Add).Run();
        foreach (var service in checks._services) checks.Habits(service);
        return checks._found.GroupBy(f => (f.Check, f.What, f.Why, f.Remedy))
            .Select(same => same.First() with
            {
                Services = same.SelectMany(f => f.Services).Distinct().ToEquatableArray(),
            }).ToEquatableArray();
    }

    private void Objectives()
    {
        var checks = new ObjectiveChecks(_services, _cluster.Objectives, _places, Add);
        checks.Availability();
        checks.RecoveryTime();
        checks.RecoveryPoint();
    }

    private void Zones()
    {
        if (_cluster.Zones.Count > 1) return;
        _found.Add(new DesignFinding("one-zone", _places.Zones, [],
            $"there is one zone; lost once a year for {Words.Of(Reliability.ZoneBack)}, it leaves at best " +
            Words.Of(1 - Reliability.ZoneBack / Reliability.Year),
            "the whole cluster is lost with it", "name two or more under x-tangram.zones, such as [a, b, c]"));
    }

    private void Replicas(ServiceDesign service)
    {
        if (!service.Serves || (service.Spec.Deploy.Mode == DeployMode.Global && service.Replicas > 1)) return;
        var draft = service.Draft;
        var back = Words.Of(Reliability.Detected + Reliability.Start(service.Spec));
        if (service.Replicas < 2)
            Add("one-replica", service, draft.ReplicasPlace, service.Replicas == 0 ? "no replica takes requests"
                    : $"one replica takes all requests, and without it there is none for {back} or more",
                "every crash and every lost machine is an outage",
                "write deploy.replicas: 3 or more, so that one can be lost while another is replaced");
        else if (service is { AllZones: > 1, Zones: 1 })
            Add("same-zone", service, draft.MaxPerNodePlace, service.Packed
                    ? $"binpack puts all {service.Replicas} replicas on one node of {service.AllZones} zones"
                    : $"its constraints put all {service.Replicas} replicas into one of {service.AllZones} zones",
                $"with that zone every replica is lost, for {Words.Of(Reliability.ZoneBack)} if they may run nowhere " +
                "else", service.Packed ? "delete x-tangram.placement, or write max_replicas_per_node: 1"
                    : "let deploy.placement.constraints leave two zones or more");
        else if (service.AllZones > 1 && service.LeftWithoutAZone < 2)
            Add("few-replicas", service, draft.ReplicasPlace,
                $"{service.Replicas} replicas in {service.Zones} zones: without one zone {service.LeftWithoutAZone} " +
                $"is left for {back} or more",
                "it takes all of the load, and a second fault meanwhile is an outage",
                $"write deploy.replicas: {Enough(service.Zones)}" +
                (service.AllZones < 3 ? ", or name three zones" : ""));
        if (service.Most > 0 && service.Most * service.Nodes < service.Replicas)
            Add("max-per-node", service, draft.MaxPerNodePlace,
                $"{service.Nodes} nodes take {service.Most} each, which is {service.Most * service.Nodes} of " +
                $"{service.Replicas} replicas", "the others never run, and a rollout waits for them",
                "raise max_replicas_per_node, lower replicas, or add nodes");
    }

    /// <summary>The fewest of which two are left without a zone.</summary>
    private static int Enough(int zones) => zones >= 3 ? 3 : 4;

    private void Readiness(ServiceDesign service)
    {
        var spec = service.Spec;
        if (spec.Serves && !service.Draft.Checked)
            Add("no-probe", service, service.Draft.TangramPlace, "nothing tells when a replica can answer",
                "it gets requests before it can answer them, and a broken version is taken for a good one",
                "write x-tangram.probe: http:/PATH, or tcp");
        if (_cluster.Objectives.RecoveryTime is { } objective && spec.Healthcheck is { Disabled: false } health
            && Reliability.Unnoticed(health) > objective)
            Add("slow-healthcheck", service, service.Draft.Place,
                $"a replica that hangs is noticed after up to {Words.Of(Reliability.Unnoticed(health))}, and " +
                $"recovery_time is {Words.Of(objective)}", "so long it is sent requests that it does not answer",
                "lower healthcheck.interval, timeout or retries");
        if (spec.Serves && spec.Deploy.Restart.Condition == RestartCondition.None)
            Add("no-restart", service, service.Draft.Place, "a replica that ends is not started again",
                "after a while none is left, though every machine is well", "delete restart_policy.condition: none");
    }

    private void Updates(ServiceDesign service)
    {
        var update = service.Spec.Deploy.Update;
        if (!service.Serves) return;
        var place = service.Draft.Place;
        var start = Words.Of(Reliability.Start(service.Spec));
        if (update.Order == UpdateOrder.StopFirst)
            Add("stop-first", service, place, service.StopsAllAtOnce
                    ? $"each deploy stops all {service.Replicas} before the new ones serve: {start} or more of outage"
                    : $"each deploy runs on {service.Replicas - update.Parallelism} of {service.Replicas} replicas " +
                      $"for {start} or more a batch",
                "requests wait or fail, and what is left carries the load", "write update_config.order: start-first");
        if (update.FailureAction != FailureAction.Rollback || update.Monitor == TimeSpan.Zero)
            Add("no-rollback", service, place, update.Monitor == TimeSpan.Zero ? "nobody watches a deploy (monitor: 0s)"
                    : $"a deploy that fails is not taken back (failure_action: {Word(update.FailureAction)})",
                "a broken version stays until somebody comes",
                "write update_config: { monitor: 10s, failure_action: rollback }");
        var least = GatewayKnows + (_cluster.Objectives.LatencyP99 ?? TimeSpan.FromSeconds(1) - GatewayKnows);
        if (service.Spec.StopGracePeriod < least)
            Add("short-grace", service, place,
                $"stop_grace_period is {Words.Of(service.Spec.StopGracePeriod)}, and {Words.Of(least)} is the least",
                "gateways need up to 0.2 s to send it nothing more, and what is in flight is cut at the end: one in " +
                "a hundred requests takes longer than latency_p99", "raise stop_grace_period, or delete it for 10s");
    }

    /// <summary>A route change has reached every gateway, by Tangram's own goal.</summary>
    private static readonly TimeSpan GatewayKnows = TimeSpan.FromSeconds(0.2);

    private void Habits(ServiceDesign service)
    {
        if (service.Spec.Deploy.Resources.Limits.Memory == 0)
            Add("no-limits", service, service.Draft.Place, "no memory limit",
                "one that leaks takes the memory of all, and the kernel ends whom it likes",
                "write deploy.resources.limits.memory, such as 512M");
        if (!service.Draft.AsksFiles)
            Add("no-files", service, service.Draft.TangramPlace, "no files",
                "a rollback cannot bring the old program back",
                "write x-tangram.files: DIR, the folder with the program");
    }

    private static string Word(FailureAction action) => action == FailureAction.Pause ? "pause" : "continue";

    private void Add(string check, ServiceDesign service, Place place, string what, string why, string remedy) =>
        _found.Add(new DesignFinding(check, place, [service.Name], what, why, remedy));
}

/// <summary>Where the file speaks of the cluster.</summary>
internal readonly record struct DesignPlaces(Place Zones, Place Availability, Place RecoveryTime, Place RecoveryPoint);

/// <summary>Notes what a check found of one service.</summary>
internal delegate void AddFinding(
    string check, ServiceDesign service, Place place, string what, string why, string remedy);
