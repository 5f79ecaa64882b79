using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>A tiny builder of what the store says, and of services with backends.</summary>
internal static class Routed
{
    public static readonly ServiceName Order = ServiceName.Of("order");
    public const string CookieKey = "0123456789abcdef";
    public static readonly Instant Start = new(1_000_000);

    public static ReplicaName Replica(int serial) => ReplicaName.Of(Order, serial);

    public static Assignment Assign(int serial, Intent intent = Intent.Run, int revision = 1) =>
        new() { Replica = Replica(serial), Service = Order, Revision = revision, Intent = intent };

    public static SeenReplica See(int serial, Phase phase = Phase.Ready, int starts = 1) =>
        new() { Replica = Replica(serial), Phase = phase, Port = 5000 + serial, Starts = starts };

    public static NodeState Node(string name, Assignment[] assigned, SeenReplica[]? seen, bool dead = false) => new()
    {
        Name = NodeName.Of(name),
        Assigned = new Versioned<Assigned>(new Assigned { Replicas = assigned.ToEquatableArray() }, 1),
        Seen = seen is null ? null : new Versioned<Seen>(
            new Seen { Incarnation = 1, Zone = ZoneName.Of("a"), Replicas = seen.ToEquatableArray() }, 1),
        Dead = dead ? new Versioned<Dead>(new Dead(ZoneName.Of("a"), 1, "test"), 1) : null,
    };

    public static ClusterState State(ServiceSpec spec, params NodeState[] nodes) => ClusterState.Empty with
    {
        RoutedRevision = 7,
        Asked = new Versioned<Asked>(new Asked { Revision = 1, CookieKey = CookieKey }, 1),
        Revisions = ClusterState.Empty.Revisions.Add(
            1, new Revision { Number = 1, Spec = new ClusterSpec { Name = "test", Services = [spec] } }),
        Nodes = ClusterState.Empty.Nodes.AddRange(nodes.Select(n => KeyValuePair.Create(n.Name, n))),
    };

    public static ServiceSpec Spec => new() { Name = Order, Routes = [new RouteSpec(null, "/api")] };

    /// <summary>A routed service with backends 1 to <paramref name="count"/>.</summary>
    public static RoutedService Service(
        int count, BalancePolicy balance = BalancePolicy.LeastRequests, TrafficSpec? traffic = null)
    {
        var serials = Enumerable.Range(1, count).ToArray();
        var node = Node("a-1", [.. serials.Select(s => Assign(s))], [.. serials.Select(s => See(s))]);
        var spec = Spec with { Balance = balance, Traffic = traffic ?? new TrafficSpec() };
        return RouteDeriver.Derive(State(spec, node), RouteTable.Empty).Find(Order)!;
    }
}
