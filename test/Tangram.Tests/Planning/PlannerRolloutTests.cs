using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>Which parts of a move are safe now.</summary>
public sealed class PlannerRolloutTests
{
    private static readonly string[] Admitted = ["order"];

    [Fact]
    public void A_move_starts_no_more_than_parallelism_and_drains_nobody_yet()
    {
        var plan = Moving.Rolling(6, Moving.Update(2)).Plan();
        Assert.Equal(["order-7", "order-8"], plan.Starts().Select(s => s.Replica.Value));
        Assert.Empty(plan.Drained());
        Assert.All(plan.Starts(), s => Assert.Equal("revision 2 replaces revision 1", s.Because));
    }

    [Fact]
    public void Nobody_is_drained_before_the_replacement_is_ready()
    {
        var plan = Moving.Rolling(3).Adds("a-1", "order-4", 2, Phase.Starting).Gateway("g").Plan();
        Assert.Empty(plan.Steps);
    }

    [Fact]
    public void Nobody_is_drained_before_every_gateway_routes_to_the_replacement()
    {
        var ready = Moving.Rolling(3).Gateway("slow").Adds("a-1", "order-4", 2, Phase.Ready).Gateway("g");
        Assert.Empty(ready.Plan().Steps);
        Assert.Equal(["order-1"], ready.Gateway("slow").Plan().Drained());
    }

    [Fact]
    public void The_second_batch_waits_until_the_first_has_been_watched()
    {
        var first = Moving.Rolling(3).Node("a-1", 2, "order-4").Gateway("g");
        Assert.Empty(first.Plan().Steps);
        Assert.Single(first.Stage(1, 2, RolloutStage.Rolling, 5, Admitted).Gateway("g").Plan().Starts());
    }

    [Fact]
    public void No_batch_starts_while_the_pause_between_batches_lasts()
    {
        var admitted = Moving.Rolling(3, null, Admitted);
        Assert.Empty(admitted.Plan(PlanningFacts.None with { Paced = [Moving.Order] }).Steps);
        Assert.Single(admitted.Plan().Starts());
    }

    [Fact]
    public void A_lost_replica_is_replaced_also_while_a_batch_is_watched()
    {
        var lost = Moving.Rolling(3).Stage(2, 2, RolloutStage.Watching, 4).Silent("a-1").Dead("a-1")
            .Revision(2, Moving.Spec(1, 3)).Gateway("g");
        Assert.Single(lost.Plan().Starts());
    }

    [Fact]
    public void Stop_first_drains_before_it_starts_and_never_more_than_parallelism()
    {
        var stopFirst = Moving.Update(2, UpdateOrder.StopFirst);
        var plan = Moving.Rolling(6, stopFirst).Plan();
        Assert.Empty(plan.Starts());
        Assert.Equal(["order-1", "order-2"], plan.Drained());
    }

    [Fact]
    public void Stop_first_takes_no_more_while_the_last_batch_does_not_serve()
    {
        var stopFirst = Moving.Update(1, UpdateOrder.StopFirst);
        var half = Moving.Rolling(3, stopFirst, Admitted).Node("a-1", ("order-4", 2, Phase.Starting)).Gateway("g");
        Assert.Empty(half.Plan().Drained());
        Assert.Equal(["order-2"], half.Looks("a-1", "order-4", Phase.Ready).Gateway("g").Plan().Drained());
    }

    [Fact]
    public void A_change_of_routes_alone_moves_nothing()
    {
        var routes = Moving.Settled(3).Revision(2, Moving.Spec(1, 3, s => s with { Routes = [new(null, "/new")] }), 1)
            .Asked(2).Stage(1, 2, RolloutStage.Rolling, 4);
        Assert.Equal(Plan.Nothing, routes.Plan());
    }

    [Fact]
    public void A_paused_rollout_moves_nothing()
    {
        var paused = Moving.Rolling(3).Node("a-1", 2, "order-4").Stage(1, 2, RolloutStage.Paused, 5).Gateway("g");
        Assert.Equal(Plan.Nothing, paused.Plan());
    }

    [Fact]
    public void A_rollback_is_the_same_move_in_the_other_direction()
    {
        var back = Moving.Rolling(3).Node("a-1", 2, "order-4").Stage(1, 2, RolloutStage.RollingBack, 5).Gateway("g");
        var plan = back.Plan();
        var start = Assert.Single(plan.Starts());
        Assert.Equal((1, "order-5"), (start.Revision, start.Replica.Value));
        Assert.Empty(plan.Drained());
    }

    [Fact]
    public void A_service_that_is_gone_from_the_file_stays_whole_until_the_rollout_has_ended()
    {
        var without = new ClusterSpec { Name = "shop", Services = [] };
        var rolling = Moving.Settled(3).Revision(2, without, 1).Asked(2).Stage(1, 2, RolloutStage.Rolling, 4);
        Assert.Equal(Plan.Nothing, rolling.Plan());
        Assert.Equal(3, rolling.Stage(2, 2, RolloutStage.Done, 4).Plan().Drained().Length);
    }

    [Fact]
    public void A_service_waits_for_what_it_depends_on_and_says_so()
    {
        static ServiceSpec With(ServiceSpec order, string stock) => order with
        {
            DependsOn = [new(ServiceName.Of(stock), DependencyCondition.Healthy, true, false)],
        };
        var both = Documents.Spec(("order", 1), ("stock", 1));
        var spec = both with { Services = [With(both.Services[0], "stock"), both.Services[1]] };
        var cluster = new Documents().Revision(1, spec).Asked(1).Stage(0, 1, RolloutStage.Rolling).Node("a-1", 1);
        var plan = cluster.Plan();
        Assert.Equal("stock-1", Assert.Single(plan.Starts()).Replica.Value);
        Assert.Equal(new Waiting(Moving.Order, "it waits for stock to be healthy"), Assert.Single(plan.Waiting));
        cluster.Node("a-1", 1, "stock-1").Gateway("g");
        Assert.Equal("order-1", Assert.Single(cluster.Plan().Starts()).Replica.Value);
    }

    [Fact]
    public void A_drained_replica_is_stopped_when_every_gateway_has_let_go_of_it()
    {
        var drained = Moving.Settled(3).Asked(1, new Scale(Moving.Order, 2)).Intend("c-1", "order-3", Intent.Drain);
        Assert.Empty(drained.Plan().Stopped());
        Assert.Empty(drained.Gateway("g").Gateway("slow", 1).Plan().Stopped());
        Assert.Equal(["order-3"], drained.Gateway("slow").Plan().Stopped());
    }

    [Fact]
    public void A_drained_replica_with_requests_in_flight_is_stopped_only_when_its_grace_is_over()
    {
        var busy = Moving.Settled(3).Asked(1, new Scale(Moving.Order, 2)).Intend("c-1", "order-3", Intent.Drain)
            .Put(Keys.Gateway("g"), new GatewaySeen { Applied = 1_000, Busy = [ReplicaName.Of("order-3")] });
        Assert.Empty(busy.Plan().Steps);
        var over = busy.Plan(PlanningFacts.None with { GraceOver = [ReplicaName.Of("order-3")] });
        Assert.Equal("its grace period ended with requests in flight", Assert.Single(over.Steps).Because);
    }

    [Fact]
    public void A_stopped_replica_is_forgotten_when_its_node_says_that_it_has_ended()
    {
        var stopping = Moving.Settled(3).Asked(1, new Scale(Moving.Order, 2)).Intend("c-1", "order-3", Intent.Stop)
            .Looks("c-1", "order-3", Phase.Stopping).Gateway("g");
        Assert.Empty(stopping.Plan().Steps);
        Assert.IsType<Step.Forget>(Assert.Single(stopping.Looks("c-1", "order-3", Phase.Stopped).Plan().Steps));
        Assert.Empty(stopping.Dead("c-1").Plan().Steps.OfType<Step.Forget>());
    }
}
