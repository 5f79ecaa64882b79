using System.Diagnostics;
using System.Globalization;
using Tangram.Tests.Planning.Fuzzing;

namespace Tangram.Bench;

/// <summary>Reads projects of Compose files that seeds make, one after the other, until the time is over. What is wrong
/// is printed with its seed, which <c>--seed N --seconds 0</c> repeats.</summary>
internal static class FuzzBench
{
    private const int MostShown = 20;

    public static int Run(string[] args)
    {
        var seconds = Option(args, "--seconds") ?? 180;
        var seed = Option(args, "--seed") ?? (ulong)Random.Shared.NextInt64();
        Console.WriteLine($"--seed {seed} --seconds {seconds}");
        var (begun, inputs, wrong) = (Stopwatch.GetTimestamp(), 0L, 0);
        do
        {
            var input = ComposeFuzzer.Make(seed);
            inputs++;
            if (input.Wrong() is { } what)
            {
                wrong++;
                Console.WriteLine($"seed {seed}: {what}\n{input.Shown()}");
            }
            seed++;
        }
        while (wrong < MostShown && Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        Console.WriteLine($"{inputs:N0} projects in {took:0} s, {wrong} wrong, peak memory {peak:0} MB");
        return wrong == 0 ? 0 : 1;
    }

    private static ulong? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
            ? ulong.Parse(args[at + 1], CultureInfo.InvariantCulture) : null;
}
