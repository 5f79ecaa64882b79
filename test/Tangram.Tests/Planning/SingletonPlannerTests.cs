using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>Never two: what has to be gone before the next one starts.</summary>
public sealed class SingletonPlannerTests
{
    private static readonly ServiceName Timer = ServiceName.Of("timer");
    private static readonly NodeName A = NodeName.Of("a-1"), B = NodeName.Of("b-1");

    [Fact]
    public void One_is_started_where_none_is()
    {
        var plan = Plan(Cluster(1, 1).Node("a-1", 1).Node("b-1", 1));
        Assert.IsType<Step.Start>(Assert.Single(plan.Steps));
    }

    [Fact]
    public void On_a_dead_node_it_waits_for_the_lease_and_says_so()
    {
        var plan = Plan(Cluster(1, 1).Node("a-1", 1, "timer-1").Node("b-1", 1).Put(Keys.Dead(A), Dead));
        Assert.Empty(plan.Steps);
        Assert.Equal("it waits until the lease of node a-1 has ended: timer-1 may still run there",
            Assert.Single(plan.Waiting).Because);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_the_lease_has_ended_it_is_withdrawn_and_only_then_replaced(bool declaredDead)
    {
        var documents = Cluster(1, 1).Node("a-1", 1, "timer-1").Node("b-1", 1).Delete(Keys.Seen(A));
        if (declaredDead) documents.Put(Keys.Dead(A), Dead);
        var stop = Assert.IsType<Step.Stop>(Assert.Single(Plan(documents).Steps));
        Assert.Equal((A, "timer-1"), (stop.Node, stop.Replica.Value));

        Intend(documents, A, "timer-1", Intent.Stop);
        var start = Assert.IsType<Step.Start>(Assert.Single(Plan(documents).Steps));
        Assert.Equal((B, "timer-2"), (start.Node, start.Replica.Value));
        Assert.Equal("it replaces timer-1: the lease of node a-1 has ended", start.Because);
    }

    [Fact]
    public void A_node_that_came_back_before_it_was_withdrawn_keeps_it()
    {
        var plan = Plan(Cluster(1, 1).Node("a-1", 1, "timer-1").Node("b-1", 1));
        Assert.Equal((0, 0), (plan.Steps.Count, plan.Waiting.Count));
    }

    [Fact]
    public void The_withdrawal_has_no_effect_when_the_node_has_come_back()
    {
        var state = Cluster(1, 1).Node("a-1", 1, "timer-1").Node("b-1", 1).Delete(Keys.Seen(A)).State;
        var steps = Planner.Diff(state, PlanningFacts.None).Steps;
        Assert.Contains(Compare.Absent(Keys.Seen(A)), PlanTxn.Of(state, [.. steps], 1).Compares);
    }

    [Fact]
    public void A_deploy_stops_the_old_one_first()
    {
        var documents = Cluster(1, 2).Node("a-1", 1, "timer-1").Node("b-1", 1);
        Assert.IsType<Step.Drain>(Assert.Single(Plan(documents).Steps));

        Intend(documents, A, "timer-1", Intent.Stop);
        var plan = Plan(documents);
        Assert.Empty(plan.Steps);
        Assert.Equal("it waits until timer-1 on a-1 has stopped", Assert.Single(plan.Waiting).Because);

        documents.Node("a-1", 1);
        Assert.Equal(2, Assert.IsType<Step.Start>(Assert.Single(Plan(documents).Steps)).Revision);
    }

    [Fact]
    public void It_is_not_taken_from_a_drained_node_when_no_other_has_room()
    {
        var documents = Cluster(1, 1).Node("a-1", 1, "timer-1");
        documents.Put(Keys.Asked, new Asked { Revision = 1, Drained = [A] });
        var plan = Plan(documents);
        Assert.Empty(plan.Steps);
        Assert.StartsWith("no node fits", Assert.Single(plan.Waiting).Because, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_is_no_singleton_any_more_first_ends_the_one_that_was()
    {
        var documents = Cluster(1, 2, singletonAfter: false).Node("a-1", 1, "timer-1").Node("b-1", 1);
        Assert.IsType<Step.Drain>(Assert.Single(Plan(documents).Steps));
        documents.Node("a-1", 1);
        Assert.IsType<Step.Start>(Assert.Single(Plan(documents).Steps));
    }

    [Fact]
    public void A_count_from_before_asks_for_no_second_one()
    {
        var asked = new Asked { Revision = 1, Scale = [new Scale(Timer, 3)] };
        Assert.Equal(1, asked.ReplicasOf(Spec(1, true).Services[0]));
    }

    [Fact]
    public void The_leases_of_its_nodes_have_to_run_out() =>
        Assert.Equal([A], Singletons.Nodes(Cluster(1, 1).Node("a-1", 1, "timer-1").Node("b-1", 1).State));

    private static Dead Dead => new(ZoneName.Of("a"), 1, "silent");

    private static Plan Plan(Documents documents) => Planner.Diff(documents.State, PlanningFacts.None);

    private static Documents Cluster(int current, int target, bool singletonAfter = true) =>
        new Documents().Revision(1, Spec(1, true)).Revision(2, Spec(2, singletonAfter)).Asked(target)
            .Put(Keys.Rollout, new Rollout
            {
                Current = current, Target = target, Serials = [new NextSerial(Timer, 2)],
                Stage = current == target ? RolloutStage.Done : RolloutStage.Rolling,
            });

    private static ClusterSpec Spec(int version, bool singleton) => new()
    {
        Name = "shop",
        Services = [new ServiceSpec { Name = Timer, Command = ["run", $"{version}"], Singleton = singleton }],
    };

    private static void Intend(Documents documents, NodeName node, string replica, Intent intent) =>
        documents.Put(Keys.Assigned(node), new Assigned
        {
            Replicas =
            [
                new Assignment { Replica = ReplicaName.Of(replica), Service = Timer, Revision = 1, Intent = intent },
            ],
        });
}
