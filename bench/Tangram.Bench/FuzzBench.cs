using System.Diagnostics;
using System.Globalization;
using Tangram.Tests.Planning.Fuzzing;
using Tangram.Tests.Routing.Http1.Fuzzing;

namespace Tangram.Bench;

/// <summary>Reads projects of Compose files that seeds make, one after the other, until the time is over. What is wrong
/// is printed with its seed, which <c>--seed N --seconds 0</c> repeats. With <c>--answers</c>: answers of backends
/// instead.</summary>
internal static class FuzzBench
{
    private const int MostShown = 20;

    public static int Run(string[] args)
    {
        var seconds = Option(args, "--seconds") ?? 180;
        var seed = Option(args, "--seed") ?? (ulong)Random.Shared.NextInt64();
        Console.WriteLine($"--seed {seed} --seconds {seconds}");
        var (begun, inputs, wrong) = (Stopwatch.GetTimestamp(), 0L, 0);
        var answers = args.Contains("--answers");
        do
        {
            var (what, shown) = answers ? Answers(seed) : Project(seed);
            inputs++;
            if (what is not null)
            {
                wrong++;
                Console.WriteLine($"seed {seed}: {what}\n{shown}");
            }
            seed++;
        }
        while (wrong < MostShown && Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        var kind = answers ? "connections" : "projects";
        Console.WriteLine($"{inputs:N0} {kind} in {took:0} s, {wrong} wrong, peak memory {peak:0} MB");
        return wrong == 0 ? 0 : 1;
    }

    private static (string? Wrong, string Shown) Project(ulong seed)
    {
        var input = ComposeFuzzer.Make(seed);
        return input.Wrong() is { } what ? (what, input.Shown()) : (null, "");
    }

    private static (string? Wrong, string Shown) Answers(ulong seed) =>
        AnswerFuzzer.Wrong(seed) is { } what ? (what, AnswerFuzzer.Shown(seed)) : (null, "");

    private static ulong? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
            ? ulong.Parse(args[at + 1], CultureInfo.InvariantCulture) : null;
}
