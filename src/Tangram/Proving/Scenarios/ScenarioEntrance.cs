using System.Runtime.InteropServices;
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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        var outputs = new LoadOutputs(request.Report, request.Hdr, ScenarioRun.Steps(options.Scenario), around,
            [
                request.CaFile, request.File,
                .. options.Files.Select(file => ScenarioFile.Beside(request.File, file.Spec)),
            ]);
        var progress = request.Json ? null : new Line(around);
        var result = await ScenarioRun.RunAsync(options, progress, around.Clock, stop.Token, outputs.Log)
            .ConfigureAwait(false);
        if (request.Json) around.Print(LoadJson.Write(result));
        else foreach (var line in ScenarioReport.Lines(result, result.Scenario!)) around.Print(line);
        outputs.Write(result);
        return result.Verdict.ExitCode;

        // The first one asks for the results so far, the second does not wait for them.
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    private sealed class Line(Surroundings around) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => around.Print(LoadReport.Line(value));
    }
}
