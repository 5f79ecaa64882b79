using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Proving.Capacity;

/// <summary>What replicas may take of a node: their limits, and where there are none their reservations.</summary>
/// <param name="Cpus">Cores.</param>
/// <param name="Memory">Bytes, as <paramref name="Storage"/>.</param>
/// <param name="Bandwidth">Bytes per second.</param>
/// <param name="Untold">Of these, replicas of which the file tells neither for CPU and memory: what they take comes on
/// top.</param>
public readonly record struct Takes(
    int Replicas, double Cpus, long Memory, long Storage, long Bandwidth, int Untold)
{
    public static Takes Of(ServiceSpec service)
    {
        var (limits, reserved) = (service.Deploy.Resources.Limits, service.Deploy.Resources.Reservations);
        var (cpus, memory) = (Math.Max(limits.Cpus, reserved.Cpus), Math.Max(limits.Memory, reserved.Memory));
        return new Takes(1, cpus, memory, service.Forecast?.Storage ?? 0, service.Forecast?.Bandwidth ?? 0,
            cpus == 0 || memory == 0 ? 1 : 0);
    }

    public static Takes operator +(Takes a, Takes b) => new(a.Replicas + b.Replicas, a.Cpus + b.Cpus,
        a.Memory + b.Memory, a.Storage + b.Storage, a.Bandwidth + b.Bandwidth, a.Untold + b.Untold);

    /// <summary>The larger of each.</summary>
    public static Takes Most(Takes a, Takes b) => new(Math.Max(a.Replicas, b.Replicas), Math.Max(a.Cpus, b.Cpus),
        Math.Max(a.Memory, b.Memory), Math.Max(a.Storage, b.Storage), Math.Max(a.Bandwidth, b.Bandwidth),
        Math.Max(a.Untold, b.Untold));
}

/// <param name="Standard">With everything there.</param>
/// <param name="Extended">The most of each, whichever other zone is lost.</param>
/// <param name="Offers">0 where it is not known.</param>
public sealed record NodeNeed(NodeName Node, ZoneName Zone, Takes Standard, Takes Extended, Resources Offers);

/// <summary>All nodes of a zone together.</summary>
public sealed record ZoneNeed(ZoneName Zone, Takes Standard, Takes Extended);

/// <summary>How large nodes must be for a file: everything is placed as the leader would place it on empty nodes of any
/// size, then again without each zone, on what is left as it stands.</summary>
public sealed record ResourceMatrix
{
    /// <summary>A node that is fuller than this has no room for a rollout, which starts new replicas first, and for
    /// what nobody thought of.</summary>
    public const double WarningLevel = 0.8;

    public required EquatableArray<NodeNeed> Nodes { get; init; }
    public required EquatableArray<ZoneNeed> Zones { get; init; }

    /// <summary>What found no place, as sentences.</summary>
    public required EquatableArray<string> Unplaced { get; init; }

    /// <summary>What any one node must hold, the most of each.</summary>
    public Takes Standard => Nodes.Aggregate(default(Takes), (most, n) => Takes.Most(most, n.Standard));
    public Takes Extended => Nodes.Aggregate(default(Takes), (most, n) => Takes.Most(most, n.Extended));

    /// <param name="state">Its living nodes count; empty: the file's virtual ones.</param>
    public static ResourceMatrix Of(ClusterState state, ClusterSpec spec)
    {
        var nodes = NodesOf(state, spec);
        var unplaced = new List<string>();
        var usual = Placed(spec.Services, nodes, [], state, "", unplaced);
        var standard = Sums(usual);
        var extended = new Dictionary<NodeName, Takes>(standard);
        var zones = nodes.Select(n => n.Node.Zone).Distinct().Order().ToList();
        var together = zones.ToDictionary(zone => zone, zone => In(zone, standard));
        foreach (var lost in zones.Count > 1 ? zones : [])
        {
            var left = nodes.Where(n => n.Node.Zone != lost).ToList();
            var names = left.Select(n => n.Node.Name).ToHashSet();
            var stays = usual.Where(p => names.Contains(p.Node)).ToList();
            var after = Sums(Placed(spec.Services, left, stays, state, $" when zone {lost} is lost", unplaced));
            foreach (var name in names)
                extended[name] = Takes.Most(extended.GetValueOrDefault(name), after.GetValueOrDefault(name));
            foreach (var zone in zones) together[zone] = Takes.Most(together[zone], In(zone, after));
        }
        return new ResourceMatrix
        {
            Nodes = nodes.Select(n => new NodeNeed(n.Node.Name, n.Node.Zone,
                standard.GetValueOrDefault(n.Node.Name), extended.GetValueOrDefault(n.Node.Name), n.Offers))
                .ToEquatableArray(),
            Zones = zones.Select(zone => new ZoneNeed(zone, In(zone, standard), together[zone])).ToEquatableArray(),
            Unplaced = unplaced.ToEquatableArray(),
        };

        Takes In(ZoneName zone, Dictionary<NodeName, Takes> sums) => nodes.Where(n => n.Node.Zone == zone)
            .Aggregate(default(Takes), (sum, n) => sum + sums.GetValueOrDefault(n.Node.Name));
    }

    /// <summary>In the order of their names. Of any size: what they offer is compared afterwards.</summary>
    private static List<(PlacementNode Node, Resources Offers)> NodesOf(ClusterState state, ClusterSpec spec)
    {
        var alive = state.Nodes.Values.Where(n => n.Alive).Select(n => (new PlacementNode
        {
            Name = n.Name, Zone = n.Seen!.Value.Zone, Labels = n.Seen.Value.Labels,
        }, n.Seen.Value.Capacity)).ToList();
        return alive.Count > 0 ? alive : [.. spec.VirtualNodes().OrderBy(n => n.Node)
            .Select(n => (new PlacementNode { Name = n.Node, Zone = n.Zone }, new Resources()))];
    }

    private static List<(NodeName Node, ServiceSpec Service)> Placed(IEnumerable<ServiceSpec> services,
        List<(PlacementNode Node, Resources Offers)> nodes, List<(NodeName Node, ServiceSpec Service)> stays,
        ClusterState state, string when, List<string> unplaced)
    {
        var placer = new Placer(nodes.Select(n => n.Node));
        foreach (var (node, service) in stays) placer.Occupy(node, service);
        var all = new List<(NodeName, ServiceSpec)>(stays);
        foreach (var service in services)
        {
            var there = stays.Count(s => s.Service.Name == service.Name);
            var global = service.Deploy.Mode == DeployMode.Global;
            var wanted = global ? 0 : (state.Asked?.Value.ReplicasOf(service) ?? service.Deploy.Replicas) - there;
            var answer = !global ? placer.Place(service, Math.Max(0, wanted))
                : there == 0 ? placer.PlaceOn(service, placer.Eligible(service))
                : new PlacementAnswer([], null);
            all.AddRange(answer.Nodes.Select(node => (node, service)));
            if (answer.Refusal is { } refusal)
                unplaced.Add($"{wanted - answer.Nodes.Count} of {service.Name} find no place{when}: {refusal}");
        }
        return all;
    }

    private static Dictionary<NodeName, Takes> Sums(IEnumerable<(NodeName Node, ServiceSpec Service)> placed)
    {
        var sums = new Dictionary<NodeName, Takes>();
        foreach (var (node, service) in placed)
            sums[node] = sums.GetValueOrDefault(node) + Takes.Of(service);
        return sums;
    }
}
