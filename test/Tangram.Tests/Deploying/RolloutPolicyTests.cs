using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Deploying;

public sealed class RolloutPolicyTests
{
    private readonly Tangram.Coordinating.Windows _windows = new();
    private Instant _now = new(TimeSpan.TicksPerHour);

    /// <summary>Asks every 100 ms for a while, and returns the first answer.</summary>
    private (Rollout Next, string Because)? After(double seconds, Documents documents)
    {
        var state = documents.State;
        for (var end = _now + TimeSpan.FromSeconds(seconds); _now < end; _now += Event.Tick.Every)
        {
            _windows.BeginTurn();
            if (RolloutPolicy.Next(state, _windows, _now) is { } next) return next;
        }
        return null;
    }

    private (Rollout Next, string Because)? Now(Documents documents) => After(0.1, documents);

    private static Func<ServiceSpec, ServiceSpec> Fails(FailureAction action) => Moving.Deploy(d => d with
    {
        Update = d.Update with { FailureAction = action },
    });

    /// <summary>Two of three replicas of revision 2 stand, and the first of them looks like this.</summary>
    private static Documents Trial(Func<SeenReplica, SeenReplica> change,
        Func<ServiceSpec, ServiceSpec>? spec = null) => Moving.Rolling(3, spec)
        .Node("a-1", 2, "order-4").Looks("a-1", "order-4", change).Gateway("g");

    private static Documents AllNew(RolloutStage stage, Func<ServiceSpec, ServiceSpec>? spec = null) =>
        Moving.Rolling(3, spec).Node("a-1", 2, "order-4").Node("b-1", 2, "order-5").Node("c-1", 2, "order-6")
            .Stage(1, 2, stage, 7, "order").Gateway("g");

    private static Documents Outcomes(Documents documents, long requests, long failures) =>
        documents.Put(Keys.Gateway("g"), new GatewaySeen
        {
            Applied = 1_000, Outcomes = [new(Moving.Order, 1, 1_000, 0), new(Moving.Order, 2, requests, failures)],
        });

    [Fact]
    public void What_is_asked_for_begins_and_what_was_in_force_stays_what_it_goes_back_to()
    {
        var next = Now(Moving.Settled(3).Revision(2, Moving.Spec(2, 3), 1).Asked(2))!.Value.Next;
        Assert.Equal((1, 2, RolloutStage.Rolling), (next.Current, next.Target, next.Stage));
    }

    [Fact]
    public void A_newer_request_supersedes_one_that_was_not_finished_and_goes_back_to_the_same()
    {
        var next = Now(Moving.Rolling(3, null, "order").Revision(3, Moving.Spec(3, 3), 1).Asked(3))!.Value.Next;
        Assert.Equal((1, 3, RolloutStage.Rolling, 0),
            (next.Current, next.Target, next.Stage, next.Admitted.Count));
        Assert.Equal(4, Assert.Single(next.Serials).Next);
    }

    [Fact]
    public void The_first_batch_is_admitted_when_it_has_served_for_the_whole_monitor_time()
    {
        Assert.Null(After(9.9, Trial(r => r)));
        Assert.Equal(["order"], After(0.5, Trial(r => r))!.Value.Next.Admitted.Select(s => s.Value));
    }

    [Fact]
    public void A_first_batch_that_stumbles_is_watched_from_the_beginning_again()
    {
        Assert.Null(After(8, Trial(r => r)));
        Assert.Null(Now(Trial(r => r with { Phase = Phase.Unready })));
        Assert.Null(After(9.9, Trial(r => r)));
        Assert.NotNull(After(0.5, Trial(r => r)));
    }

    [Fact]
    public void When_every_replica_serves_the_revision_is_watched_before_it_becomes_current()
    {
        Assert.Equal(RolloutStage.Watching, Now(AllNew(RolloutStage.Rolling))!.Value.Next.Stage);
        Assert.Null(After(9.9, AllNew(RolloutStage.Watching)));
        var done = After(0.5, AllNew(RolloutStage.Watching))!.Value.Next;
        Assert.Equal((RolloutStage.Done, 2), (done.Stage, done.Current));
    }

    [Fact]
    public void A_new_leader_watches_for_the_whole_time_again()
    {
        Assert.Null(After(9, AllNew(RolloutStage.Watching)));
        var successor = new RolloutPolicyTests();
        Assert.Null(successor.After(9.9, AllNew(RolloutStage.Watching)));
        Assert.NotNull(successor.After(0.5, AllNew(RolloutStage.Watching)));
    }

    [Fact]
    public void A_first_deploy_is_done_as_soon_as_everything_serves()
    {
        var next = Now(Moving.Settled(3).Stage(0, 1, RolloutStage.Rolling, 4))!.Value.Next;
        Assert.Equal((RolloutStage.Done, 1), (next.Stage, next.Current));
    }

    [Fact]
    public void A_first_deploy_that_fails_has_nothing_to_go_back_to_and_may_still_come_right()
    {
        var broken = Moving.Settled(3).Stage(0, 1, RolloutStage.Rolling, 4)
            .Looks("a-1", "order-1", r => r with { Phase = Phase.Waiting, FailedStarts = 2 });
        var next = Now(broken)!.Value.Next;
        Assert.Equal(RolloutStage.Failed, next.Stage);
        Assert.Contains("order-1 ended with exit code 1, 2 times, before it was ever ready", next.Because);
        Assert.Null(Now(broken.Stage(0, 1, RolloutStage.Failed, 4)));
        Assert.Equal(RolloutStage.Done, Now(Moving.Settled(3).Stage(0, 1, RolloutStage.Failed, 4))!.Value.Next.Stage);
    }

    [Fact]
    public void One_failed_start_is_bad_luck_and_two_roll_back()
    {
        Assert.Null(Now(Trial(r => r with { Phase = Phase.Waiting, FailedStarts = 1 })));
        var next = Now(Trial(r => r with { Phase = Phase.Waiting, FailedStarts = 2 }))!.Value.Next;
        Assert.Equal((RolloutStage.RollingBack, 1), (next.Stage, next.Effective));
        Assert.StartsWith("order-4 ended", next.Because);
    }

    [Fact]
    public void A_replica_that_is_not_ready_within_its_start_timeout_rolls_back()
    {
        var slow = Trial(r => r with { Phase = Phase.Starting, Because = "connection refused" });
        Assert.Null(After(29.9, slow));
        Assert.Equal("order-4 was not ready within 30 s (connection refused)", After(1, slow)!.Value.Next.Because);
    }

    [Fact]
    public void A_new_replica_that_keeps_ending_after_it_was_ready_rolls_back()
    {
        Assert.Null(Now(Trial(r => r with { EverReady = true, Ends = 1 })));
        Assert.Equal(RolloutStage.RollingBack,
            Now(Trial(r => r with { EverReady = true, Ends = 2 }))!.Value.Next.Stage);
    }

    [Fact]
    public void What_happens_to_replicas_of_the_old_revision_is_not_held_against_the_new_one()
    {
        var old = Trial(r => r).Looks("b-1", "order-2", r => r with
        {
            Phase = Phase.Waiting, FailedStarts = 9, EverReady = false,
        });
        Assert.Null(Now(old.Gateway("g")));
    }

    [Theory]
    [InlineData(RolloutStage.Rolling)]
    [InlineData(RolloutStage.Watching)]
    public void A_revision_that_is_ready_and_wrong_is_rolled_back(RolloutStage stage)
    {
        Assert.Null(Now(Outcomes(AllNew(RolloutStage.Watching), 10, 0)));
        var next = Now(Outcomes(AllNew(stage), 10, 5))!.Value.Next;
        Assert.Equal(RolloutStage.RollingBack, next.Stage);
        Assert.StartsWith("5 of 10 requests", next.Because);
    }

    [Fact]
    public void Outcomes_after_the_watch_change_nothing() =>
        Assert.Null(Now(Outcomes(AllNew(RolloutStage.Done), 10, 10)));

    [Fact]
    public void The_tolerated_share_of_failed_replicas_is_tolerated()
    {
        var third = Moving.Deploy(d => d with { Update = d.Update with { MaxFailureRatio = 0.34 } });
        Assert.Null(Now(Trial(r => r with { Phase = Phase.Failed }, third)));
    }

    [Fact]
    public void A_pause_waits_until_something_else_is_asked()
    {
        var next = Now(Trial(r => r with { Phase = Phase.Failed }, Fails(FailureAction.Pause)))!.Value.Next;
        Assert.Equal(RolloutStage.Paused, next.Stage);
        var paused = Trial(r => r).Stage(1, 2, RolloutStage.Paused, 5);
        Assert.Null(After(120, paused));
        Assert.Equal(RolloutStage.Rolling,
            Now(paused.Revision(3, Moving.Spec(1, 3), 1).Asked(3))!.Value.Next.Stage);
    }

    [Fact]
    public void A_rollout_that_is_to_go_on_in_spite_of_failures_comes_to_its_end()
    {
        var fails = Fails(FailureAction.Continue);
        var rolling = AllNew(RolloutStage.Rolling, fails)
            .Looks("a-1", "order-4", r => r with { EverReady = true, Starts = 5 }).Gateway("g");
        Assert.Equal(RolloutStage.Watching, Now(rolling)!.Value.Next.Stage);
        Assert.Equal(RolloutStage.Done,
            After(11, rolling.Stage(1, 2, RolloutStage.Watching, 7, "order"))!.Value.Next.Stage);
    }

    [Fact]
    public void A_rollout_that_finds_no_room_is_rolled_back_in_the_end()
    {
        Assert.Null(After(60, Moving.Rolling(3)));
        Assert.Equal("order made no progress for 30 s", After(15, Moving.Rolling(3))!.Value.Next.Because);
    }

    [Fact]
    public void A_rollback_is_over_when_the_old_revision_serves_as_a_whole_again()
    {
        var back = Moving.Rolling(3).Node("a-1", 2, "order-4").Stage(1, 2, RolloutStage.RollingBack, 5).Gateway("g");
        Assert.Null(After(120, back));
        var next = Now(back.Node("a-1", 1, "order-7").Gateway("g"))!.Value.Next;
        Assert.Equal((RolloutStage.RolledBack, 1, 2), (next.Stage, next.Current, next.Target));
    }

    [Fact]
    public void A_change_that_moves_nothing_is_done_without_a_watch()
    {
        var routes = Moving.Settled(3).Revision(2, Moving.Spec(1, 3, s => s with { Routes = [new(null, "/new")] }), 1)
            .Asked(2).Stage(1, 2, RolloutStage.Rolling, 4);
        Assert.Equal(RolloutStage.Done, Now(routes)!.Value.Next.Stage);
    }
}
