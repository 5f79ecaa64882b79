using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Deploying;

public sealed class LeaderMachineTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);

    private static (LeaderMachine Machine, Bed Bed) Server(Documents documents)
    {
        var machine = new LeaderMachine("server", "one", Ttl);
        return (machine, new Bed(machine, documents.Store()));
    }

    /// <summary>All three nodes say that they live, as long as the test lets them.</summary>
    private static void Live(Bed bed, double seconds, params string[] silent)
    {
        for (var end = bed.Now + TimeSpan.FromSeconds(seconds); bed.Now < end; bed.Run(0.5))
            foreach (var name in new[] { "a-1", "b-1", "c-1" }.Except(silent))
                bed.Give(new Event.Heard(new Message(NodeName.Of(name), 1, silent.Select(NodeName.Of)
                    .ToEquatableArray())));
    }

    private static Documents Ready(Documents documents) => documents.Gateway("g", 1_000_000);

    private static IEnumerable<Txn> Plans(Bed bed) =>
        bed.Commits.Where(t => t.Then.Any(op => op is StoreOp.Put { Key: not Keys.Term }));

    [Fact]
    public void It_plans_only_while_it_leads()
    {
        var (machine, bed) = Server(Ready(Moving.Settled(3).Asked(1, new Scale(Moving.Order, 5))));
        var other = bed.Store.Grant(TimeSpan.FromSeconds(5), bed.Now).Lease;
        bed.Put(Keys.Term, new Term("other", "x"), other);
        Live(bed, 4);
        Assert.Empty(bed.Commits);
        Live(bed, 3);
        Assert.NotNull(machine.Leading(bed.Now));
        Assert.Equal(5, bed.State.Nodes.Values.Sum(n => n.Assignments.Count));
    }

    [Fact]
    public void Every_plan_compares_its_term()
    {
        var (_, bed) = Server(Ready(Moving.Settled(3).Asked(1, new Scale(Moving.Order, 5))));
        Live(bed, 2);
        var term = bed.State.Term!.ModRevision;
        Assert.NotEmpty(Plans(bed));
        Assert.All(Plans(bed), plan => Assert.Contains(
            new Compare(Keys.Term, CompareTarget.CreateRevision, CompareResult.Equal, term), plan.Compares));
    }

    [Fact]
    public void A_leader_that_cannot_renew_stops_planning_although_the_term_is_still_its_own()
    {
        var (machine, bed) = Server(Ready(Moving.Settled(3)));
        Live(bed, 2);
        (bed.LeasesLost, bed.Blind) = (true, true);
        Live(bed, 2.7);
        Assert.Null(machine.Leading(bed.Now));
        Assert.Equal("leads no more", bed.Announced.Last());
        bed.Blind = false;
        bed.Put(Keys.Asked, new Asked { Revision = 1, Scale = [new Scale(Moving.Order, 5)] });
        bed.Forget();
        Live(bed, 3);
        Assert.Empty(Plans(bed));
    }

    [Fact]
    public void An_unknown_answer_is_neither_announced_nor_carried_out_twice()
    {
        var (_, bed) = Server(Ready(Moving.Settled(3)));
        Live(bed, 1);
        bed.Forget().Put(Keys.Asked, new Asked { Revision = 1, Scale = [new Scale(Moving.Order, 5)] });
        (bed.Says, bed.Happens) = (StoreStatus.Unknown, true);
        bed.See();
        bed.Says = null;
        Live(bed, 2);
        Assert.Empty(bed.Announced);
        Assert.Equal(["order-1", "order-2", "order-3", "order-4", "order-5"],
            bed.State.Nodes.Values.SelectMany(n => n.Assignments).Select(a => a.Replica.Value).Order());
    }

    [Theory]
    [InlineData(StoreStatus.Unknown)]
    [InlineData(StoreStatus.Unavailable)]
    public void What_did_not_happen_is_planned_again(StoreStatus status)
    {
        var (_, bed) = Server(Ready(Moving.Settled(3)));
        Live(bed, 1);
        bed.Put(Keys.Asked, new Asked { Revision = 1, Scale = [new Scale(Moving.Order, 5)] });
        bed.Says = status;
        Live(bed, 1);
        Assert.Equal(3, bed.State.Nodes.Values.Sum(n => n.Assignments.Count));
        bed.Says = null;
        Live(bed, 1);
        Assert.Equal(5, bed.State.Nodes.Values.Sum(n => n.Assignments.Count));
    }

    [Fact]
    public void After_a_plan_it_waits_until_it_sees_its_own_writing()
    {
        var (_, bed) = Server(Ready(Moving.Settled(3)));
        Live(bed, 1);
        var asked = bed.State;
        bed.Put(Keys.Asked, new Asked { Revision = 1, Scale = [new Scale(Moving.Order, 5)] });
        bed.Blind = true;
        bed.Forget().Give(new Event.StateChanged(bed.State));
        Assert.Single(Plans(bed));
        Live(bed, 2);
        Assert.Single(Plans(bed));
    }

    [Fact]
    public void A_settled_cluster_costs_no_writes()
    {
        var (_, bed) = Server(Ready(Moving.Settled(6)));
        Live(bed, 2);
        bed.Forget();
        Live(bed, 60);
        Assert.Empty(bed.Commits);
    }

    [Fact]
    public void A_node_that_falls_silent_is_declared_dead_replaced_and_welcomed_back()
    {
        var (_, bed) = Server(Ready(Moving.Settled(3)));
        Live(bed, 2);
        Live(bed, 4, "b-1");
        Assert.NotNull(bed.State.Nodes[NodeName.Of("b-1")].Dead);
        Assert.Contains(bed.State.Nodes.Values.SelectMany(n => n.Assignments), a => a.Replica.Value == "order-4");
        Live(bed, 2);
        Assert.Null(bed.State.Nodes[NodeName.Of("b-1")].Dead);
    }

    [Fact]
    public void A_drained_replica_that_stays_busy_is_stopped_when_its_grace_is_over()
    {
        var (_, bed) = Server(Moving.Settled(3).Asked(1, new Scale(Moving.Order, 2)).Put(Keys.Gateway("g"),
            new GatewaySeen { Applied = 1_000_000, Busy = [ReplicaName.Of("order-3")] }));
        Live(bed, 9);
        Assert.Equal(Intent.Drain, Assert.Single(bed.State.Nodes[NodeName.Of("c-1")].Assignments).Intent);
        Live(bed, 3);
        Assert.Equal(Intent.Stop, Assert.Single(bed.State.Nodes[NodeName.Of("c-1")].Assignments).Intent);
    }

    [Fact]
    public void What_it_has_watched_in_an_earlier_term_does_not_count()
    {
        var watching = Moving.Rolling(3).Node("a-1", 2, "order-4").Node("b-1", 2, "order-5")
            .Node("c-1", 2, "order-6").Stage(1, 2, RolloutStage.Watching, 7, "order");
        var (machine, bed) = Server(Ready(watching));
        Live(bed, 6);
        Assert.NotNull(machine.Leading(bed.Now));
        bed.LeasesLost = true;
        Live(bed, 6);
        Assert.Null(machine.Leading(bed.Now));
        bed.LeasesLost = false;
        while (machine.Leading(bed.Now) is null) Live(bed, 0.5);
        Live(bed, 8);
        Assert.Equal(RolloutStage.Watching, bed.State.Rollout!.Value.Stage);
        Live(bed, 3);
        Assert.Equal(RolloutStage.Done, bed.State.Rollout!.Value.Stage);
    }
}
