using System.CommandLine;
using System.Globalization;
using Tangram.Observing;

namespace Tangram.Cli;

/// <summary>The commands about jobs: jobs, run.</summary>
internal static class JobCommands
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    public static Command List(CommandContext context)
    {
        var (file, json) = (CommandContext.FileOption(), CommandContext.JsonOption());
        var job = new Argument<string?>("JOB")
        {
            Description = "Only this one, with the runs that are remembered", Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("jobs", "Lists the jobs: when each runs next, and how its last run ended")
        {
            job, file, json,
        };
        command.SetAction(context.Asking(file, async (client, parsed, cancellation) =>
        {
            var jobs = await client.GetAsync<JobView[]>("/v1/jobs", cancellation);
            if (parsed.GetValue(job) is { } name) jobs = [Named(jobs, name)];
            if (parsed.GetValue(json)) context.PrintJson(jobs);
            else if (parsed.GetValue(job) is not null) Print(context, jobs[0]);
            else Table(context, jobs).Write(context.Around.Out);
        }));
        return command;
    }

    public static Command Run(CommandContext context)
    {
        var file = CommandContext.FileOption();
        var job = new Argument<string>("JOB") { Description = "As `tangram jobs` names it" };
        var detach = new Option<bool>("--detach") { Description = "Do not wait for its end" };
        var timeout = CommandContext.DurationOption("--timeout", "Stop waiting after this time; the run goes on");
        var command = new Command("run", "Runs a job now, and says how it ended: exit code 0 when it succeeded")
        {
            job, detach, timeout, file,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = new ClusterClient(context.Finder.Find(parsed.GetValue(file)));
            var name = parsed.GetValue(job)!;
            var done = await client.PostAsync("/v1/run/" + Uri.EscapeDataString(name), null, cancellation);
            if (!parsed.GetValue(detach))
                return await FollowAsync(context, client, name, done.Request, parsed.GetValue(timeout), cancellation);
            context.Around.Print(done.What);
            return Exit.Done;
        });
        return command;
    }

    private static async Task<int> FollowAsync(CommandContext context, ClusterClient client, string job, long? request,
        TimeSpan? timeout, CancellationToken cancellation)
    {
        var begun = context.Around.Clock.GetTimestamp();
        var progress = new Progress(context.Around);
        while (true)
        {
            if (await LookAsync(client, job, request, cancellation) is { } run)
            {
                if (run.Outcome != "running")
                {
                    progress.Clear();
                    var sentence = Sentence(job, run);
                    if (run.Outcome == "succeeded") context.Around.Print(sentence);
                    else context.Around.PrintError(sentence);
                    return run.Outcome == "succeeded" ? Exit.Done : Exit.Failed;
                }
                progress.Show(Invariant($"run {run.Run} of {job}: {run.Completed} of {run.Replicas} completions"));
            }
            if (timeout is not null && context.Around.Clock.GetElapsedTime(begun) > timeout)
                throw new CommandFailure(Exit.Failed, $"{job} still runs after {Duration.Words(timeout.Value)}. It " +
                    $"goes on: `tangram jobs {job}` shows how it ends");
            await context.Around.PauseAsync(Every, cancellation);
        }
    }

    /// <summary>Null before it has begun, and while the daemon is being replaced.</summary>
    private static async Task<RunView?> LookAsync(ClusterClient client, string job, long? request,
        CancellationToken cancellation)
    {
        try
        {
            var jobs = await client.GetAsync<JobView[]>("/v1/jobs", cancellation);
            return Named(jobs, job).Runs.FirstOrDefault(r => r.Request == request);
        }
        catch (CommandFailure e) when (e.ExitCode == Exit.NoCluster)
        {
            return null;
        }
    }

    private static JobView Named(JobView[] jobs, string name) =>
        Array.Find(jobs, j => j.Job == name) ?? throw CommandFailure.Arguments(
            $"there is no job '{name}'. The jobs are: " +
            (jobs.Length > 0 ? string.Join(", ", jobs.Select(j => j.Job)) : "none"));

    private static Table Table(CommandContext context, JobView[] jobs)
    {
        var table = new Table("JOB", "STATE", "LAST RUN", "NEXT RUN", "SKIPPED", "SCHEDULE");
        foreach (var j in jobs)
            table.Add(j.Job, j.State, Shown(context, j.Runs.Count > 0 ? j.Runs[0].Began : null),
                Shown(context, j.Next), Invariant($"{j.Skipped}"), j.Times ?? "once for each revision that changes it");
        return table;
    }

    private static void Print(CommandContext context, JobView job)
    {
        context.Around.Print($"{job.Job} is {job.State}. It runs " +
            (job.Times is null ? "once for each revision that brings or changes it." : $"by {job.Times}, next at " +
                $"{Shown(context, job.Next)}."));
        if (job.LastSkipped is { } at)
            context.Around.Print(Invariant($"{job.Skipped} occurrences were skipped, the last of ") +
                $"{Shown(context, at)}: {job.SkippedBecause}.");
        context.Around.Print("");
        var table = new Table("RUN", "CAUSE", "BEGAN", "ENDED", "OUTCOME", "EXIT", "DONE", "REVISION", "BECAUSE");
        foreach (var r in job.Runs)
            table.Add(Invariant($"{r.Run}"), r.Occurrence is { } occurrence ? context.Shown(occurrence) : r.Cause,
                Shown(context, r.Began), Shown(context, r.Ended), r.Outcome, r.Exit is { } e ? Invariant($"{e}") : "-",
                Invariant($"{r.Completed}/{r.Replicas}"), Invariant($"{r.Revision}"), r.Because);
        table.Write(context.Around.Out);
    }

    private static string Sentence(string job, RunView run)
    {
        var took = run is { Began: { } from, Ended: { } to } && to >= from ? $" after {Duration.Words(to - from)}" : "";
        return Invariant($"run {run.Run} of {job} {run.Outcome}{took}") +
               (run.Because == "" ? "" : $": {run.Because}");
    }

    private static string Shown(CommandContext context, DateTimeOffset? at) =>
        at is { } known ? context.Shown(known) : "-";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
