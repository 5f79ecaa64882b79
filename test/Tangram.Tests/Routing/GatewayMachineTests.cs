using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Routing;

public sealed class GatewayMachineTests
{
    private readonly GatewayMachine _machine = new("g", isPublic: true, TimeSpan.FromSeconds(3));

    private Bed Gateway(Documents? documents = null) =>
        new(_machine, (documents ?? Moving.Settled(3).Delete(Keys.Gateway("g"))).Store());

    private static GatewaySeen Seen(Bed bed) => bed.State.Gateways["g"].Value;

    private static PublishRoutes[] Published(Bed bed) => [.. bed.Effects.OfType<PublishRoutes>()];

    private static TrafficSeen Traffic(Bed bed, long? applied = null, params string[] busy) =>
        new(applied ?? bed.State.RoutedRevision, busy.Select(ReplicaName.Of).ToEquatableArray(), []);

    [Fact]
    public void It_has_no_routes_before_the_store_knows_of_it()
    {
        var bed = Gateway();
        bed.Says = StoreStatus.Unavailable;
        bed.Run(2.8);
        Assert.Empty(Published(bed));
        Assert.False(_machine.Registered);
        bed.Says = null;
        bed.Run(0.3);
        Assert.Equal(bed.State.RoutedRevision, Published(bed)[^1].State.RoutedRevision);
        Assert.True(_machine.Registered);
    }

    [Fact]
    public void A_store_that_stays_away_does_not_leave_it_without_routes()
    {
        var bed = Gateway();
        bed.Says = StoreStatus.Unavailable;
        bed.Run(3.5);
        Assert.Single(Published(bed));
        Assert.True(_machine.Alone);
        bed.Says = null;
        bed.Run(1);
        Assert.True(_machine.Registered);
        Assert.False(_machine.Alone);
        Assert.Contains("g", bed.State.Gateways.Keys);
    }

    [Fact]
    public void While_another_has_its_name_it_writes_nothing_and_has_no_routes()
    {
        var bed = Gateway();
        var others = bed.Store.Grant(TimeSpan.FromSeconds(6), bed.Now).Lease;
        bed.Put(Keys.Gateway("g"), new GatewaySeen { Instance = "other" }, others);
        bed.Run(5);
        Assert.Empty(bed.Commits);
        Assert.Empty(Published(bed));
        Assert.False(_machine.Alone);
        Assert.Contains("has the name g: this one waits", Assert.Single(bed.Announced));
        bed.Run(3);
        Assert.True(_machine.Registered);
        Assert.NotEmpty(Published(bed));
    }

    [Fact]
    public void Its_first_routes_are_of_a_state_in_which_it_is_registered()
    {
        var bed = Gateway();
        bed.Run(0.2);
        Assert.NotEmpty(Published(bed));
        Assert.All(Published(bed), p => Assert.Contains("g", p.State.Gateways.Keys));
    }

    [Fact]
    public void A_registration_whose_answer_was_lost_is_repeated_before_there_are_routes()
    {
        var bed = Gateway();
        (bed.Says, bed.Happens, bed.Times) = (StoreStatus.Unknown, true, 1);
        bed.Run(1);
        Assert.Equal(2, bed.Commits.Count());
        Assert.IsType<Effect.Commit>(bed.Effects.TakeWhile(e => e is not PublishRoutes).Last());
        Assert.Single(Published(bed));
    }

    [Fact]
    public void Routes_are_acknowledged_when_they_are_in_force_and_not_when_they_were_ordered()
    {
        var bed = Gateway().Run(1);
        Assert.NotEmpty(Published(bed));
        Assert.Equal(0, Seen(bed).Applied);
        bed.Give(Traffic(bed));
        Assert.Equal(bed.State.RoutedRevision, Seen(bed).Applied);
    }

    [Fact]
    public void An_acknowledgement_waits_for_no_tick()
    {
        var bed = Gateway().Run(1).Forget().Give(Traffic(bed: Gateway(), 3));
        Assert.Single(bed.Commits);
    }

    [Fact]
    public void Routes_are_published_again_only_when_something_they_depend_on_has_changed()
    {
        var bed = Gateway().Run(1).Forget();
        bed.Put(Keys.Term, new Term("server", "one")).Put(Keys.Gateway("h"), new GatewaySeen()).Run(1);
        Assert.Empty(Published(bed));
        bed.Put(Keys.Dead(NodeName.Of("a-1")), new Dead(ZoneName.Of("a"), 1, "silent")).Run(1);
        Assert.Single(Published(bed));
    }

    [Fact]
    public void Requests_in_flight_to_a_draining_replica_are_said_and_their_end_too()
    {
        var bed = Gateway().Run(1).Give(Traffic(Gateway(), 1, "order-1"));
        Assert.Equal(["order-1"], Seen(bed).Busy.Select(r => r.Value));
        bed.See().Give(Traffic(Gateway(), 1));
        Assert.Empty(Seen(bed).Busy);
    }

    [Fact]
    public void Outcomes_are_told_only_while_a_rollout_runs_and_not_too_often()
    {
        var rolling = Gateway(Moving.Rolling(3).Delete(Keys.Gateway("g"))).Run(1).Forget();
        for (var i = 1; i <= 20; i++)
            rolling.Run(0.1).Give(new TrafficSeen(1, [], [new Outcomes(Moving.Order, 2, i, 0)]));
        Assert.InRange(rolling.Commits.Count(), 5, 9);
        Assert.NotEmpty(Seen(rolling.Run(0.5)).Outcomes);
        rolling.Put(Keys.Rollout, new Rollout { Current = 2, Target = 2, Stage = RolloutStage.Done }).Run(0.5);
        Assert.Empty(Seen(rolling).Outcomes);
    }

    [Fact]
    public void Nothing_is_written_while_nothing_changes()
    {
        var bed = Gateway().Run(1).Forget().Run(30);
        Assert.Empty(bed.Commits);
    }

    [Fact]
    public void A_store_that_refuses_is_not_asked_again_before_the_next_tick()
    {
        var bed = Gateway();
        bed.Says = StoreStatus.Unavailable;
        bed.Run(1);
        Assert.InRange(bed.Commits.Count(), 2, 11);
    }

    [Fact]
    public void When_its_lease_has_ended_it_registers_again_and_keeps_its_routes()
    {
        var bed = Gateway().Run(1);
        bed.Give(Traffic(bed)).See().Forget();
        bed.LeasesLost = true;
        bed.Run(10);
        Assert.Empty(bed.State.Gateways);
        bed.LeasesLost = false;
        bed.Run(5);
        Assert.Equal(bed.State.RoutedRevision, Seen(bed).Applied);
        Assert.Empty(Published(bed));
    }
}
