using Tangram.Cli;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>`tangram load FILE`: from a file to a run, and its report.</summary>
internal static class ScenarioEntrance
{
    public static async Task<int> RunAsync(
        ScenarioRequest request, Surroundings around, CancellationToken cancellation)
    {
        if (request.CaFile is { } file && LoadTrust.Problem(file) is { } unread)
            throw new CommandFailure(Exit.Arguments, unread);
        var options = ScenarioFile.Load(request, around.PrintError);
        using var stop = new LoadStop(cancellation);
        var outputs = new LoadOutputs(request.Report, request.Hdr, ScenarioRun.Steps(options.Scenario), around,
            [
                request.CaFile, request.File,
                .. options.Files.Select(file => ScenarioFile.Beside(request.File, file.Spec)),
            ]);
        var progress = request.Json ? null : new LoadLines(around);
        var result = await ScenarioRun.RunAsync(options, progress, around.Clock, stop.Token, outputs.Log)
            .ConfigureAwait(false);
        if (request.Json) around.Print(LoadJson.Write(result));
        else foreach (var line in ScenarioReport.Lines(result, result.Scenario!)) around.Print(line);
        outputs.Write(result);
        return result.Verdict.ExitCode;
    }
}
