using System.Text.Json.Nodes;
using Tangram.Cli;
using Tangram.Proving.Simulation;

namespace Tangram.Proving;

/// <summary>`tangram simulate`: one line a seed; a seed that fails prints its history.</summary>
internal static class SimulateEntrance
{
    public static Task<int> RunAsync(SimulateRequest request, Surroundings around, CancellationToken cancellation)
    {
        var failed = 0;
        for (var i = 0; i < request.Seeds && !cancellation.IsCancellationRequested; i++)
        {
            if (request.Nodes is { } nodes)
            {
                if (!ZoneLost(request, request.Seed + (ulong)i, nodes, around)) failed++;
                continue;
            }
            var result = Simulator.Run(request.Seed + (ulong)i);
            if (!result.Held) failed++;
            if (request.Json) around.Print(AsJson(result));
            else Print(result, around, request.Seeds == 1);
        }
        return Task.FromResult(failed == 0 ? Exit.Done : Exit.Failed);
    }

    private static bool ZoneLost(SimulateRequest request, ulong seed, int nodes, Surroundings around)
    {
        var result = ZoneLoss.Run(new ZoneLossOptions { Seed = seed, Nodes = nodes });
        var held = result is { Violations.Count: 0, FalselyDead: 0, Whole: not null, Returned: not null };
        if (request.Json)
            around.Print(new JsonObject
            {
                ["seed"] = seed, ["held"] = held, ["nodes"] = nodes, ["lost"] = result.Lost,
                ["detectedSeconds"] = result.Detected?.TotalSeconds, ["wholeSeconds"] = result.Whole?.TotalSeconds,
                ["returnedSeconds"] = result.Returned?.TotalSeconds, ["falselyDead"] = result.FalselyDead,
                ["said"] = new JsonArray([.. result.Said.Select(s => JsonValue.Create(s))]),
                ["violations"] = new JsonArray([.. result.Violations.Select(v => JsonValue.Create(v))]),
            }.ToJsonString());
        else
        {
            around.Print($"seed {seed}: {(held ? "held" : "FAILED")}; {result.Lost} of {nodes} nodes lost: all of " +
                         $"them declared dead after {Seconds(result.Detected)}, every replica ready again after " +
                         $"{Seconds(result.Whole)}; nothing left to do {Seconds(result.Returned)} after their return");
            foreach (var line in result.Said.Concat(result.Violations)) around.Print($"  {line}");
        }
        return held;
    }

    private static string Seconds(TimeSpan? time) => time is { } known ? $"{known.TotalSeconds:0.0} s" : "(never)";

    private static void Print(SimulationResult result, Surroundings around, bool whole)
    {
        if (whole || !result.Held) foreach (var line in result.Trace) around.Print(line);
        around.Print($"seed {result.Seed}: {(result.Held ? "held" : "FAILED")}; {result.Commands} commands, " +
                     $"{result.Faults} faults, {result.Moves} moves in {result.Simulated.TotalSeconds:0} s; " +
                     $"converged {result.ConvergedAfter.TotalSeconds:0} s after the last fault");
        foreach (var violation in result.Violations) around.Print($"  {violation}");
    }

    private static string AsJson(SimulationResult result) => new JsonObject
    {
        ["seed"] = result.Seed, ["held"] = result.Held, ["commands"] = result.Commands, ["faults"] = result.Faults,
        ["moves"] = result.Moves, ["simulatedSeconds"] = result.Simulated.TotalSeconds,
        ["convergedAfterSeconds"] = result.ConvergedAfter.TotalSeconds,
        ["violations"] = new JsonArray([.. result.Violations.Select(v => JsonValue.Create(v))]),
    }.ToJsonString();
}
