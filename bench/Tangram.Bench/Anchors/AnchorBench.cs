using System.Globalization;
using Tangram.Bench.Gateway;

namespace Tangram.Bench.Anchors;

/// <summary>The published results that the gateway's brain reproduces, live: `tangram up` with replicas that take their
/// time, on loopback. Prints tables of docs/gateway-figures.md.</summary>
internal static class AnchorBench
{
    private const string PolicyAlone = "breaker: { minimum: 1000000 }";

    /// <param name="args">Which of them, all when none is given.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var sound = true;
        if (Wants("slow")) sound &= await SlowAsync();
        if (Wants("overload")) sound &= await OverloadAsync();
        if (Wants("storm")) sound &= await StormAsync();
        if (Wants("maglev")) sound &= await MaglevAsync();
        return sound ? 0 : 1;

        bool Wants(string name) => args.Length == 0 || args.Contains(name);
    }

    /// <summary>Linkerd 2016. Clients leave after a second, so the gateway knows no failure, and no backend is ejected
    /// unless by comparison.</summary>
    private static async Task<bool> SlowAsync()
    {
        Head("One of 11 replicas takes 2 s for 30 of 60 s, live", "chosen by", "published", "measured", "p99");
        var sound = true;
        foreach (var (balance, more, published, least) in new[]
        {
            ("round-robin", PolicyAlone, "95 %", 0.945), ("least-requests", PolicyAlone, "99 %", 0.985),
            ("peak-ewma", PolicyAlone, "99.9 %", 0.9985), ("peak-ewma", "", "", 0.9985),
        })
        {
            await using var bed = await Bed.StartAsync(11, 167, 0, $"balance: {balance}, {more}");
            using var loop = new OpenLoop(bed.Url);
            await loop.MostAsync(32, TimeSpan.FromSeconds(6));
            var result = await loop.RunAsync(1000, TimeSpan.FromSeconds(60), TimeSpan.Zero, TimeSpan.FromSeconds(1),
                (TimeSpan.FromSeconds(15), () => bed.Mode("slow order-3")),
                (TimeSpan.FromSeconds(45), () => bed.Mode("")));
            var success = result.Ok / (double)result.Sent;
            Row(balance + (more == "" ? ", with ejection and breakers" : ""), published, Percent(success),
                $"{result.P99:0} ms");
            sound &= success >= least;
        }
        return sound;
    }

    /// <summary>Four replicas that work on five requests at once.</summary>
    private static async Task<bool> OverloadAsync()
    {
        Head("Twice what four replicas can do, for 40 s, live", "admission", "at most", "asked", "good answers",
            "of the most", "p50", "p99", "refused");
        var sound = true;
        foreach (var admission in new[] { "off", "auto" })
        {
            await using var bed = await Bed.StartAsync(4, 40, 5, $"admission: {admission}, breaker: off");
            using var loop = new OpenLoop(bed.Url);
            await loop.MostAsync(20, TimeSpan.FromSeconds(5));
            // Enough to keep all of them at work, and not more than an admission takes for calm.
            var most = await loop.MostAsync(40, TimeSpan.FromSeconds(10));
            var result = await loop.RunAsync(2 * most, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(5),
                TimeSpan.FromSeconds(1));
            Row(admission, $"{most:0}/s", $"{2 * most:0}/s", $"{result.PerSecond:0}/s",
                Percent(result.PerSecond / most), $"{result.P50:0} ms", $"{result.P99:0} ms",
                Percent(result.Refused / (double)result.Sent));
            if (admission == "auto") sound &= result.PerSecond >= 0.9 * most && result.P99 < 500;
        }
        return sound;
    }

    private static async Task<bool> StormAsync()
    {
        Head("All of ten replicas fail after 200 ms, 1,500 requests/s for 15 s, live", "what", "published", "measured");
        await using var bed = await Bed.StartAsync(10, 200, 0, "balance: peak-ewma");
        using var loop = new OpenLoop(bed.Url);
        await loop.MostAsync(64, TimeSpan.FromSeconds(5));
        bed.Mode("fail");
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        var before = bed.Got();
        var result = await loop.RunAsync(1500, TimeSpan.FromSeconds(15), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        var times = (bed.Got() - before) / (double)result.Sent;
        Row("requests that replicas get, for each that clients send", "at most 1.2",
            times.ToString("0.00", CultureInfo.InvariantCulture));
        return times <= 1.2;
    }

    private static async Task<bool> MaglevAsync()
    {
        const int Keys = 60_000;
        Head($"{Keys:N0} keys over ten replicas, then nine, live", "fullest above the mean", "emptiest below it",
            "by chance alone", "keys of others that move when one goes");
        await using var bed = await Bed.StartAsync(10, 0, 0, "balance: { hash: header X-Key, bound: 1000% }");
        using var loop = new OpenLoop(bed.Url);
        var before = await loop.PlacesAsync(Keys);
        var counts = before.GroupBy(place => place).ToDictionary(same => same.Key, same => same.Count());
        await bed.ScaleAsync(9);
        var after = await loop.PlacesAsync(Keys);
        var left = after.ToHashSet();
        var moved = Enumerable.Range(0, Keys).Count(key => left.Contains(before[key]) && before[key] != after[key]);
        var mean = Keys / 10.0;
        Row(Percent(counts.Values.Max() / mean - 1), Percent(1 - counts.Values.Min() / mean),
            $"±{Percent(Math.Sqrt(mean * 0.9) / mean)} (σ)", Percent(moved / (double)Keys));
        return counts.Count == 10 && left.Count == 9 && moved < Keys * 0.02;
    }

    private static string Percent(double share) =>
        (share * 100).ToString("F2", CultureInfo.InvariantCulture) + " %";

    private static void Head(string title, params string[] columns)
    {
        Console.WriteLine($"\n## {title}\n");
        Row(columns);
        Console.WriteLine("|" + string.Concat(columns.Select(_ => "---|")));
    }

    private static void Row(params string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");
}
