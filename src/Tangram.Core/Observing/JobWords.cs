using System.Globalization;
using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Observing;

/// <summary>A job for people: as views, and as sentences.</summary>
public static class JobWords
{
    /// <param name="next">The next occurrence of a schedule, if there is one.</param>
    public static JobView[] Views(ClusterState state, Func<ScheduleSpec, DateTimeOffset?> next) =>
        [.. (state.EffectiveSpec?.Services ?? []).Where(s => s.IsJob).Select(s => View(state, s, next))];

    private static JobView View(ClusterState state, ServiceSpec spec, Func<ScheduleSpec, DateTimeOffset?> next)
    {
        var job = Jobs.Of(state, spec.Name);
        return new JobView(spec.Name.Value, spec.Schedule?.Times, spec.Schedule is { } schedule ? next(schedule) : null,
            job.Runs.Count > 0 ? Word(job.Active() ?? job.Runs[^1]) : "waiting", job.Skipped,
            job.LastSkip?.Occurrence, job.LastSkip?.Because ?? "", [.. job.Runs.Reverse().Select(View)]);
    }

    private static RunView View(JobRun run) => new(run.Number, run.Revision, Look.Camel(run.Cause.ToString()),
        run.Asked, run.Occurrence, run.Began, run.Ended, Word(run), run.Exit, run.Completed.Count, run.Replicas,
        run.Replica?.Value, run.Because);

    private static string Word(JobRun run) => Look.Camel(run.Outcome.ToString());

    internal static IEnumerable<string> Of(ClusterState state, ServiceSpec spec)
    {
        var job = Jobs.Of(state, spec.Name);
        yield return spec.Schedule is { } schedule
            ? $"It is a job that runs by its schedule, {schedule.Times}."
            : "It is a job: it runs once for each revision that brings or changes it.";
        var run = spec.Schedule is null ? Jobs.Standing(state, spec) ?? job.Active() : job.Runs.LastOrDefault();
        if (run is null) yield return "It has not run yet.";
        else yield return Sentence(run);
        if (job.LastSkip is { } skip)
            yield return $"The occurrence of {Utc(skip.Occurrence)} was skipped: {skip.Because}" +
                         (job.Skipped > 1 ? Invariant($"; {job.Skipped} in all.") : ".");
    }

    private static string Sentence(JobRun run)
    {
        var cause = run.Cause switch
        {
            RunCause.Schedule => $"of {Utc(run.Occurrence!.Value)}",
            RunCause.Hand => "by hand",
            _ => Invariant($"for revision {run.Revision}"),
        };
        var done = run.Running ? Invariant($": {run.Completed.Count} of {run.Replicas} completions are done") : "";
        var word = run.Running ? "goes on" : Word(run);
        return Invariant($"Run {run.Number}, {cause}, {word}{done}")
               + (run.Because == "" ? "." : $": {run.Because.TrimEnd('.')}.");
    }

    private static string Utc(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
