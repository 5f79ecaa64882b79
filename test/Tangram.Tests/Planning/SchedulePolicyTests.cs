using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

/// <summary>The table of what becomes of an occurrence: overlap × missed × how late.</summary>
public sealed class SchedulePolicyTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static (Verdict Verdict, string Because) Decide(ScheduleSpec schedule, double late, bool runs,
        int replicas = 1)
    {
        var job = runs
            ? new JobRuns { Last = 7, Runs = [new JobRun { Number = 7, Revision = 1 }] }
            : new JobRuns { Last = 7, Runs = [new JobRun { Number = 7, Revision = 1, Outcome = RunOutcome.Failed }] };
        return SchedulePolicy.Decide(schedule, job, replicas, new Due(ServiceName.Of("report"), "", Noon, 1),
            Noon + TimeSpan.FromSeconds(late));
    }

    [Theory]
    [InlineData(Overlap.Forbid, Missed.RunOnce, 0, false, Verdict.Run)]
    [InlineData(Overlap.Forbid, Missed.RunOnce, 0, true, Verdict.Skip)]
    [InlineData(Overlap.Forbid, Missed.RunOnce, 3600, false, Verdict.Run)]
    [InlineData(Overlap.Forbid, Missed.RunOnce, 3600, true, Verdict.Skip)]
    [InlineData(Overlap.Forbid, Missed.Skip, 9, false, Verdict.Run)]
    [InlineData(Overlap.Forbid, Missed.Skip, 11, false, Verdict.Skip)]
    [InlineData(Overlap.Allow, Missed.RunOnce, 0, true, Verdict.Run)]
    [InlineData(Overlap.Allow, Missed.RunOnce, 3600, true, Verdict.Run)]
    [InlineData(Overlap.Allow, Missed.Skip, 3600, true, Verdict.Skip)]
    [InlineData(Overlap.Replace, Missed.RunOnce, 0, false, Verdict.Run)]
    [InlineData(Overlap.Replace, Missed.RunOnce, 0, true, Verdict.Replace)]
    [InlineData(Overlap.Replace, Missed.RunOnce, 3600, true, Verdict.Replace)]
    [InlineData(Overlap.Replace, Missed.Skip, 3600, true, Verdict.Skip)]
    public void What_becomes_of_an_occurrence(Overlap overlap, Missed missed, int late, bool runs, Verdict expected)
    {
        var (verdict, because) = Decide(new ScheduleSpec { Cron = "", Overlap = overlap, Missed = missed }, late, runs);
        Assert.Equal(expected, verdict);
        Assert.NotEmpty(because);
    }

    [Theory]
    [InlineData(Missed.RunOnce, 59, Verdict.Run)]
    [InlineData(Missed.RunOnce, 61, Verdict.Skip)]
    [InlineData(Missed.Skip, 61, Verdict.Skip)]
    public void What_is_later_than_its_deadline_never_starts(Missed missed, int late, Verdict expected)
    {
        var schedule = new ScheduleSpec { Cron = "", Missed = missed, StartingDeadline = TimeSpan.FromSeconds(60) };
        if (missed == Missed.RunOnce || late > 10) Assert.Equal(expected, Decide(schedule, late, false).Verdict);
        Assert.Equal(Verdict.Run, Decide(schedule, 5, false).Verdict);
    }

    [Fact]
    public void A_job_that_was_scaled_to_nothing_is_suspended() =>
        Assert.Equal((Verdict.Skip, "no replica is asked for"),
            Decide(new ScheduleSpec { Cron = "" }, 0, false, replicas: 0));

    [Fact]
    public void An_occurrence_that_has_run_does_not_run_again_when_its_schedule_comes_back()
    {
        var job = new JobRuns
        {
            Last = 7,
            Runs = [new JobRun { Number = 7, Revision = 1, Outcome = RunOutcome.Succeeded, Occurrence = Noon }],
        };
        Assert.Equal((Verdict.Skip, "run 7 was for it"), SchedulePolicy.Decide(
            new ScheduleSpec { Cron = "", Overlap = Overlap.Allow }, job, 1,
            new Due(ServiceName.Of("report"), "", Noon, 1), Noon + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void The_sentence_says_how_late_it_is_and_what_still_goes_on()
    {
        Assert.Equal("it was missed, and runs 60 min late",
            Decide(new ScheduleSpec { Cron = "" }, 3600, false).Because);
        Assert.Equal("run 7 still goes on", Decide(new ScheduleSpec { Cron = "" }, 0, true).Because);
    }
}
