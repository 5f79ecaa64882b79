using Tangram.Model;

namespace Tangram.Planning;

public enum Verdict { Run, Replace, Skip }

/// <summary>What becomes of the occurrences that are due. Of several only the newest can run: they were missed
/// together, and a job that catches up does so once.</summary>
public static class SchedulePolicy
{
    /// <summary>An occurrence that starts within this time is not late: a change of leaders takes up to 6 s.</summary>
    public static readonly TimeSpan InTime = TimeSpan.FromSeconds(10);

    /// <param name="now">Wall time of the server that decides; occurrences were found with the same clock.</param>
    /// <returns>The verdict about the newest, and the sentence that explains it.</returns>
    public static (Verdict Verdict, string Because) Decide(
        ScheduleSpec schedule, JobRuns job, int replicas, Due due, DateTimeOffset now)
    {
        var late = now - due.Newest;
        // Known when a schedule is changed and changed back, and the clock of the next leader is behind.
        if (job.Runs.FirstOrDefault(r => r.Occurrence == due.Newest) is { } known)
            return (Verdict.Skip, $"run {known.Number} was for it");
        if (replicas == 0) return (Verdict.Skip, "no replica is asked for");
        if (schedule.StartingDeadline is { } deadline && late > deadline)
            return (Verdict.Skip, $"it would start {Words(late)} late, and starting_deadline is {Words(deadline)}");
        if (late > InTime && schedule.Missed == Missed.Skip)
            return (Verdict.Skip, $"nobody saw it in time: it would start {Words(late)} late");
        var active = job.Runs.LastOrDefault(r => r.Running);
        var because = late > InTime ? $"it was missed, and runs {Words(late)} late" : "its time has come";
        if (active is null || schedule.Overlap == Overlap.Allow) return (Verdict.Run, because);
        return schedule.Overlap == Overlap.Replace
            ? (Verdict.Replace, because)
            : (Verdict.Skip, $"run {active.Number} still goes on");
    }

    private static string Words(TimeSpan span) => span switch
    {
        { TotalSeconds: < 120 } => $"{span.TotalSeconds:0} s",
        { TotalMinutes: < 120 } => $"{span.TotalMinutes:0} min",
        { TotalHours: < 48 } => $"{span.TotalHours:0} h",
        _ => $"{span.TotalDays:0} days",
    };
}
