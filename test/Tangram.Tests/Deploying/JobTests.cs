using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Deploying;

/// <summary>A job on its node, and what it means for the rollout that brings it.</summary>
public sealed class JobTests
{
    private static readonly ServiceSpec Twice = Job(new RestartSpec
    {
        Condition = RestartCondition.OnFailure, MaxAttempts = 2,
    });

    private readonly Tangram.Coordinating.Windows _windows = new();

    private static ServiceSpec Job(RestartSpec restart) =>
        Supervised.Unprobed with { Deploy = new DeploySpec { Job = true, Restart = restart } };

    [Fact]
    public void That_it_ran_for_long_before_it_failed_gives_it_no_more_attempts()
    {
        var job = new Supervised(Twice).Assigned();
        Assert.Equal(1, job.Launched().Wait(30).Exited(1).UntilStarted());
        Assert.Equal(2, job.Launched().Wait(30).Exited(1).UntilStarted());
        Assert.Equal(Phase.Failed, job.Launched().Wait(30).Exited(1).Seen.Phase);
        Assert.Equal(3, job.Wait(300).Launches.Count());
    }

    [Theory]
    [InlineData(2, 1, Phase.Starting)]
    [InlineData(3, 1, Phase.Failed)]
    [InlineData(3, 0, Phase.Completed)]
    [InlineData(3, null, Phase.Failed)]
    public void An_agent_that_is_replaced_goes_on_counting(int starts, int? exit, Phase phase) =>
        Assert.Equal(phase, new Supervised(Twice).Remembered(starts, 5004, exit).Assigned().Seen.Phase);

    [Fact]
    public void What_the_leader_has_taken_note_of_is_not_started_even_without_a_record()
    {
        var machine = new ReplicaMachine(Supervised.Name, new Tenure(TimeSpan.FromSeconds(3), default));
        machine.Assign(new Assignment
        {
            Replica = Supervised.Name, Service = Supervised.Order, Revision = 1, Ended = Phase.Completed,
        }, Twice);
        var effects = new List<Effect>();
        machine.Turn(new Instant(TimeSpan.TicksPerHour), effects);
        Assert.Empty(effects);
        Assert.Equal((Phase.Completed, true), (machine.Seen.Phase, machine.AtRest));
    }

    private static ServiceSpec AsJob(ServiceSpec service) =>
        service with { Expose = [], Routes = [], Deploy = service.Deploy with { Job = true } };

    private static Documents Out(int current, RunOutcome outcome, FailureAction action = FailureAction.Rollback) =>
        new Documents().Asked(2)
            .Revision(1, Moving.Spec(1, 1, AsJob))
            .Revision(2, Moving.Spec(2, 1, s => AsJob(s) with
            {
                Deploy = AsJob(s).Deploy with { Update = new UpdateSpec { FailureAction = action } },
            }), 1)
            .Node("a-1", 2, "order-2").Looks("a-1", "order-2", Phase.Ready)
            .Change<Assigned>(Keys.Assigned(NodeName.Of("a-1")), a => a with
            {
                Replicas = [a.Replicas[0] with { Run = 2 }],
            })
            .Put(Keys.Job(Moving.Order), new JobRuns
            {
                Last = 2, Stands = 2,
                Runs =
                [
                    new JobRun
                    {
                        Number = 2, Revision = 2, Outcome = outcome, Replicas = 1,
                        Because = outcome == RunOutcome.Failed ? "order-2 ended with exit code 4" : "",
                    },
                ],
            })
            .Stage(current, 2, RolloutStage.Rolling).Gateway("g");

    private (Rollout Next, string Because)? After(double seconds, Documents documents)
    {
        var (state, now) = (documents.State, new Instant(TimeSpan.TicksPerHour));
        for (var end = now + TimeSpan.FromSeconds(seconds); now < end; now += Event.Tick.Every)
        {
            _windows.BeginTurn();
            if (RolloutPolicy.Next(state, _windows, now) is { } next) return next;
        }
        return null;
    }

    [Fact]
    public void A_job_that_works_for_an_hour_does_not_hang() => Assert.Null(After(3600, Out(1, RunOutcome.Running)));

    [Fact]
    public void A_job_that_has_succeeded_is_done_and_needs_no_watching()
    {
        var watching = After(1, Out(1, RunOutcome.Succeeded))!.Value.Next;
        Assert.Equal(RolloutStage.Watching, watching.Stage);
        Assert.Equal(RolloutStage.Done,
            After(1, Out(1, RunOutcome.Succeeded).Put(Keys.Rollout, watching))!.Value.Next.Stage);
    }

    [Theory]
    [InlineData(1, FailureAction.Rollback, RolloutStage.RollingBack)]
    [InlineData(0, FailureAction.Rollback, RolloutStage.Failed)]
    [InlineData(1, FailureAction.Pause, RolloutStage.Paused)]
    public void A_job_that_failed_fails_the_rollout_with_its_sentence(int current, FailureAction action,
        RolloutStage stage)
    {
        var (next, because) = After(1, Out(current, RunOutcome.Failed, action))!.Value;
        Assert.Equal(stage, next.Stage);
        Assert.Contains("the job order failed: order-2 ended with exit code 4", because);
        Assert.Contains("order-2 ended with exit code 4", next.Because);
    }
}
