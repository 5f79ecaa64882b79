using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>What people asked of single replicas, in the routes.</summary>
public sealed class BackendModeTests
{
    private static readonly ServiceSpec Spec = Routed.Spec with { Traffic = new TrafficSpec { Sticky = "at" } };

    private readonly NodeState _a = Routed.Node("a-1", [Routed.Assign(1), Routed.Assign(2)],
        [Routed.See(1), Routed.See(2)]);
    private readonly NodeState _b = Routed.Node("b-1", [Routed.Assign(3)], [Routed.See(3)]);

    [Fact]
    public void A_weight_gives_a_share_and_goes_again()
    {
        var service = Derived(new BackendAsked(Routed.Replica(1), BackendMode.Normal, 0.5)).Find(Routed.Order)!;
        Appraisal.Look(service, 1, Routed.Start);
        Assert.Equal([0.5, 1, 1], service.Backends.Select(b => b.Counters.Share));
        Assert.Equal("people gave it a weight of 50%",
            BackendState.Of(service, service.Backends[0], Routed.Start).Because.Replace(" %", "%"));
        var after = RouteDeriver.Derive(State(), RouteTable.Empty).Find(Routed.Order)!;
        Assert.Equal([1, 1, 1], after.Backends.Select(b => b.Weight));
    }

    [Fact]
    public void What_is_drained_gets_nothing_new_but_from_those_that_stay()
    {
        var before = Derived();
        var cookie = before.Find(Routed.Order)!.Sticky!.ValueOf(before.Find(Routed.Order)!.Backends[0])!;
        var table = RouteDeriver.Derive(State(new BackendAsked(Routed.Replica(1), BackendMode.Drain)), before);
        Assert.Equal([2, 3], Picked(table));
        Assert.Equal(1, Pick(table, 1, cookie));
        Assert.Same(before.Find(Routed.Order)!.Backends[0].Counters, table.Unrouted[0].Counters);
        // A change of another node leaves it as it is, and one of its own too.
        table = RouteDeriver.Derive(State(table.Source!, Routed.Node("b-1", [Routed.Assign(3), Routed.Assign(4)],
            [Routed.See(3), Routed.See(4)])), table);
        Assert.Equal([2, 3, 4], Picked(table));
        Assert.Equal(1, Pick(table, 1, cookie));
        table = RouteDeriver.Derive(State(table.Source!, Routed.Node("a-1", [Routed.Assign(1), Routed.Assign(2)],
            [Routed.See(1, starts: 2), Routed.See(2)])), table);
        Assert.Equal([2, 3, 4], Picked(table));
        Assert.Equal(1, Pick(table, 1, cookie));
        table = RouteDeriver.Derive(State(), table);
        Assert.Equal([1, 2, 3], Picked(table));
    }

    [Fact]
    public void What_is_in_maintenance_gets_nothing_at_all()
    {
        var before = Derived();
        var cookie = before.Find(Routed.Order)!.Sticky!.ValueOf(before.Find(Routed.Order)!.Backends[0])!;
        var table = RouteDeriver.Derive(State(new BackendAsked(Routed.Replica(1), BackendMode.Maintenance)), before);
        Assert.Equal([2, 3], Picked(table));
        Assert.NotEqual(1, Pick(table, 1, cookie));
        // Its requests in flight are no reason to hold a move up: it is not being moved.
        table.Unrouted[0].Counters.Enter();
        Assert.Empty(table.Busy());
    }

    private RouteTable Derived(params BackendAsked[] asked) => RouteDeriver.Derive(State(asked), RouteTable.Empty);

    private ClusterState State(params BackendAsked[] asked)
    {
        var state = Routed.State(Spec, _a, _b);
        return state with
        {
            Revisions = _revisions ??= state.Revisions,
            Asked = new Versioned<Asked>(state.Asked!.Value with { Backends = [.. asked] }, 2),
        };
    }

    private System.Collections.Immutable.ImmutableSortedDictionary<int, Revision>? _revisions;

    private static ClusterState State(ClusterState state, NodeState node) =>
        state with { Nodes = state.Nodes.SetItem(node.Name, node) };

    private static IEnumerable<int> Picked(RouteTable table) =>
        Enumerable.Range(0, 200).Select(i => Pick(table, (ulong)i, "")).Distinct().Order();

    private static int Pick(RouteTable table, ulong chance, string cookie)
    {
        var tried = new Tried();
        return Balancer.Pick(table.Find(Routed.Order)!, in tried, KeyHash.Mix(chance), Routed.Start,
            new Affinity(null, cookie.AsMemory()))!.Port - 5000;
    }
}
