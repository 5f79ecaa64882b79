using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Chaos;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>`tangram drill`: from what was typed to a drill, and its verdict.</summary>
internal static class DrillEntrance
{
    public static async Task<int> RunAsync(DrillRequest request, Surroundings around, CancellationToken cancellation)
    {
        if (request is { Holds: { } watched, Watches: true })
            return await FaultWatch.RunAsync(watched, around).ConfigureAwait(false);
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
        var where = request.Find();
        if (where.Address.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            throw CommandFailure.Arguments("a drill breaks things on the cluster's own machine: run it there, " +
                "without TANGRAM_HOST");
        using var client = new ClusterClient(where);
        var status = await client.GetAsync<StatusView>("/v1/status", cancellation).ConfigureAwait(false);
        var place = new FaultPlace(status.Cluster, where.Address,
            where.Folder ?? Path.Combine(around.StateRoot, status.Cluster));
        var spec = Json.Read<ClusterSpec>(
            await client.SendAsync(HttpMethod.Get, "/v1/spec", null, cancellation).ConfigureAwait(false));
        var sight = new DrillSight(place);
        var seen = sight.Look();
        var seed = request.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 16;
        var rng = new Rng(seed);
        drill = RandomFaults.Added(drill, seen, rng.Split());
        Check(drill, seen, spec, place);
        var load = DrillAddress.Options(drill, spec, status);
        if (load.Problems().FirstOrDefault() is { } problem) throw CommandFailure.Arguments(problem);

        var startedAt = around.Clock.GetUtcNow();
        var machine = new DrillMachine(drill, spec, rng, request.Regardless);
        await using var line = await FaultLine.OpenAsync(place, around.Clock).ConfigureAwait(false);
        var loop = new DrillLoop(machine, load, drill.Steady, sight, line,
            request.Json ? _ => { } : around.Print, around.Clock);
        var stopping = false;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        var verdict = await loop.RunAsync(seen).ConfigureAwait(false);
        var result = new DrillResult
        {
            Drill = drill.Name, Cluster = status.Cluster, Seed = seed, StartedAt = startedAt,
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

    /// <summary>Nothing has been begun.</summary>
    private static void Check(DrillSpec drill, DrillSighting seen, ClusterSpec spec, FaultPlace place)
    {
        var problems = DrillTargets.Problems(drill, seen, spec).ToList();
        if (problems.Count > 0) throw DrillFiles.Refused(problems, drill.Name);
        if (!Directory.Exists(place.Folder))
            throw CommandFailure.Arguments($"the state of {place.Name} is not in {place.Folder}: run the drill on " +
                "its machine, as the user who runs it");
        foreach (var replica in seen.Replicas.Where(r => r is { Ready: true, Pid: not null }))
            if (place.Stranger(replica.Replica, replica.Pid!.Value) is { } why && !why.Contains("has ended already"))
                throw CommandFailure.Arguments($"{why}. Drills break what one `tangram up` runs");
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
