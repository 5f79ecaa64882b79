using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>How many run, and where: scaling, draining a node, losing one.</summary>
public sealed class PlannerCountTests
{
    [Fact]
    public void What_runs_as_asked_is_left_alone() => Assert.Equal(Plan.Nothing, Moving.Settled(6).Plan());

    [Fact]
    public void A_first_deploy_starts_every_replica_at_once_spread_over_the_zones()
    {
        var fresh = new Documents().Revision(1, Moving.Spec(1, 6)).Asked(1).Stage(0, 1, RolloutStage.Rolling)
            .Node("a-1", 1).Node("b-1", 1).Node("c-1", 1);
        var starts = fresh.Plan().Starts();
        Assert.Equal(["order-1", "order-2", "order-3", "order-4", "order-5", "order-6"],
            starts.Select(s => s.Replica.Value));
        Assert.All(starts.GroupBy(s => s.Node), node => Assert.Equal(2, node.Count()));
    }

    [Fact]
    public void Scaling_up_starts_what_is_missing_and_moves_nothing()
    {
        var plan = Moving.Settled(3).Asked(1, new Scale(Moving.Order, 5)).Plan();
        Assert.Equal(["order-4", "order-5"], plan.Starts().Select(s => s.Replica.Value));
        Assert.Equal(2, plan.Steps.Count);
    }

    [Fact]
    public void Scaling_down_drains_the_surplus_and_stops_nobody_before_it_is_drained()
    {
        var plan = Moving.Settled(6).Asked(1, new Scale(Moving.Order, 3)).Plan();
        Assert.Equal(["order-4", "order-5", "order-6"], plan.Drained().Order());
        Assert.Empty(plan.Stopped());
        Assert.All(plan.Steps, s => Assert.StartsWith("3 replicas are asked for and ", s.Because));
    }

    [Fact]
    public void Scaling_down_takes_those_that_do_not_serve_before_those_that_do()
    {
        var plan = Moving.Settled(3).Looks("a-1", "order-1", Phase.Waiting).Asked(1, new Scale(Moving.Order, 2)).Plan();
        Assert.Equal(["order-1"], plan.Drained());
    }

    [Fact]
    public void Scaling_down_takes_no_replica_that_serves_while_too_few_would_be_left()
    {
        var silent = Moving.Settled(3).Silent("a-1").Silent("b-1").Asked(1, new Scale(Moving.Order, 2));
        Assert.Empty(silent.Plan().Drained());
    }

    [Fact]
    public void Scaling_to_none_drains_all() =>
        Assert.Equal(3, Moving.Settled(3).Asked(1, new Scale(Moving.Order, 0)).Plan().Drained().Length);

    [Fact]
    public void A_node_is_drained_by_starting_elsewhere_first()
    {
        var draining = Moving.Settled(3).Put(Keys.Asked, new Asked { Revision = 1, Drained = [NodeName.Of("a-1")] });
        var plan = draining.Plan();
        var start = Assert.Single(plan.Starts());
        Assert.NotEqual("a-1", start.Node.Value);
        Assert.Equal("it replaces order-1: node a-1 is being drained", start.Because);
        Assert.Empty(plan.Drained());

        draining.Adds(start.Node.Value, "order-4", 1, Phase.Starting).Gateway("g");
        Assert.Equal(Plan.Nothing, draining.Plan());
        draining.Looks(start.Node.Value, "order-4", Phase.Ready).Gateway("g");
        Assert.Equal(["order-1"], draining.Plan().Drained());
    }

    [Fact]
    public void A_node_that_cannot_be_emptied_keeps_its_replicas_and_says_why()
    {
        var plan = Moving.Settled(3, Moving.Deploy(d => d with { Placement = new() { MaxReplicasPerNode = 1 } }))
            .Put(Keys.Asked, new Asked { Revision = 1, Drained = [NodeName.Of("a-1")] }).Plan();
        Assert.Empty(plan.Steps);
        var because = Assert.Single(plan.Waiting).Because;
        Assert.Contains("1 are drained", because);
        Assert.Contains("2 already run 1", because);
    }

    [Fact]
    public void A_node_that_is_only_silent_is_not_replaced() =>
        Assert.Equal(Plan.Nothing, Moving.Settled(6).Silent("a-1").Plan());

    [Fact]
    public void What_ran_on_a_dead_node_is_started_elsewhere_at_once_under_new_names()
    {
        var plan = Moving.Settled(6).Silent("a-1").Dead("a-1").Plan();
        Assert.Equal(["order-7", "order-8"], plan.Starts().Select(s => s.Replica.Value));
        Assert.DoesNotContain("a-1", plan.Starts().Select(s => s.Node.Value));
        Assert.Empty(plan.Stopped());
    }

    [Fact]
    public void The_replicas_of_a_dead_node_are_given_up_when_their_replacements_serve()
    {
        var lost = Moving.Settled(3).Silent("a-1").Dead("a-1").Adds("b-1", "order-4", 1, Phase.Starting).Gateway("g");
        Assert.Empty(lost.Plan().Steps);
        var plan = lost.Looks("b-1", "order-4", Phase.Ready).Gateway("g").Plan();
        Assert.Equal(new Step.Stop(NodeName.Of("a-1"), ReplicaName.Of("order-1"),
            "its node is dead and it has been replaced"), Assert.Single(plan.Steps));
    }

    [Fact]
    public void A_replica_that_comes_back_beside_its_replacement_makes_one_of_them_surplus()
    {
        var back = Moving.Settled(3).Adds("b-1", "order-4", 1, Phase.Ready).Gateway("g");
        Assert.Single(back.Plan().Drained());
    }

    [Fact]
    public void A_replica_that_restarts_in_place_is_not_replaced()
    {
        var plan = Moving.Settled(3).Looks("a-1", "order-1", Phase.Waiting).Gateway("g").Plan();
        Assert.Equal(Plan.Nothing, plan);
    }

    [Fact]
    public void A_global_service_gets_one_replica_on_every_node_also_on_a_new_one()
    {
        var all = Moving.Deploy(d => d with { Mode = DeployMode.Global });
        var start = Assert.Single(Moving.Settled(3, all).Node("d-1", 1).Plan().Starts());
        Assert.Equal(("d-1", "order-4"), (start.Node.Value, start.Replica.Value));
    }

    [Fact]
    public void Why_no_node_suits_is_told_for_each_reason()
    {
        var picky = Moving.Deploy(d => d with { Placement = new() { Constraints = [new("node.zone", true, "d")] } });
        var plan = new Documents().Revision(1, Moving.Spec(1, 1, picky)).Asked(1).Stage(0, 1, RolloutStage.Rolling)
            .Node("a-1", 1).Node("b-1", 1).Plan();
        Assert.Empty(plan.Steps);
        Assert.Equal("no node fits: of 2 nodes, 2 do not satisfy node.zone == d",
            Assert.Single(plan.Waiting).Because);
    }

    [Fact]
    public void Of_too_many_replicas_those_that_fit_are_started_and_the_rest_is_explained()
    {
        var one = Moving.Deploy(d => d with { Placement = new() { MaxReplicasPerNode = 1 } });
        var plan = Moving.Settled(3, one).Node("d-1", 1).Asked(1, new Scale(Moving.Order, 5)).Plan();
        Assert.Single(plan.Starts());
        Assert.Single(plan.Waiting);
    }
}
