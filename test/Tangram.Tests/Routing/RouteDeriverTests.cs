using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Tests.Routing.Rules;
using static Tangram.Tests.Routing.Routed;

namespace Tangram.Tests.Routing;

public sealed class RouteDeriverTests
{
    private static readonly NodeState Before = Node("a-1", [Assign(1), Assign(2)], [See(1), See(2)]);

    private static RouteTable Derive(RouteTable previous, params NodeState[] nodes) =>
        RouteDeriver.Derive(State(Spec, nodes), previous);

    private static string Routed(RouteTable table) =>
        string.Join(' ', table.Find(Order)!.Backends.Select(b => b.Replica));

    [Fact]
    public void A_backend_runs_is_ready_has_a_port_and_its_node_lives()
    {
        var table = Derive(RouteTable.Empty,
            Node("a-1", [Assign(1), Assign(2, Intent.Drain), Assign(3, Intent.Stop), Assign(4), Assign(5), Assign(6)],
                [See(1), See(2), See(3), See(4, Phase.Starting), See(5) with { Port = null }]),
            Node("b-1", [Assign(10), Assign(9)], [See(10), See(9)]),
            Node("c-1", [Assign(11)], [See(11)], dead: true));
        Assert.Equal("order-1 order-9 order-10", Routed(table));
        Assert.Equal(7, table.AppliedRevision);
        Assert.Equal("http://127.0.0.1:5001", table.Find(Order)!.Backends[0].Url);
    }

    [Fact]
    public void Counters_follow_the_process_and_not_the_name()
    {
        var first = Derive(RouteTable.Empty, Before);
        var second = Derive(first, Node("a-1", [Assign(1), Assign(2)], [See(1), See(2, starts: 2)]));
        Assert.Same(first.Find(Order)!.Backends[0].Counters, second.Find(Order)!.Backends[0].Counters);
        Assert.NotSame(first.Find(Order)!.Backends[1].Counters, second.Find(Order)!.Backends[1].Counters);
        Assert.Same(first.Find(Order)!.Counters, second.Find(Order)!.Counters);
    }

    [Fact]
    public void A_draining_replica_is_busy_until_its_last_request_ends()
    {
        var first = Derive(RouteTable.Empty, Before);
        var counters = first.Find(Order)!.Backends[1].Counters;
        counters.Enter();
        var draining = Node("a-1", [Assign(1), Assign(2, Intent.Drain)], [See(1), See(2, Phase.Unready)]);
        var second = Derive(Derive(first, draining), draining);
        Assert.Equal("order-1", Routed(second));
        Assert.Equal([Replica(2)], second.Busy());
        counters.Leave();
        Assert.Empty(second.Busy());
        var third = Derive(second, Before);
        Assert.Same(counters, third.Find(Order)!.Backends[1].Counters);
        Assert.Empty(third.Unrouted);
    }

    [Fact]
    public void A_replica_that_is_not_ready_for_a_while_keeps_its_counters()
    {
        var first = Derive(RouteTable.Empty, Before);
        var second = Derive(first, Node("a-1", [Assign(1), Assign(2)], [See(1), See(2, Phase.Unready)]));
        Assert.Equal("order-1", Routed(second));
        var third = Derive(second, Before);
        Assert.Same(first.Find(Order)!.Backends[1].Counters, third.Find(Order)!.Backends[1].Counters);
    }

    [Fact]
    public void A_lease_that_ended_without_a_verdict_keeps_the_backends()
    {
        var first = Derive(RouteTable.Empty, Before);
        var silent = Node("a-1", [Assign(1), Assign(2, Intent.Drain), Assign(3)], null);
        var second = Derive(first, silent);
        Assert.Equal("order-1", Routed(second));
        Assert.Equal("order-1", Routed(Derive(second, silent)));
    }

    [Fact]
    public void A_dead_node_is_abandoned_with_all_that_hangs_there()
    {
        var first = Derive(RouteTable.Empty, Before);
        var second = Derive(first, Node("a-1", [Assign(1), Assign(2, Intent.Drain)], [See(1), See(2)]));
        var third = Derive(second, Node("a-1", [Assign(1), Assign(2, Intent.Drain)], null, dead: true));
        Assert.Empty(third.Find(Order)!.Backends);
        Assert.Equal([Replica(1), Replica(2)], third.Abandoned.Select(b => b.Replica));
        Assert.Empty(Derive(third, Node("a-1", [], null, dead: true)).Abandoned);
    }

    [Fact]
    public void Whether_a_backend_speaks_TLS_its_own_revision_says_and_how_the_one_in_force()
    {
        var (old, now) = (new BackendTlsSpec { Name = "old" }, new BackendTlsSpec { Name = "new" });
        var state = State(Spec with { BackendTls = now }, Node("a-1",
            [Assign(1) with { Revision = 7 }, Assign(2) with { Revision = 8 }, Assign(3)], [See(1), See(2), See(3)]));
        Revision Before(int number, BackendTlsSpec? tls) => new()
        {
            Number = number, Spec = state.EffectiveSpec! with { Services = [Spec with { BackendTls = tls }] },
        };
        state = state with
        {
            Revisions = state.Revisions.Add(7, Before(7, null)).Add(8, Before(8, old)),
            Rollout = new Versioned<Rollout>(new Rollout { Target = 1, Stage = RolloutStage.Done }, 1),
        };
        var backends = RouteDeriver.Derive(state, RouteTable.Empty).Find(Order)!.Backends;
        Assert.Equal([null, now, now], backends.Select(backend => backend.Tls));
    }

    [Fact]
    public void A_service_without_replicas_is_routed_and_one_without_a_spec_keeps_its_backends()
    {
        var empty = Derive(RouteTable.Empty);
        Assert.Empty(empty.Find(Match(empty))!.Backends);
        var other = RouteDeriver.Derive(State(Spec with { Name = ServiceName.Of("other") }, Before), RouteTable.Empty);
        Assert.Equal("order-1 order-2", Routed(other));
        Assert.Equal("other", Match(other).Value);
    }

    private static ServiceName Match(RouteTable table) =>
        table.Index.Match(new PlainRequest("x", "/api"))!.Service!.Value;

    [Fact]
    public void The_gateways_own_routes_come_first_and_a_table_of_the_same_spec_keeps_the_index()
    {
        var state = State(Spec, Before);
        var spec = state.EffectiveSpec! with
        {
            TrustedProxies = ["10.0.0.0/8"],
            GatewayRoutes =
                [new RouteSpec(null, "/api") { Treatment = new() { Redirect = new(307, null, "b", null) } }],
        };
        state = state with { Revisions = state.Revisions.SetItem(1, new Revision { Number = 1, Spec = spec }) };
        var table = RouteDeriver.Derive(state, RouteTable.Empty);
        Assert.Null(table.Index.Match(new PlainRequest("x", "/api"))!.Service);
        Assert.True(table.Trusts(System.Net.IPAddress.Parse("10.1.1.1")));
        var next = RouteDeriver.DeriveAll(state with { RoutedRevision = 8 }, table);
        Assert.Same(table.Index, next.Index);
        Assert.True(next.Trusts(System.Net.IPAddress.Parse("10.1.1.1")));
    }

    [Fact]
    public void Published_ports_are_listeners_and_host_ports_are_not()
    {
        var spec = Spec with
        {
            Ports =
            [
                new PortSpec(null, 8080, 80, PortMode.Ingress), new PortSpec("127.0.0.1", 8081, 80, PortMode.Ingress),
                new PortSpec(null, 8082, 80, PortMode.Host),
            ],
        };
        var table = RouteDeriver.Derive(State(spec, Before), RouteTable.Empty);
        Assert.Equal([new Listener("0.0.0.0", 8080, Order), new Listener("127.0.0.1", 8081, Order)], table.Published);
    }

    [Fact]
    public void Outcomes_are_counted_per_revision_and_start_again_with_the_next_rollout()
    {
        var state = State(Spec, Node("a-1", [Assign(1), Assign(2, revision: 2)], [See(1), See(2)]));
        ClusterState Rolling(int target) => state with
        {
            Rollout = new Versioned<Rollout>(
                new Rollout { Current = 1, Target = target, Stage = RolloutStage.Watching }, 1),
        };
        var first = RouteDeriver.Derive(Rolling(2), RouteTable.Empty);
        Ejection.Report(first.Find(Order)!, first.Find(Order)!.Backends[1], AttemptOutcome.NoAnswer, Start);
        var second = RouteDeriver.Derive(Rolling(2), first);
        Assert.Equal([new Outcomes(Order, 1, 0, 0), new Outcomes(Order, 2, 1, 1)], second.Outcomes());
        var third = RouteDeriver.Derive(Rolling(3), second);
        Assert.Equal([new Outcomes(Order, 1, 0, 0), new Outcomes(Order, 2, 0, 0)], third.Outcomes());
    }

    [Fact]
    public void A_condemned_revision_is_set_aside_while_another_can_serve()
    {
        ClusterState RollingBack(params Assignment[] assigned) =>
            State(Spec, Node("a-1", assigned, [See(1), See(2)])) with
            {
                Rollout = new Versioned<Rollout>(
                    new Rollout { Current = 1, Target = 2, Stage = RolloutStage.RollingBack }, 1),
            };
        var both = RouteDeriver.Derive(RollingBack(Assign(1), Assign(2, revision: 2)), RouteTable.Empty);
        Assert.Equal("order-1", Routed(both));
        var alone = RouteDeriver.Derive(RollingBack(Assign(2, revision: 2)), both);
        Assert.Equal("order-2", Routed(alone));
    }
}
