using System.Diagnostics;
using System.Globalization;
using Tangram.Model;
using Tangram.Proving.Traffic;
using Tangram.Routing;

namespace Tangram.Bench;

/// <summary>The published results that the gateway's brain reproduces, in virtual time, and what a decision costs.
/// Prints the tables of docs/gateway-figures.md.</summary>
internal static class BalancingBench
{
    private const int Seeds = 5;
    private const int Warm = 200_000, Measured = 2_000_000;

    /// <param name="args"><c>zones</c>: only the tables of zones.</param>
    public static int Run(string[] args)
    {
        if (args is ["zones"])
        {
            Zones();
            return 0;
        }
        SlowBackend();
        FailsAtOnce();
        Tables();
        Others();
        Zones();
        Overload();
        Costs();
        return 0;
    }

    private static void SlowBackend()
    {
        Head("One of 11 backends takes 2 s for 30 of 60 s (Linkerd 2016)", "chosen by", "published", "measured");
        foreach (var (policy, published) in new[]
        {
            (BalancePolicy.RoundRobin, "95 %"), (BalancePolicy.LeastRequests, "99 %"),
            (BalancePolicy.PeakEwma, "99.9 %"),
        }) Row(policy.ToString(), published, Success(AnchorScenarios.SlowBackend(policy)));
        Row("PeakEwma; clients leave, the gateway has no time-out", "", Success(
            AnchorScenarios.SlowBackend(BalancePolicy.PeakEwma) with { GivenUp = AttemptOutcome.ClientFault }));
        foreach (var policy in new[] { BalancePolicy.RoundRobin, BalancePolicy.PeakEwma })
            Row($"{policy}, with ejection and breakers", "",
                Success(AnchorScenarios.SlowBackend(policy) with { Ejects = true }));
    }

    private static void FailsAtOnce()
    {
        Head("One of 10 backends fails 60 % of its requests after 1 ms, without retries", "chosen by", "policy alone",
            "with ejection and breakers");
        foreach (var policy in new[]
        {
            BalancePolicy.RoundRobin, BalancePolicy.LeastRequests, BalancePolicy.PeakEwma,
        }) Row(policy.ToString(), Success(AnchorScenarios.FailsAtOnce(policy, false)),
            Success(AnchorScenarios.FailsAtOnce(policy, true)));
    }

    private static void Tables()
    {
        Head("Maglev table of 65,537 (NSDI 2016)", "backends", "slots each", "fullest above the mean",
            "emptiest below it", "keys of others that move when one goes", "time to make");
        foreach (var count in new[] { 3, 10, 100, 655 })
        {
            var backends = Service(count, BalancePolicy.Hash).Backends.ToArray();
            var watch = Stopwatch.StartNew();
            var table = Maglev.Of(backends, null);
            var took = watch.Elapsed;
            var slots = new int[count];
            for (var key = 0; key < Maglev.Size; key++) slots[table[(ulong)key]]++;
            var mean = Maglev.Size / (double)count;
            var gone = backends[count / 2];
            var left = backends.Where(b => b != gone).ToArray();
            var after = Maglev.Of(left, null);
            var moved = Enumerable.Range(0, Maglev.Size).Count(key => backends[table[(ulong)key]] != gone
                && backends[table[(ulong)key]] != left[after[(ulong)key]]);
            Row($"{count}", $"{mean:N0}", Percent(slots.Max() / mean - 1, 2), Percent(1 - slots.Min() / mean, 2),
                Percent(moved / (double)Maglev.Size, 2), $"{took.TotalMilliseconds:0.0} ms");
        }
    }

    private static void Others()
    {
        Head("Others", "what", "published", "measured");
        Row("the fullest of 10,000 backends after 10,000 requests, by chance", "ln n / ln ln n, and a little",
            $"{MostLoaded.Random(10_000, 1)}");
        Row("the same, the better of two", "ln ln n / ln 2, and a little", $"{MostLoaded.OfTwo(10_000, 1)}");
        Row("all backends fail, 3 retries without a budget: attempts for each request", "4",
            $"{TrafficRun.Of(AnchorScenarios.RetryStorm(false)).Amplification:0.00}");
        Row("the same with the retry budget", "at most 1.2",
            $"{TrafficRun.Of(AnchorScenarios.RetryStorm(true)).Amplification:0.00}");
    }

    private static void Zones()
    {
        foreach (var policy in new[] { BalancePolicy.PeakEwma, BalancePolicy.RoundRobin })
        {
            Head($"Zones that become slow (800 ms, usually 50), {policy}", "scenario", "zone a: degraded after",
                "below 10 % after", "well, and above 20 %, after", "flips", "all zones degraded", "failed",
                "later than 1 s", "p99", "later than 1 s, without zones and degrading");
            foreach (var (name, scenario) in new (string, TrafficScenario)[]
            {
                ("step", ZoneScenarios.Step()), ("step for 30 s", ZoneScenarios.Pulse()),
                ("ramp to 1,000 ms in 30 s", ZoneScenarios.Ramp()),
                ("2 s of 4 slow, for 2 minutes", ZoneScenarios.Oscillation(TimeSpan.FromSeconds(2))),
                ("5 s of 10", ZoneScenarios.Oscillation(TimeSpan.FromSeconds(5))),
                ("10 s of 20", ZoneScenarios.Oscillation(TimeSpan.FromSeconds(10))),
                ("both of two zones at once", ZoneScenarios.Both(together: true)),
                ("the second 5 s later", ZoneScenarios.Both(together: false)),
            })
            {
                var figures = ZoneFigures.Of(scenario with { Policy = policy });
                var plain = ZoneFigures.Of(scenario with { Policy = policy, Home = null, Traffic = new TrafficSpec() });
                Row(name, Seconds(figures.Entered), Seconds(figures.Shifted), Seconds(figures.Recovered),
                    $"{figures.Flips}", figures.AllDegraded ? "yes" : "never", Percent(figures.Failed, 2),
                    Percent(figures.Late, 2), $"{figures.P99.TotalMilliseconds:0} ms", Percent(plain.Late, 2));
            }
        }
    }

    private static string Seconds(TimeSpan? time) =>
        time is { } known ? known.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s" : "-";

    private static void Overload()
    {
        Head("Four backends of ten places that take 20 ms each, clients that wait for 1 s", "load", "admission",
            "good answers, of the most", "p50", "p99", "refused");
        foreach (var (load, spec) in new[]
        {
            (0.85, new AdmissionSpec()), (1.2, new AdmissionSpec()), (2, null), (2, new AdmissionSpec()),
            (5, new AdmissionSpec()),
        })
        {
            var result = TrafficRun.Of(AnchorScenarios.Overload(load, spec));
            Row($"{load} ×", spec is null ? "off" : "auto",
                Percent(result.Succeeded / (80 * AnchorScenarios.OverloadCapacity), 1),
                $"{result.Percentile(0.5).TotalMilliseconds:0} ms", $"{result.Percentile(0.99).TotalMilliseconds:0} ms",
                Percent(result.Refused / (double)result.Requests, 1));
        }
    }

    private static void Costs()
    {
        Head("What one decision costs, one thread", "policy", "3 backends", "10", "100", "1,000");
        foreach (var policy in Enum.GetValues<BalancePolicy>())
            Row([policy.ToString(), .. new[] { 3, 10, 100, 1000 }.Select(count => PickCost(policy, count))]);
        Row([.. new[] { "learning from an attempt" }
            .Concat(new[] { 3, 10, 100, 1000 }.Select(LearnCost))]);
    }

    private static string PickCost(BalancePolicy policy, int count)
    {
        var service = Busy(count, policy);
        var tried = new Tried();
        return Nanoseconds(i => Balancer.Pick(service, in tried, (ulong)i * 0x9E3779B97F4A7C15UL,
            new Instant(100_000_000 + i), new Affinity((ulong)i * 77, default)));
    }

    private static string LearnCost(int count)
    {
        var service = Busy(count, BalancePolicy.PeakEwma);
        return Nanoseconds(i =>
        {
            var attempt = new Attempt(AttemptOutcome.Answered, 200, TimeSpan.FromMilliseconds(5), (ulong)i);
            Ejection.Report(service, service.Backends[i % count], in attempt, new Instant(100_000_000 + i));
        });
    }

    /// <summary>Every backend has answered and has something in flight.</summary>
    private static RoutedService Busy(int count, BalancePolicy policy)
    {
        var service = Service(count, policy);
        foreach (var backend in service.Backends)
        {
            var attempt = new Attempt(AttemptOutcome.Answered, 200, TimeSpan.FromMilliseconds(5));
            Ejection.Report(service, backend, in attempt, new Instant(90_000_000));
            backend.Counters.Enter();
            for (var i = 0; i < 2; i++) service.Counters.Enter();
        }
        return service;
    }

    private static string Nanoseconds(Action<int> act)
    {
        for (var i = 0; i < Warm; i++) act(i);
        var best = TimeSpan.MaxValue;
        for (var run = 0; run < 3; run++)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < Measured; i++) act(i);
            if (watch.Elapsed < best) best = watch.Elapsed;
        }
        return $"{best.TotalNanoseconds / Measured:0} ns";
    }

    private static RoutedService Service(int count, BalancePolicy policy) => TrafficRun.Service(new TrafficScenario
    {
        Backends = count, Policy = policy, Serve = (_, _, _) => default,
    });

    /// <summary>The mean of a few seeds, and the worst.</summary>
    private static string Success(TrafficScenario scenario)
    {
        var all = Enumerable.Range(1, Seeds).Select(seed =>
            TrafficRun.Of(scenario with { Seed = (ulong)seed }).Success).ToArray();
        return $"{Percent(all.Average(), 2)} (worst of {Seeds} seeds {Percent(all.Min(), 2)})";
    }

    private static string Percent(double share, int digits) =>
        (share * 100).ToString($"F{digits}", CultureInfo.InvariantCulture) + " %";

    private static void Head(string title, params string[] columns)
    {
        Console.WriteLine($"\n## {title}\n");
        Row(columns);
        Console.WriteLine("|" + string.Concat(columns.Select(_ => "---|")));
    }

    private static void Row(params string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells)} |");
}
