using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class CandidateMachineTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);

    private static (CandidateMachine Machine, Bed Bed) Server(string id, StoreEngine? store = null)
    {
        var machine = new CandidateMachine("server", id, Ttl, new Requests());
        var bed = new Bed(machine, store);
        bed.Put("other", new Term("nobody", "x"));
        return (machine, bed);
    }

    [Fact]
    public void It_leads_in_the_term_that_the_store_gave_it()
    {
        var (machine, bed) = Server("one");
        bed.Run(0.3);
        Assert.Equal(bed.State.Term!.ModRevision, machine.Leading(bed.Now));
        Assert.Equal(new Term("server", "one"), bed.State.Term.Value);
    }

    [Fact]
    public void It_does_not_stand_before_it_has_seen_the_store()
    {
        var (machine, bed) = Server("one");
        bed.Blind = true;
        bed.Run(2);
        Assert.Empty(bed.Commits);
        Assert.Null(machine.Leading(bed.Now));
    }

    [Fact]
    public void A_restarted_server_does_not_take_its_former_self_for_itself()
    {
        var (_, before) = Server("one");
        before.Run(0.3);
        var (machine, bed) = Server("two", before.Store);
        bed.Run(0.5);
        Assert.Null(machine.Leading(bed.Now));
        Assert.Empty(bed.Commits);
    }

    [Fact]
    public void It_stops_leading_by_itself_before_the_store_can_give_the_term_away()
    {
        var (machine, bed) = Server("one");
        bed.Run(2);
        (bed.LeasesLost, bed.Blind) = (true, true);
        var last = bed.Now;
        while (machine.Leading(bed.Now) is not null)
        {
            last = bed.Now;
            bed.Run(0.1);
        }
        Assert.NotNull(bed.State.Term);
        Assert.True(bed.Now - last <= Event.Tick.Every);
    }

    [Fact]
    public void Who_loses_the_race_waits_until_the_term_is_free_again()
    {
        var (machine, bed) = Server("late");
        bed.Blind = true;
        bed.Run(0.1);
        var other = bed.Store.Grant(TimeSpan.FromSeconds(2), bed.Now).Lease;
        bed.Put(Keys.Term, new Term("server", "faster"), other);
        bed.Give(new Event.StateChanged(ClusterState.Empty with { Revision = 1 }));
        Assert.Null(machine.Leading(bed.Now));
        bed.Blind = false;
        bed.Forget().Run(1.5);
        Assert.Empty(bed.Commits);
        bed.Run(1);
        Assert.NotNull(machine.Leading(bed.Now));
    }

    [Fact]
    public void A_lost_answer_does_not_cost_the_term_that_it_won()
    {
        var (machine, bed) = Server("one");
        (bed.Says, bed.Happens) = (StoreStatus.Unknown, true);
        bed.Run(0.5);
        Assert.NotNull(machine.Leading(bed.Now));
    }

    [Fact]
    public void A_store_that_refuses_is_not_asked_again_before_the_next_tick()
    {
        var (machine, bed) = Server("one");
        bed.Says = StoreStatus.Unavailable;
        bed.Run(1);
        Assert.InRange(bed.Commits.Count(), 2, 11);
        Assert.Null(machine.Leading(bed.Now));
    }

    [Fact]
    public void A_term_whose_lease_has_ended_is_not_led_on_the_next_lease()
    {
        var (machine, bed) = Server("one");
        bed.Run(0.3);
        bed.Blind = true;
        Assert.Equal(1, bed.Store.State.LastLease);
        bed.Store.Revoke(1);
        bed.Run(2);
        Assert.Equal(2, bed.Store.State.LastLease);
        Assert.Null(machine.Leading(bed.Now));
        bed.Blind = false;
        bed.Run(0.3);
        Assert.Equal(bed.State.Term!.ModRevision, machine.Leading(bed.Now));
    }

    [Fact]
    public void A_server_that_resigns_frees_the_term_at_once()
    {
        var (machine, bed) = Server("one");
        bed.Run(0.3);
        var effects = new List<Effect>();
        machine.Resign(effects);
        Assert.Equal(new Effect.Revoke(1), Assert.Single(effects));
        Assert.Null(machine.Leading(bed.Now));
    }
}
