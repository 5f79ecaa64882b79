using Tangram.Model;

namespace Tangram.Planning;

/// <summary>A schedule that the file asks for. Whether its times make sense is for the shell to look up: Core has no
/// time zones.</summary>
public sealed record ScheduleAsked(ServiceName Service, ScheduleSpec Spec, Place Cron, Place TimeZone);

/// <summary>Reads <c>x-tangram.schedule</c>, and says what goes with a job and what does not.</summary>
internal static class ScheduleReader
{
    private const int MostHistory = 100;

    public static ScheduleSpec? Read(Fields tangram)
    {
        if (tangram["schedule"] is null) return null;
        var fields = tangram.Open("schedule", ServiceKeys.Schedule);
        if (!fields.IsMap) return null;
        if (fields["cron"] is null)
            fields.Problems.Error(fields.Place, "the schedule has no cron",
                "write cron: \"*/5 * * * *\", which is every five minutes");
        return new ScheduleSpec
        {
            Cron = fields.Filled("cron") ?? "",
            TimeZone = fields.Filled("time_zone") ?? "UTC",
            Overlap = fields.Choice("overlap", Overlap.Forbid,
                [("forbid", Overlap.Forbid), ("allow", Overlap.Allow), ("replace", Overlap.Replace)],
                ("skip", "write forbid, which skips an occurrence while a run goes on"),
                ("queue", "write forbid or allow: occurrences are not queued")),
            Missed = fields.Choice("missed", Missed.RunOnce,
                [("run-once", Missed.RunOnce), ("skip", Missed.Skip)],
                ("run-all", "write run-once: of several that were missed the newest runs")),
            StartingDeadline = fields.DurationOrNull("starting_deadline", positive: true),
            History = fields.Whole("history", JobRuns.UsualHistory, 1, MostHistory),
        };
    }

    public static void Check(ServiceSpec spec, Fields fields, Fields tangram, Fields deploy)
    {
        var problems = fields.Problems;
        if (tangram["schedule"] is { } schedule && !spec.IsJob)
            problems.Error(schedule.Place, spec.Serves
                    ? "a schedule is for a job, and this service has a probe, a route or a port"
                    : "a schedule is for a job, and this service runs for ever",
                spec.Serves ? "delete those and write deploy.mode: replicated-job, or delete the schedule"
                    : "write deploy.mode: replicated-job");
        if (!spec.IsJob) return;
        if (spec.Serves)
            problems.Error(deploy.PlaceOf("mode"), "a job ends, and this service has a probe, a route or a port",
                "delete those, or write mode: replicated");
        if (fields["restart"] is { } restart && spec.Deploy.Restart.Condition == RestartCondition.Any)
            problems.Error(restart.Place, "'restart' would start a job again after it has done its work",
                "delete it, or write on-failure or no");
        if (spec.Singleton)
            problems.Error(tangram.PlaceOf("singleton"), "a job cannot be a singleton: it ends, and has no guard",
                "delete it; runs of a job do not overlap unless its schedule says overlap: allow");
        if (spec.Deploy.Replicas > JobRuns.MostCompletions)
            problems.Error(deploy.PlaceOf("replicas"),
                $"'replicas' is {spec.Deploy.Replicas}, and a job has at most {JobRuns.MostCompletions} completions",
                "let each do more of the work");
    }
}
