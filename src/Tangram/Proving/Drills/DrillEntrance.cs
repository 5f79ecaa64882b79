using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tangram.Cli;
using Tangram.Model;
using Tangram.Proving.Chaos;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>`tangram drill`: from what was typed to a drill, and its verdict.</summary>
internal static class DrillEntrance
{
    public static async Task<int> RunAsync(DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        if (request.Holds is { } place) return await FaultHolder.RunAsync(place, around).ConfigureAwait(false);
        if (request.Drill is not { } name) return List(request, around);
        if (request.Print)
        {
            if (!DrillFiles.Ready.Contains(name))
                throw CommandFailure.Arguments($"there is no ready drill '{name}'. Ready are: " +
                    string.Join(", ", DrillFiles.Ready));
            around.Print(DrillFiles.Text(name).TrimEnd());
            return Exit.Done;
        }
        var file = DrillFiles.Load(name, around.WorkingFolder, around.Variable);
        if (file.Theirs is { } experiment)
            return await ChaosEntrance.RunAsync(experiment, request.Json, around, cancellation).ConfigureAwait(false);
        var drill = file.Ours!;
        drill = drill with
        {
            Load = drill.Load with
            {
                Rate = request.Rate ?? drill.Load.Rate, Url = request.Url?.OriginalString ?? drill.Load.Url,
                Path = request.Url is null ? drill.Load.Path : null,
            },
        };
        return await HoldAsync(drill, request, around, cancellation).ConfigureAwait(false);
    }

    private static async Task<int> HoldAsync(
        DrillSpec drill, DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        await using var ground = await DrillGround.OpenAsync(request, around, cancellation).ConfigureAwait(false);
        var seen = await ground.Sight.LookAsync().ConfigureAwait(false);
        var seed = request.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 16;
        var rng = new Rng(seed);
        drill = RandomFaults.Added(drill, seen, rng.Split());
        ground.Check(drill, seen);
        var load = DrillAddress.Options(drill, ground.Spec, ground.Status, seen.Machines);
        if (load.Problems().FirstOrDefault() is { } problem) throw CommandFailure.Arguments(problem);

        var startedAt = around.Clock.GetUtcNow();
        var machine = new DrillMachine(drill, ground.Spec, rng, request.Regardless);
        var line = await ground.FaultsAsync(around.Clock).ConfigureAwait(false);
        var loop = new DrillLoop(machine, load, drill.Steady, ground.Sight, line,
            request.Json ? _ => { } : around.Print, around.Clock);
        var stopping = false;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        var verdict = await loop.RunAsync(seen).ConfigureAwait(false);
        var result = new DrillResult
        {
            Drill = drill.Name, Cluster = ground.Status.Cluster, Seed = seed, StartedAt = startedAt,
            Url = load.Url.OriginalString, Availability = machine.Aim.Availability,
            LatencyP99 = machine.Aim.LatencyP99, Recovery = machine.Aim.Recovery, Verdict = verdict,
            Steady = machine.Steady, Load = machine.Load, Retried = loop.Retried,
            Faults = DrillResult.FaultsOf(machine), Timeline = loop.Timeline.ToEquatableArray(),
        };
        if (request.Json) around.Print(DrillJson.Write(result));
        else foreach (var text in DrillReport.Lines(result)) around.Print(text);
        return verdict.ExitCode;

        // The first one ends the faults and waits for the verdict; the second does not wait. Either way they end.
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = !stopping;
            stopping = true;
            loop.Stop();
        }
    }

    private static int List(DrillRequest request, Surroundings around)
    {
        if (request.Print) throw CommandFailure.Arguments("say which drill to print: " +
            string.Join(", ", DrillFiles.Ready));
        var table = new Table("DRILL", "WHAT IT DOES") { Yields = ["WHAT IT DOES"] };
        foreach (var name in DrillFiles.Ready)
            table.Add(name, DrillFiles.Load(name).About);
        table.Write(around);
        return Exit.Done;
    }
}
