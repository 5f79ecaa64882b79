using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Tests.Deploying;

public sealed class ReplicaMachineTests
{
    [Fact]
    public void A_replica_is_ready_when_its_check_says_so_and_not_when_its_process_runs()
    {
        var replica = new Supervised().Assigned().Launched();
        Assert.Equal(Phase.Starting, replica.Seen.Phase);
        Assert.Single(replica.Checks);
        Assert.Equal(Phase.Ready, replica.Checked(true).Seen.Phase);
    }

    [Fact]
    public void A_replica_that_nobody_can_ask_is_ready_when_its_process_runs() =>
        Assert.Equal(Phase.Ready, new Supervised(Supervised.Unprobed).Assigned().Launched().Seen.Phase);

    [Fact]
    public void A_replica_is_started_only_once_however_often_its_turn_comes() =>
        Assert.Single(new Supervised().Assigned().Wait(30).Launches);

    [Fact]
    public void A_replica_that_was_ready_is_started_again_at_once_on_its_port()
    {
        var replica = new Supervised().Ready().Wait(5).Exited(137);
        var again = replica.Launches.Last();
        Assert.Equal((2, 5001), (again.Start, again.Port));
        Assert.Equal((137, 1, 0), (replica.Seen.Exit, replica.Seen.Restarts, replica.Seen.FailedStarts));
        Assert.Equal(Phase.Starting, replica.Seen.Phase);
        Assert.Null(replica.Seen.Pid);
    }

    [Fact]
    public void The_delay_doubles_with_every_start_that_was_never_ready_up_to_a_minute()
    {
        var replica = new Supervised().Assigned();
        var delays = Enumerable.Range(0, 8).Select(_ => replica.Launched().Exited(1).UntilStarted()).ToArray();
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], delays);
        Assert.Equal(8, replica.Seen.FailedStarts);
    }

    [Fact]
    public void Once_ready_the_failed_starts_are_forgotten()
    {
        var replica = new Supervised().Assigned();
        for (var i = 0; i < 4; i++) replica.Launched().Exited(1).UntilStarted();
        replica.Launched().Checked(true).Wait(5).Exited(1);
        Assert.Equal((6, 0), (replica.Seen.Starts, replica.Seen.FailedStarts));
        Assert.Equal(1, replica.Launched().Exited(1).UntilStarted());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_process_that_always_ends_at_once_is_not_started_more_often_than_the_delay_allows(bool probed)
    {
        var replica = new Supervised(probed ? Supervised.Probed : Supervised.Unprobed).Assigned();
        for (var tick = 0; tick < 100; tick++)
        {
            if (replica.Seen is { Phase: Phase.Starting, Pid: null }) replica.Launched().Checked(true).Exited(1);
            replica.Wait(0.1);
        }
        Assert.InRange(replica.Launches.Count(), 2, 11);
    }

    [Fact]
    public void A_process_that_could_not_be_started_counts_as_a_failed_start_and_says_why()
    {
        var replica = new Supervised().Assigned().Refused("no such program: ordr");
        Assert.Equal((Phase.Waiting, 1, "no such program: ordr"),
            (replica.Seen.Phase, replica.Seen.FailedStarts, replica.Seen.Because));
        Assert.Equal(1, replica.UntilStarted());
    }

    [Theory]
    [InlineData(RestartCondition.None, 0, Phase.Completed)]
    [InlineData(RestartCondition.None, 1, Phase.Failed)]
    [InlineData(RestartCondition.OnFailure, 0, Phase.Completed)]
    [InlineData(RestartCondition.OnFailure, 1, Phase.Waiting)]
    [InlineData(RestartCondition.OnFailure, null, Phase.Waiting)]
    [InlineData(RestartCondition.None, null, Phase.Failed)]
    [InlineData(RestartCondition.Any, 0, Phase.Waiting)]
    public void The_restart_policy_decides_what_follows_an_end(RestartCondition condition, int? code, Phase phase) =>
        Assert.Equal(phase, new Supervised(Supervised.Restart(new RestartSpec { Condition = condition })).Assigned()
            .Launched().Exited(code).Seen.Phase);

    [Fact]
    public void It_gives_up_after_as_many_attempts_as_the_policy_allows_and_stays_so()
    {
        var replica = new Supervised(Supervised.Restart(new RestartSpec { MaxAttempts = 2 })).Assigned();
        for (var i = 0; i < 2; i++) replica.Launched().Exited(1).UntilStarted();
        replica.Launched().Exited(1).Wait(120);
        Assert.Equal((Phase.Failed, 3), (replica.Seen.Phase, replica.Launches.Count()));
    }

    [Fact]
    public void An_attempt_that_was_ready_for_less_than_the_window_counts()
    {
        var policy = new RestartSpec { MaxAttempts = 1, Window = Supervised.Seconds(5) };
        var replica = new Supervised(Supervised.Restart(policy)).Ready().Wait(6).Exited(1);
        Assert.Equal(2, replica.Seen.Starts);
        replica.Launched().Checked(true).Wait(2).Exited(1);
        Assert.Equal(3, replica.Seen.Starts);
        Assert.Equal(Phase.Failed, replica.Launched().Checked(true).Wait(2).Exited(1).Seen.Phase);
    }

    [Fact]
    public void An_unknown_end_is_an_end()
    {
        var replica = new Supervised().Ready().Wait(5).Exited(null, because: "it ended while Tangram was away");
        Assert.Null(replica.Seen.Exit);
        Assert.Equal(2, replica.Launches.Count());
    }

    [Fact]
    public void The_end_of_an_earlier_process_does_not_concern_the_one_that_runs_now()
    {
        var replica = new Supervised().Ready().Wait(5).Exited(1).Launched().Checked(true);
        Assert.Equal(Phase.Ready, replica.Exited(1, start: 1).Seen.Phase);
        Assert.Equal(Phase.Ready, replica.Exited(1, start: 1).Checked(false, start: 1).Seen.Phase);
        Assert.Equal(2, replica.Seen.Starts);
    }

    [Fact]
    public void A_late_check_of_the_process_before_does_not_make_the_next_one_ready()
    {
        var replica = new Supervised().Assigned().Launched().Exited(1);
        replica.UntilStarted();
        Assert.Equal(Phase.Starting, replica.Launched().Checked(true, start: 1).Seen.Phase);
    }

    [Fact]
    public void Only_one_check_is_on_its_way_at_a_time_unless_its_answer_is_lost()
    {
        var replica = new Supervised().Assigned().Launched().Wait(59);
        Assert.Single(replica.Checks);
        Assert.Equal(2, replica.Wait(2).Checks.Count());
    }

    [Fact]
    public void One_failed_check_does_not_take_a_replica_out_three_in_a_row_do_and_one_brings_it_back()
    {
        var replica = new Supervised().Ready();
        Assert.Equal(Phase.Ready, replica.Checked(false).Checked(false).Checked(true).Seen.Phase);
        Assert.Equal(Phase.Ready, replica.Checked(false).Checked(false).Seen.Phase);
        Assert.Equal((Phase.Unready, "503"), (replica.Checked(false, "503").Seen.Phase, replica.Seen.Because));
        Assert.Equal(Phase.Ready, replica.Checked(true).Seen.Phase);
    }

    [Fact]
    public void A_replica_with_only_a_probe_is_never_killed_for_failing_it()
    {
        var replica = new Supervised().Ready();
        for (var i = 0; i < 50; i++) replica.Checked(false);
        Assert.Equal((Phase.Unready, 0), (replica.Seen.Phase, replica.Kills));
    }

    [Fact]
    public void A_replica_whose_healthcheck_fails_on_is_killed_and_so_comes_back()
    {
        var replica = new Supervised(Supervised.Probed with { Healthcheck = new HealthcheckSpec { Retries = 2 } })
            .Ready().Checked(false).Checked(false).Checked(false);
        Assert.Equal((Phase.Unready, 0), (replica.Seen.Phase, replica.Kills));
        Assert.Equal(1, replica.Checked(false).Kills);
        Assert.Equal(2, replica.Wait(2).Exited(137).Launches.Count());
    }

    [Fact]
    public void A_start_that_does_not_become_healthy_in_its_time_is_ended()
    {
        var health = new HealthcheckSpec
        {
            Interval = Supervised.Seconds(1), Timeout = Supervised.Seconds(1), Retries = 3,
            StartPeriod = Supervised.Seconds(4),
        };
        var replica = new Supervised(Supervised.Probed with { Healthcheck = health }).Assigned().Launched();
        Assert.Equal(0, replica.Wait(10).Checked(false).Kills);
        Assert.Equal(1, replica.Wait(0.2).Checked(false).Kills);
    }
}
