using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Tangram.Bench.Zones;

/// <summary>Zones that become slow, live on loopback: the scenarios of <c>ZoneScenarios</c> with processes. Requests
/// leave at fixed times, and latency counts from these.</summary>
internal static class ZonesBench
{
    private const int Rate = 200;
    private const double Slow = 800, Usual = 50;
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(1);

    private sealed record Answer(TimeSpan Due, TimeSpan Took, bool Ok, char Zone);

    /// <param name="args"><c>without</c>: neither zones nor degrading, which is what the default policy does
    /// alone.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        var without = args is ["without"];
        using var house = await ZoneHouse.StartAsync(
            without ? ", zone_aware: false" : ", degrade: { zone_latency: 500ms }");
        var run = new Run(house);
        using var ending = new CancellationTokenSource();
        var load = run.LoadAsync(ending.Token);
        await Pause(20);
        Console.WriteLine($"{Rate} requests/s, 50 ms, nine replicas in three zones, the gateway in zone a" +
            (without ? "; without zones and degrading" : ""));
        Console.WriteLine("| scenario | requests | failed | later than 1 s | p99 | zone a: degraded after | " +
            "below 10 % after | above 20 % again after | flips |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        await run.ScenarioAsync("step: zone a takes 800 ms for 20 s", 40, at => (at < 20 ? Slow : null, null));
        await run.ScenarioAsync("ramp: zone a takes longer for 20 s, up to 1,000 ms, and 5 s more", 45,
            at => (at < 20 ? Usual + 950 * at / 20 : at < 25 ? 1000 : null, null));
        await run.ScenarioAsync("oscillation: zone a takes 800 ms for 5 of 10 s, 4 times", 55,
            at => (at < 40 && at % 10 < 5 ? Slow : null, null));
        await run.ScenarioAsync("all zones take 800 ms for 10 s", 20,
            at => (at < 10 ? Slow : null, at < 10 ? Slow : null));
        await ending.CancelAsync();
        await load;
        foreach (var line in house.Said) if (line.Contains("zone", StringComparison.Ordinal)) Console.WriteLine(line);
        return 0;
    }

    private static async Task Pause(double seconds) => await Task.Delay(TimeSpan.FromSeconds(seconds));

    private sealed class Run(ZoneHouse house)
    {
        private readonly ConcurrentQueue<Answer> _answers = [];
        private readonly long _begun = Stopwatch.GetTimestamp();
        private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
        {
            Timeout = TimeSpan.FromSeconds(10),
        };

        private TimeSpan Now => Stopwatch.GetElapsedTime(_begun);

        public async Task LoadAsync(CancellationToken ending)
        {
            var waiting = new List<Task>();
            using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            for (var number = 0L; !ending.IsCancellationRequested; await ticks.WaitForNextTickAsync(default))
            {
                for (; number < Now.TotalSeconds * Rate; number++)
                    waiting.Add(AskAsync(TimeSpan.FromSeconds(number / (double)Rate)));
                waiting.RemoveAll(task => task.IsCompleted);
            }
            await Task.WhenAll(waiting);
        }

        private async Task AskAsync(TimeSpan due)
        {
            try
            {
                using var answer = await _http.GetAsync(house.Url);
                var text = await answer.Content.ReadAsStringAsync();
                var zone = text is [var one] ? one : '?';
                _answers.Enqueue(new Answer(due, Now - due, answer.IsSuccessStatusCode, zone));
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                _answers.Enqueue(new Answer(due, Now - due, false, '?'));
            }
        }

        /// <param name="slow">From seconds to the milliseconds of zone a, and of the others.</param>
        public async Task ScenarioAsync(string name, double seconds, Func<double, (double? Own, double? Others)> slow)
        {
            var (from, degraded, flips) = (Now, (TimeSpan?)null, house.Said.Count(IsFlip));
            var before = flips;
            for (TimeSpan at; (at = Now - from).TotalSeconds < seconds; await Pause(0.1))
            {
                var (own, others) = slow(at.TotalSeconds);
                house.Slow('a', own);
                foreach (var zone in "bc") house.Slow(zone, others);
                if (house.Said.Count(IsFlip) > before) degraded ??= at;
            }
            flips = house.Said.Count(IsFlip) - before;
            // Those that are on their way at the end are of this scenario too.
            await Pause(3);
            var all = _answers.Where(a => a.Due >= from && a.Due < from + TimeSpan.FromSeconds(seconds))
                .OrderBy(a => a.Due).ToArray();
            var below = First(all, from, TimeSpan.Zero, share => share < 0.1);
            var above = below is { } low ? First(all, from, low, share => share > 0.2) : null;
            var late = all.Count(a => a.Took > Late);
            var took = all.Select(a => a.Took).Order().ToArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {all.Length} | {all.Count(a => !a.Ok)} | {late} ") + string.Create(
                CultureInfo.InvariantCulture, $"({100.0 * late / all.Length:0.00} %) | ") + string.Create(
                CultureInfo.InvariantCulture, $"{took[took.Length * 99 / 100].TotalMilliseconds:0} ms | ")
                + $"{Seconds(degraded)} | {Seconds(below)} | {Seconds(above)} | {flips} |");
        }

        private static bool IsFlip(string line) => line.Contains("zone a is slow", StringComparison.Ordinal)
            || line.Contains("zone a is well", StringComparison.Ordinal);

        /// <summary>When, of the requests of one second, zone a had such a share.</summary>
        private static TimeSpan? First(Answer[] all, TimeSpan from, TimeSpan after, Func<double, bool> holds)
        {
            for (var end = after + TimeSpan.FromSeconds(1); ; end += TimeSpan.FromMilliseconds(250))
            {
                var window = all.Where(a =>
                    a.Due < from + end && a.Due >= from + end - TimeSpan.FromSeconds(1)).ToArray();
                if (window.Length < Rate / 2) return null;
                if (holds(window.Count(a => a.Zone == 'a') / (double)window.Length)) return end;
            }
        }

        private static string Seconds(TimeSpan? time) => time is { } known
            ? known.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s" : "-";
    }
}
