using System.Globalization;
using Tangram.Proving.Drills;

namespace Tangram.Bench.Drills;

/// <summary>The drill <c>everything</c> with one seed after the other, on clusters of its own that do not know of each
/// other: what was drawn and whether it was kept.</summary>
internal static class EverythingBench
{
    /// <param name="args">How many seeds (10), the first of them (1), how many clusters share them (1).</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var (count, from, clusters) = (At(args, 0, 10), At(args, 1, 1), At(args, 2, 1));
        var next = from - 1;
        var results = new List<DrillResult>();
        Console.WriteLine("| seed | verdict | requests | failed | faults | longest to be whole |");
        Console.WriteLine("|---|---|---|---|---|---|");
        await Task.WhenAll(Enumerable.Range(1, clusters).Select(number => Task.Run(() => HoldAsync(number))));
        var kinds = results.SelectMany(result => result.Faults).Where(fault => fault.At is not null)
            .GroupBy(fault => fault.Kind).OrderByDescending(kind => kind.Count())
            .Select(kind => $"{kind.Count()} {kind.Key}");
        var rulings = results.GroupBy(result => result.Verdict.Ruling)
            .Select(ruling => $"{ruling.Count()} {ruling.Key}");
        Console.WriteLine($"{results.Count} drills: {string.Join(", ", rulings)}");
        Console.WriteLine($"{results.Sum(r => r.Load?.Sent ?? 0)} requests, {results.Sum(r => r.Load?.Failed ?? 0)} " +
            $"failed; faults: {string.Join(", ", kinds)}");
        return results.All(result => result.Verdict.Ruling == DrillRuling.Kept) ? 0 : 1;

        async Task HoldAsync(int number)
        {
            var house = await DrillHouse.StartAsync(number);
            try
            {
                for (int seed; (seed = Interlocked.Increment(ref next)) < from + count;)
                {
                    var result = await house.DrillAsync("everything", "--seed", $"{seed}");
                    var kept = result.Verdict.Ruling == DrillRuling.Kept;
                    var state = kept ? "" : await house.StateAsync();
                    lock (results)
                    {
                        results.Add(result);
                        Print(result, state);
                    }
                    if (kept) continue;
                    // What it left is not the next one's.
                    house.Dispose();
                    house = await DrillHouse.StartAsync(number);
                }
            }
            finally
            {
                house.Dispose();
            }
        }
    }

    private static void Print(DrillResult result, string state)
    {
        var whole = result.Faults.Max(fault => fault.Whole);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {result.Seed} | {result.Verdict.Ruling} | {result.Load?.Sent} | {result.Load?.Failed} | ") +
            string.Join(", ", result.Faults.Where(f => f.At is not null).Select(f => f.Kind)) +
            string.Create(CultureInfo.InvariantCulture, $" | {whole?.TotalSeconds:0.0} s |"));
        if (result.Verdict.Ruling == DrillRuling.Kept) return;
        foreach (var sentence in result.Verdict.Because) Console.WriteLine($"  {sentence}");
        foreach (var moment in result.Timeline)
            Console.WriteLine($"  {moment.At.TotalSeconds,7:0.00} s  {moment.What}");
        Console.WriteLine(state);
    }

    private static int At(string[] args, int place, int otherwise) =>
        args.Length > place ? int.Parse(args[place], CultureInfo.InvariantCulture) : otherwise;
}
