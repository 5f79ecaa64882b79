using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Deploying;

public sealed class AgentMachineTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);
    private static readonly NodeName Node = NodeName.Of("a-1");
    private static readonly ReplicaName First = ReplicaName.Of("order-1");

    private static AgentMachine Machine(string node, long incarnation, params Survivor[] survivors) => new(
        new NodeIdentity(NodeName.Of(node), ZoneName.Of(node[..1]), [], new Resources(), incarnation), Ttl, survivors,
        new Instant(TimeSpan.TicksPerHour));

    private static Bed Agent(Documents documents, params Survivor[] survivors) =>
        new(Machine("a-1", 2, survivors), documents.Store());

    private static Survivor Alive(int serial, int pid = 77) =>
        new(ReplicaName.Of(Moving.Order, serial), Moving.Order, 1, 4, pid, 5004);

    private static SeenReplica Seen(Bed bed) => Assert.Single(bed.State.Nodes[Node].Seen!.Value.Replicas);

    private static IEnumerable<T> Of<T>(Bed bed) where T : Effect => bed.Effects.OfType<T>();

    private static Bed Ready(Bed bed) => bed.Run(0.3).Give(new ReplicaEvent.Launched(First, 1, 5, 5001, null))
        .Give(new ReplicaEvent.Checked(First, 1, true, "")).Run(0.1);

    /// <summary>Order-1 is assigned to a-1; nothing has been seen there.</summary>
    private static Documents Assigned() => Moving.Settled(3).Silent("a-1");

    [Fact]
    public void It_starts_what_is_assigned_and_says_what_it_sees()
    {
        var bed = Ready(Agent(Assigned()));
        Assert.Single(Of<ReplicaEffect.Launch>(bed));
        Assert.Equal((Phase.Ready, 5001, 5), (Seen(bed).Phase, Seen(bed).Port, Seen(bed).Pid));
        Assert.Equal(2, bed.State.Nodes[Node].Seen!.Value.Incarnation);
    }

    [Fact]
    public void What_it_sees_vanishes_with_its_lease_and_its_replicas_run_on()
    {
        var bed = Ready(Agent(Assigned())).Forget();
        bed.LeasesLost = true;
        bed.Run(10);
        Assert.Null(bed.State.Nodes[Node].Seen);
        Assert.Empty(Of<ReplicaEffect.Signal>(bed));
        bed.LeasesLost = false;
        bed.Run(5);
        Assert.Equal(Phase.Ready, Seen(bed).Phase);
    }

    [Fact]
    public void Without_a_store_it_restarts_what_crashes()
    {
        var bed = Ready(Agent(Assigned())).Forget();
        (bed.LeasesLost, bed.Blind, bed.Says) = (true, true, StoreStatus.Unavailable);
        bed.Run(10).Give(new ReplicaEvent.Exited(First, 1, 137, "")).Run(0.1);
        Assert.Equal(2, Assert.Single(Of<ReplicaEffect.Launch>(bed)).Start);
    }

    [Fact]
    public void From_a_recalled_state_it_starts_what_it_was_assigned_and_stops_nothing()
    {
        var bed = Agent(Assigned(), Alive(99));
        var recalled = ClusterState.From(bed.State.ToRange()) with { Revision = 9_000, Recalled = true };
        bed.Blind = bed.LeasesLost = true;
        bed.Give(new Event.StateChanged(recalled)).Run(1);
        Assert.Equal(First, Assert.Single(Of<ReplicaEffect.Launch>(bed)).Replica);
        Assert.Empty(Of<ReplicaEffect.Signal>(bed));

        // Whatever revision the store has, its word counts when it is back.
        bed.Blind = bed.LeasesLost = false;
        bed.Run(5);
        Assert.Equal(ReplicaName.Of(Moving.Order, 99), Assert.Single(Of<ReplicaEffect.Signal>(bed)).Replica);
        Assert.NotNull(bed.State.Nodes[Node].Seen);
    }

    [Fact]
    public void Nothing_is_written_while_nothing_changes()
    {
        var bed = Ready(Agent(Assigned())).Forget().Run(30);
        Assert.Empty(bed.Commits);
    }

    [Fact]
    public void A_store_that_refuses_is_not_asked_again_before_the_next_tick()
    {
        var bed = Agent(Assigned());
        bed.Says = StoreStatus.Unavailable;
        bed.Run(1);
        Assert.InRange(bed.Commits.Count(), 2, 11);
        bed.Says = null;
        bed.Run(0.2);
        Assert.NotNull(bed.State.Nodes[Node].Seen);
    }

    [Fact]
    public void A_write_whose_answer_was_lost_is_neither_lost_nor_a_conflict_for_ever()
    {
        var bed = Agent(Assigned());
        (bed.Says, bed.Happens, bed.Times) = (StoreStatus.Unknown, true, 1);
        Ready(bed);
        Assert.Equal(0, bed.Times);
        Assert.Equal(Phase.Ready, Seen(bed).Phase);
    }

    [Fact]
    public void An_older_agent_of_the_same_node_does_not_overwrite_the_newer_one()
    {
        var bed = Agent(Assigned());
        bed.Put(Keys.Seen(Node), new Seen { Incarnation = 3, Zone = ZoneName.Of("a") });
        bed.Run(2);
        Assert.Empty(bed.Commits);
    }

    [Fact]
    public void A_newer_agent_takes_the_key_over_from_the_older_one()
    {
        var bed = Agent(Assigned());
        bed.Put(Keys.Seen(Node), new Seen { Incarnation = 1, Zone = ZoneName.Of("a") });
        bed.Run(0.5);
        Assert.Equal(2, bed.State.Nodes[Node].Seen!.Value.Incarnation);
    }

    [Fact]
    public void A_surviving_process_is_adopted_and_not_started_twice()
    {
        var bed = Agent(Assigned(), Alive(1)).Run(0.3);
        Assert.Empty(Of<ReplicaEffect.Launch>(bed));
        Assert.Equal((77, 4), (Seen(bed).Pid, Seen(bed).Starts));
    }

    [Fact]
    public void A_surviving_process_that_is_no_longer_assigned_is_stopped_and_then_forgotten()
    {
        var bed = Agent(Assigned(), Alive(1), Alive(9)).Run(0.3);
        var gone = ReplicaName.Of("order-9");
        Assert.Equal(gone, Assert.Single(Of<ReplicaEffect.Signal>(bed)).Replica);
        Assert.Empty(Of<ReplicaEffect.Forget>(bed));
        bed.Give(new ReplicaEvent.Exited(gone, 4, 143, "")).Run(0.3);
        Assert.Equal(gone, Assert.Single(Of<ReplicaEffect.Forget>(bed)).Replica);
        Assert.Equal(First, Seen(bed).Replica);
    }

    [Fact]
    public void Surviving_processes_are_left_alone_while_the_store_is_away()
    {
        var bed = Agent(Assigned(), Alive(1), Alive(9));
        bed.Blind = true;
        bed.Run(60);
        Assert.Empty(Of<ReplicaEffect>(bed));
    }

    [Fact]
    public void An_orderly_end_stops_every_replica_and_no_later_state_starts_one()
    {
        var bed = Ready(Agent(Assigned())).Forget().Give(new StopEverything());
        Assert.Equal(First, Assert.Single(Of<ReplicaEffect.Signal>(bed)).Replica);
        bed.Run(1);
        Assert.Empty(Of<EverythingStopped>(bed));
        bed.Give(new ReplicaEvent.Exited(First, 1, 0, ""));
        Assert.NotEmpty(Of<EverythingStopped>(bed));
        bed.Put(Keys.Asked, new Asked { Revision = 1 });
        bed.Run(60);
        Assert.Empty(Of<ReplicaEffect.Launch>(bed));
        Assert.Equal(Phase.Stopped, Seen(bed).Phase);
    }

    [Fact]
    public void Before_it_is_replaced_it_says_so_under_a_lease_that_lasts_until_the_next_is_there()
    {
        var bed = Ready(Agent(Assigned())).Forget().Give(new AgentLeaves());
        Assert.Single(Of<AgentLeft>(bed));
        Assert.True(bed.State.Nodes[Node].Seen!.Value.Away);
        Assert.Equal(Phase.Ready, Seen(bed).Phase);
        bed.LeasesLost = true;
        bed.Run(14);
        Assert.NotNull(bed.State.Nodes[Node].Seen);
        Assert.True(bed.State.Nodes[Node].Seen!.Value.Away);
        bed.Run(2);
        Assert.Null(bed.State.Nodes[Node].Seen);
    }

    [Fact]
    public void Without_a_store_it_leaves_at_once()
    {
        var bed = Ready(Agent(Assigned())).Forget();
        bed.LeasesLost = true;
        bed.Run(10).Give(new AgentLeaves());
        Assert.Single(Of<AgentLeft>(bed));
    }

    [Fact]
    public void A_neighbour_that_falls_silent_is_named_in_the_heartbeats_and_others_are_not()
    {
        var bed = Agent(Assigned());
        for (var i = 0; i < 8; i++) bed.Run(0.5).Give(Heartbeat("b-1")).Give(Heartbeat("c-1"));
        Assert.Empty(Of<Effect.Send>(bed).Last().Message.Unheard);
        for (var i = 0; i < 4; i++) bed.Run(0.5).Give(Heartbeat("c-1"));
        Assert.Equal(["b-1"], Of<Effect.Send>(bed).Last().Message.Unheard.Select(n => n.Value));
    }

    [Fact]
    public void An_agent_that_was_itself_asleep_accuses_nobody()
    {
        var bed = Agent(Assigned());
        for (var i = 0; i < 4; i++) bed.Run(0.5).Give(Heartbeat("b-1")).Give(Heartbeat("c-1"));
        bed.Sleep(60).Forget().Run(1);
        Assert.All(Of<Effect.Send>(bed), s => Assert.Empty(s.Message.Unheard));
    }

    private static Event Heartbeat(string from) => new Event.Heard(new Message(NodeName.Of(from), 1, []));
}
