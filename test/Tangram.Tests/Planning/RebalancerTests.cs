using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>When a replica moves for a better spread, where to, and what ends the move.</summary>
public sealed class RebalancerTests
{
    private static readonly PlanningFacts Calm = PlanningFacts.None with { Calm = true };

    /// <summary>Node b-1 is back, empty; the others carry all six.</summary>
    private static Documents Back(Func<ServiceSpec, ServiceSpec>? change = null) => new Documents()
        .Revision(1, Moving.Spec(1, 6, change)).Asked(1).Stage(1, 1, RolloutStage.Done, 7)
        .Node("a-1", 1, "order-1", "order-2", "order-3").Node("b-1", 1).Node("c-1", 1, "order-4", "order-5", "order-6")
        .Gateway("g");

    /// <summary>The same, with a replica on b-1 that is to relieve order-3.</summary>
    private static Documents UnderWay(Phase phase) => Back().Adds("b-1", "order-7", 1, phase)
        .Change<Assigned>(Keys.Assigned(NodeName.Of("b-1")), a => a with
        {
            Replicas = [a.Replicas[0] with { Relieves = ReplicaName.Of("order-3") }],
        }).Stage(1, 1, RolloutStage.Done, 8).Gateway("g");

    [Fact]
    public void A_replica_moves_to_the_node_that_is_back_and_the_reason_is_told()
    {
        var plan = Back().Plan(Calm with { Back = [NodeName.Of("b-1")] });
        var start = Assert.IsType<Step.Start>(Assert.Single(plan.Steps));
        Assert.Equal(("b-1", "order-7", "order-3"),
            (start.Node.Value, start.Replica.Value, start.Relieves?.Value));
        Assert.Equal("node b-1 is back: of 6 replicas zone b has 0 and zone a has 3; it takes the place of order-3 " +
                     "on a-1", start.Because);
    }

    [Fact]
    public void Nothing_moves_before_it_is_calm() => Assert.Equal(Plan.Nothing, Back().Plan());

    [Fact]
    public void Nothing_moves_where_a_move_would_only_swap_the_difference() =>
        Assert.Equal(Plan.Nothing, Moving.Settled(4).Plan(Calm));

    [Fact]
    public void The_relieved_replica_serves_until_the_other_does()
    {
        Assert.Equal(Plan.Nothing, UnderWay(Phase.Starting).Plan(Calm));
        var drain = Assert.IsType<Step.Drain>(Assert.Single(UnderWay(Phase.Ready).Plan(Calm).Steps));
        Assert.Equal(("order-3", "order-7 on b-1 takes its place"), (drain.Replica.Value, drain.Because));
    }

    [Fact]
    public void A_service_moves_one_replica_at_a_time() =>
        Assert.Empty(UnderWay(Phase.Starting).Plan(Calm).Starts());

    [Fact]
    public void A_move_goes_on_when_it_is_no_longer_calm() =>
        Assert.Equal(["order-3"], UnderWay(Phase.Ready).Plan().Drained());

    [Fact]
    public void One_that_does_not_become_ready_is_taken_back_and_its_service_rests()
    {
        var failing = UnderWay(Phase.Waiting);
        var drain = Assert.IsType<Step.Drain>(
            Assert.Single(failing.Plan(Calm with { Overdue = [ReplicaName.Of("order-7")] }).Steps));
        Assert.Equal(("order-7", "it did not become ready on b-1, so order-3 stays where it is"),
            (drain.Replica.Value, drain.Because));
        Assert.Equal(Plan.Nothing, Back().Plan(Calm with { Resting = [Moving.Order] }));
    }

    [Fact]
    public void When_the_new_node_dies_the_old_replica_stays()
    {
        var plan = UnderWay(Phase.Ready).Silent("b-1").Dead("b-1").Plan(Calm);
        Assert.Empty(plan.Drained());
        Assert.Empty(plan.Starts());
        Assert.Equal(["order-7"], plan.Stopped());
    }

    [Fact]
    public void When_the_old_node_dies_the_new_replica_is_the_replacement_of_the_one() =>
        Assert.Equal(2, UnderWay(Phase.Ready).Silent("a-1").Dead("a-1").Plan(Calm).Starts().Length);

    [Fact]
    public void Scaling_down_in_the_middle_of_a_move_takes_the_relieved_one_first() =>
        Assert.Equal("order-3",
            UnderWay(Phase.Ready).Asked(1, new Scale(Moving.Order, 5)).Gateway("g").Plan().Drained()[0]);

    [Theory]
    [InlineData("singleton")]
    [InlineData("global")]
    [InlineData("binpack")]
    [InlineData("task")]
    [InlineData("off")]
    public void What_shall_not_move_stays(string kind)
    {
        var uneven = Back(s => kind switch
        {
            "singleton" => s with { Singleton = true },
            "global" => s with { Deploy = s.Deploy with { Mode = DeployMode.Global } },
            "binpack" => s with
            {
                Deploy = s.Deploy with { Placement = new PlacementSpec { Strategy = PlacementStrategy.Binpack } },
            },
            "task" => s with
            {
                Expose = [], Deploy = s.Deploy with { Restart = new() { Condition = RestartCondition.OnFailure } },
            },
            _ => s,
        });
        if (kind == "off") uneven.Revision(1, Moving.Spec(1, 6) with { Rebalance = 0 });
        Assert.DoesNotContain(uneven.Plan(Calm).Starts(), s => s.Relieves is not null);
    }

    [Fact]
    public void A_service_that_is_short_of_a_replica_does_not_move() =>
        Assert.Empty(Back().Looks("a-1", "order-1", Phase.Waiting).Gateway("g").Plan(Calm).Starts());

    [Fact]
    public void A_node_without_room_takes_nothing() =>
        Assert.Equal(Plan.Nothing, Back(s => s with
        {
            Deploy = s.Deploy with { Resources = new() { Reservations = new Resources { Cpus = 1 } } },
        }).Change<Seen>(Keys.Seen(NodeName.Of("b-1")), s => s with { Capacity = new Resources { Cpus = 0.5 } })
            .Gateway("g").Plan(Calm));
}
