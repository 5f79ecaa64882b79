using System.Runtime.InteropServices;
using Tangram.Cli;
using Tangram.Model;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Chaos;

/// <summary>Plays an experiment: hypothesis, method, hypothesis again, rollbacks.</summary>
internal sealed class ChaosEntrance(Surroundings around, bool quiet, CancellationToken cancellation)
{
    private readonly long _begun = around.Clock.GetTimestamp();

    public static async Task<int> RunAsync(
        ChaosExperiment experiment, bool json, Surroundings around, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        ChaosRecord record;
        try { record = await new ChaosEntrance(around, json, stop.Token).PlayAsync(experiment).ConfigureAwait(false); }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            around.PrintError($"{experiment.Title}: it was stopped; what had begun has been rolled back");
            return Exit.Failed;
        }
        if (json) around.Print(ChaosJson.Write(record));
        else
        {
            foreach (var because in record.Because) around.Print($"  {because}");
            around.Print($"{record.Title}: " + record.Ruling switch
            {
                ChaosRuling.Kept => "KEPT",
                ChaosRuling.Broken => "BROKEN: the hypothesis did not hold afterwards",
                ChaosRuling.NotBegun => "NOT BEGUN: the hypothesis did not hold, so nothing was done",
                _ => "FAILED: an action did not go well, so nothing was shown",
            });
        }
        return record.ExitCode;

        // The first one has the rollbacks played, the second does not wait for them.
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    private async Task<ChaosRecord> PlayAsync(ChaosExperiment experiment)
    {
        var before = await AllAsync(experiment.Hypothesis, judged: true).ConfigureAwait(false);
        if (before.Any(played => !played.Held)) return ChaosRecord.Of(experiment.Title, before, [], null, []);
        var (method, after, rollbacks) = (EquatableArray.Create<ChaosPlayed>([]), before, before);
        try
        {
            method = await AllAsync(experiment.Method, judged: false).ConfigureAwait(false);
            after = await AllAsync(experiment.Hypothesis, judged: true).ConfigureAwait(false);
        }
        finally
        {
            // Also when somebody ended it.
            rollbacks = await new ChaosEntrance(around, quiet, CancellationToken.None)
                .AllAsync(experiment.Rollbacks, judged: false).ConfigureAwait(false);
        }
        return ChaosRecord.Of(experiment.Title, before, method, after, rollbacks);
    }

    /// <summary>One after the other; what goes on in the background is waited for at the end.</summary>
    private async Task<EquatableArray<ChaosPlayed>> AllAsync(EquatableArray<ChaosActivity> activities, bool judged)
    {
        var playing = new List<Task<ChaosPlayed>>();
        foreach (var activity in activities)
        {
            await around.PauseAsync(activity.PauseBefore, cancellation).ConfigureAwait(false);
            var one = OneAsync(activity, judged || activity.Tolerance is not null || activity.IsAction);
            playing.Add(one);
            if (!activity.Background) await one.ConfigureAwait(false);
            await around.PauseAsync(activity.PauseAfter, cancellation).ConfigureAwait(false);
        }
        return (await Task.WhenAll(playing).ConfigureAwait(false)).ToEquatableArray();
    }

    private async Task<ChaosPlayed> OneAsync(ChaosActivity activity, bool judged)
    {
        var begun = around.Clock.GetTimestamp();
        var answer = await ChaosProviders.AskAsync(activity.Provider, around.Clock, cancellation).ConfigureAwait(false);
        var played = ChaosPlayed.Of(activity, answer, around.Clock.GetElapsedTime(begun), judged);
        if (!quiet) around.Print(DrillReport.Line(around.Clock.GetElapsedTime(_begun), played.ToString()));
        return played;
    }
}
