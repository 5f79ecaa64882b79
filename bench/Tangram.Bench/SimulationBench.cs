using System.Diagnostics;
using Tangram.Proving.Simulation;

namespace Tangram.Bench;

/// <summary>Many seeds of the simulator, on all cores; the long run behind the 500 seeds of the tests.</summary>
internal static class SimulationBench
{
    public static int Run(string[] args)
    {
        var (from, count) = args is [var first, var second] ? (ulong.Parse(first), int.Parse(second)) : (1UL, 10_000);
        var watch = Stopwatch.StartNew();
        var (held, moves, faults) = (0, 0L, 0L);
        Parallel.For(0, count, i =>
        {
            var result = Simulator.Run(from + (ulong)i);
            Interlocked.Add(ref moves, result.Moves);
            Interlocked.Add(ref faults, result.Faults);
            if (result.Held) Interlocked.Increment(ref held);
            else Console.WriteLine($"seed {result.Seed}: {result.Violations[0]}");
        });
        Console.WriteLine(
            $"{held} of {count} seeds held: {faults} faults, {moves} moves, {watch.Elapsed.TotalSeconds:0} s");
        return held == count ? 0 : 1;
    }
}
