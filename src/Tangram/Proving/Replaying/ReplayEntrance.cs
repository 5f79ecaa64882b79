using Tangram.Cli;

namespace Tangram.Proving.Replaying;

/// <summary>`tangram load ACCESS-LOG`: from a log to a run, and its report.</summary>
internal static class ReplayEntrance
{
    public static async Task<int> RunAsync(
        ReplayRequest request, Surroundings around, CancellationToken cancellation)
    {
        var load = request.Load;
        if (load.CaFile is { } file && LoadTrust.Problem(file) is { } unread)
            throw new CommandFailure(Exit.Arguments, unread);
        if (load.Url.Query.Length > 0)
            throw CommandFailure.Arguments($"{load.Url} has a query, and the log's requests have their own: " +
                "leave it out of --target");
        if (request.Speed is not (>= ReplayLog.SlowestSpeed and <= ReplayLog.HighestSpeed))
            throw CommandFailure.Arguments($"--speed is between {ReplayLog.SlowestSpeed} and " +
                $"{ReplayLog.HighestSpeed:0}: 2 is twice as fast as the log, 0.5 half as fast");
        if (request.Most <= TimeSpan.Zero) throw CommandFailure.Arguments("the duration is more than 0");
        var source = await AccessLogFile.ReadAsync(request, around, cancellation);
        if (source.Problem() is { } unfit) throw CommandFailure.Arguments(unfit);
        var options = source.In(LoadEntrance.Options(load));
        if (options.Problems().FirstOrDefault() is { } problem) throw CommandFailure.Arguments(problem);
        var outputs = new LoadOutputs(
            load.Report, load.Hdr, options.Classes.Select(c => c.Name), around, load.CaFile, request.File);
        foreach (var line in ReplayReport.Before(source))
            if (load.Json) around.PrintError(line);
            else around.Print(line);
        using var stop = new LoadStop(cancellation);
        var result = await LoadRun.RunAsync(options, load.Json ? null : new LoadLines(around), around.Clock, stop.Token,
            outputs.Log);
        if (load.Json) around.Print(LoadJson.Write(result));
        else foreach (var line in LoadReport.Lines(result)) around.Print(line);
        outputs.Write(result);
        return result.Verdict.ExitCode;
    }
}
