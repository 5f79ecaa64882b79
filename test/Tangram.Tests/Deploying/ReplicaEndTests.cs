using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Tests.Deploying;

/// <summary>How a replica ends, and what remains of it when Tangram itself ends and starts again.</summary>
public sealed class ReplicaEndTests
{
    [Fact]
    public void Stop_signals_once_and_kills_only_when_the_grace_period_is_over()
    {
        var replica = new Supervised().Ready().Assigned(Intent.Stop).Wait(9.9);
        Assert.Equal(["SIGTERM"], replica.Signals);
        Assert.Equal((Phase.Stopping, 0), (replica.Seen.Phase, replica.Kills));
        Assert.Equal(1, replica.Wait(0.1).Kills);
        Assert.Equal(["SIGTERM"], replica.Signals);
    }

    [Fact]
    public void A_kill_that_had_no_effect_is_repeated_until_the_process_has_ended()
    {
        var replica = new Supervised().Ready().Assigned(Intent.Stop).Wait(13);
        Assert.Equal(4, replica.Kills);
        Assert.Equal(4, replica.Exited(137).Wait(5).Kills);
        Assert.True(replica.AtRest);
    }

    [Fact]
    public void The_stop_signal_of_the_file_is_sent() => Assert.Equal(["SIGINT"],
        new Supervised(Supervised.Probed with { StopSignal = "SIGINT" }).Ready().Assigned(Intent.Stop).Signals);

    [Fact]
    public void A_replica_that_was_stopped_is_not_started_again_whatever_its_exit_code()
    {
        var replica = new Supervised().Ready().Assigned(Intent.Stop).Exited(1).Wait(60);
        Assert.Equal((Phase.Stopped, 1), (replica.Seen.Phase, replica.Launches.Count()));
    }

    [Fact]
    public void A_failing_check_does_not_shorten_the_grace_period()
    {
        var replica = new Supervised(Supervised.Probed with { Healthcheck = new HealthcheckSpec { Retries = 1 } })
            .Ready().Checked(false).Assigned(Intent.Stop).Checked(false).Wait(1);
        Assert.Equal((Phase.Stopping, 0), (replica.Seen.Phase, replica.Kills));
    }

    [Fact]
    public void A_replica_that_is_being_drained_runs_on_and_is_not_started_again_when_it_ends()
    {
        var replica = new Supervised().Ready().Assigned(Intent.Drain).Wait(30);
        Assert.Equal((Phase.Ready, 0), (replica.Seen.Phase, replica.Signals.Length));
        Assert.Equal(Phase.Stopped, replica.Exited(1).Wait(60).Seen.Phase);
        Assert.Single(replica.Launches);
    }

    [Fact]
    public void One_that_waits_to_be_started_again_is_not_when_it_is_drained_first()
    {
        var replica = new Supervised().Assigned().Launched().Exited(1).Assigned(Intent.Drain).Wait(60);
        Assert.Equal(Phase.Stopped, replica.Seen.Phase);
        Assert.Single(replica.Launches);
    }

    [Fact]
    public void A_replica_that_was_told_to_stop_before_it_ever_started_does_not_start()
    {
        var replica = new Supervised().Assigned(Intent.Stop).Wait(5);
        Assert.Empty(replica.Launches);
        Assert.True(replica.AtRest);
    }

    [Fact]
    public void A_replica_never_comes_back_from_stop()
    {
        var replica = new Supervised().Ready().Assigned(Intent.Stop);
        Assert.Throws<InvalidOperationException>(() => replica.Assigned());
    }

    [Fact]
    public void A_replica_that_nobody_assigns_any_more_is_stopped_like_any_other()
    {
        var replica = new Supervised().Ready().Unassigned();
        Assert.Equal(["SIGTERM"], replica.Signals);
        Assert.False(replica.AtRest);
        Assert.True(replica.Exited(0).AtRest);
    }

    [Fact]
    public void An_adopted_process_is_checked_and_not_started_again()
    {
        var replica = new Supervised().Adopted(start: 4, port: 5004).Assigned();
        Assert.Empty(replica.Launches);
        var check = Assert.Single(replica.Checks);
        Assert.Equal((4, 5004), (check.Start, check.Port));
        Assert.Equal(Phase.Ready, replica.Checked(true).Seen.Phase);
    }

    [Fact]
    public void An_adopted_process_is_left_alone_until_it_is_known_what_is_assigned()
    {
        var replica = new Supervised().Adopted().Wait(60);
        Assert.Empty(replica.Effects);
        Assert.False(replica.AtRest);
    }

    [Fact]
    public void An_adopted_process_that_ended_before_is_started_on_its_port_with_the_next_number()
    {
        var replica = new Supervised().Adopted(start: 4, port: 5004).Exited(null).Assigned();
        var launch = Assert.Single(replica.Launches);
        Assert.Equal((5, 5004), (launch.Start, launch.Port));
    }

    [Fact]
    public void An_adopted_process_that_nobody_assigns_is_ended()
    {
        var replica = new Supervised().Adopted().Unassigned().Wait(10);
        Assert.Equal((1, 1), (replica.Signals.Length, replica.Kills));
    }

    [Fact]
    public void A_record_without_a_process_numbers_the_next_start_after_it()
    {
        var launch = Assert.Single(new Supervised().Remembered(6, 5006).Assigned().Launches);
        Assert.Equal((7, 5006), (launch.Start, launch.Port));
    }

    [Theory]
    [InlineData(RestartCondition.None, 0, Phase.Completed)]
    [InlineData(RestartCondition.None, 3, Phase.Failed)]
    [InlineData(RestartCondition.None, null, Phase.Failed)]
    [InlineData(RestartCondition.OnFailure, 0, Phase.Completed)]
    public void A_task_that_ended_before_Tangram_did_is_not_run_again(
        RestartCondition condition, int? exit, Phase phase)
    {
        var replica = new Supervised(Supervised.Restart(new RestartSpec { Condition = condition }))
            .Remembered(4, 5004, exit).Assigned().Wait(60);
        Assert.Empty(replica.Launches);
        Assert.Equal((phase, exit, 4), (replica.Seen.Phase, replica.Seen.Exit, replica.Seen.Starts));
        Assert.NotEmpty(replica.Seen.Because);
    }

    [Theory]
    [InlineData(RestartCondition.OnFailure, 3)]
    [InlineData(RestartCondition.OnFailure, null)]
    [InlineData(RestartCondition.Any, 0)]
    public void What_is_to_be_started_again_whenever_it_ends_so_is(RestartCondition condition, int? exit) =>
        Assert.Equal(5, Assert.Single(new Supervised(Supervised.Restart(new RestartSpec { Condition = condition }))
            .Remembered(4, 5004, exit).Assigned().Wait(1).Launches).Start);
}
