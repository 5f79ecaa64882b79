using System.Diagnostics;
using System.Globalization;
using Tangram.Tests.Planning.Fuzzing;
using Tangram.Tests.Routing.Fuzzing;
using Tangram.Tests.Routing.Http1.Fuzzing;

namespace Tangram.Bench;

/// <summary>Reads projects of Compose files that seeds make, or with <c>--gateway</c> what clients send to a gateway,
/// or with <c>--answers</c> what backends answer, one after the other, until the time is over. What is wrong is printed
/// with its seed, which <c>--seed N --seconds 0</c> repeats.</summary>
internal static class FuzzBench
{
    private const int MostShown = 20;

    public static int Run(string[] args)
    {
        var seconds = Option(args, "--seconds") ?? 180;
        var seed = Option(args, "--seed") ?? (ulong)Random.Shared.NextInt64();
        var (kind, wrongOf) = args.Contains("--gateway") ? ("--gateway ", GatewayFuzzer.Wrong)
            : args.Contains("--answers") ? ("--answers ", Answers)
            : ("", (Func<ulong, string?>)Compose);
        Console.WriteLine($"{kind}--seed {seed} --seconds {seconds}");
        var (begun, inputs, wrong) = (Stopwatch.GetTimestamp(), 0L, 0);
        do
        {
            inputs++;
            if (wrongOf(seed) is { } what)
            {
                wrong++;
                Console.WriteLine($"seed {seed}: {what}");
            }
            seed++;
        }
        while (wrong < MostShown && Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        Console.WriteLine($"{inputs:N0} inputs in {took:0} s, {wrong} wrong, peak memory {peak:0} MB");
        return wrong == 0 ? 0 : 1;
    }

    private static string? Compose(ulong seed)
    {
        var input = ComposeFuzzer.Make(seed);
        return input.Wrong() is { } what ? $"{what}\n{input.Shown()}" : null;
    }

    private static string? Answers(ulong seed) =>
        AnswerFuzzer.Wrong(seed) is { } what ? $"{what}\n{AnswerFuzzer.Shown(seed)}" : null;

    private static ulong? Option(string[] args, string name) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length
            ? ulong.Parse(args[at + 1], CultureInfo.InvariantCulture) : null;
}
