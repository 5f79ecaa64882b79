using System.Globalization;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What shows only in comparison: now and then the backends of a service are looked at together, and get
/// their shares: weight × slow start × fitness, where fitness falls with latency and failures against the others. One
/// caller at a time; requests read only what it leaves in their backends' counters.</summary>
public static class Appraisal
{
    /// <summary>Often enough for a slow start of seconds.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>Of fitness, each second: a backend that looks bad for a moment loses little.</summary>
    private const double MostChange = 0.1;

    /// <summary>So much is always sent, or its recovery would not be noticed.</summary>
    private const double LeastFitness = 0.05;

    /// <summary>Up to this multiple of the median latency a backend is as good as the others.</summary>
    private const double Slower = 1.5;

    /// <summary>At this multiple it is an outlier, and at this many seconds above it.</summary>
    private const double OutlierRatio = 5;
    private const double OutlierSeconds = 0.1;

    /// <summary>An outlier fails this much, and this much more than the median.</summary>
    private const double OutlierRate = 0.1;
    private const double OutlierTimes = 3;

    /// <summary>Of two nobody can say which is the outlier.</summary>
    private const int LeastBackends = 3;

    /// <param name="chance">A random number.</param>
    public static void Look(RoutedService service, ulong chance, Instant now)
    {
        var between = service.Counters.SinceAppraisal(now);
        var backends = service.Backends.AsSpan();
        if (backends.IsEmpty) return;
        service.Counters.Admission?.Look(backends.Length, now);
        service.Counters.Hedging?.Look(now);
        var readings = new Reading[backends.Length];
        for (var i = 0; i < readings.Length; i++) readings[i] = Read(service, backends[i].Counters, now);
        var latency = Median(readings, r => r.Out || r.Seconds == 0 ? null : r.Seconds);
        var failing = Median(readings, r => r.Out ? null : r.Rate);
        for (var i = 0; i < readings.Length; i++)
            Fit(backends[i].Counters, in readings[i], latency, failing, between ?? TimeSpan.Zero);
        if (backends.Length >= LeastBackends)
            for (var i = 0; i < readings.Length; i++)
                EjectOutlier(service, backends[i], in readings[i], latency, failing, chance + (ulong)i, now);
        Share(service, now);
        Panic(service);
    }

    /// <summary>Its weight now, in the unit of <see cref="Backend.Weight"/>.</summary>
    internal static double Weight(RoutedService service, Backend backend, Instant now)
    {
        var counters = backend.Counters;
        var start = 1.0;
        if (counters.Warming(now) is { } warming)
        {
            start = SlowStart.Factor(warming, service.Traffic.SlowStart);
            if (start >= 1) counters.EndWarming();
        }
        return backend.Weight * counters.Fitness * start;
    }

    private static Reading Read(RoutedService service, BackendCounters counters, Instant now)
    {
        var breaker = service.Traffic.Breaker;
        var (requests, failures) = counters.Counted(breaker.Window, now);
        return new Reading(counters.Ejected, counters.MeanLatency, requests, failures, requests >= breaker.Minimum);
    }

    private static void Fit(
        BackendCounters counters, in Reading reading, double? latency, double? failing, TimeSpan between)
    {
        var quick = reading.Enough && latency is { } median && reading.Seconds > Slower * median
            ? Slower * median / reading.Seconds : 1;
        var sound = reading.Rate is { } rate && failing is { } usual && rate > usual
            ? Math.Pow(1 - (rate - usual), 2) : 1;
        var wanted = Math.Max(LeastFitness, quick * sound);
        var change = MostChange * between.TotalSeconds;
        counters.Fitness = Math.Clamp(wanted, counters.Fitness - change, counters.Fitness + change);
        counters.FitnessBecause = counters.Fitness >= 1 ? ""
            : wanted >= 1 ? "it is winning back its weight"
            : quick < sound ? Invariant($"its answers take {reading.Seconds / latency:0.0} times the median")
            : Invariant($"{reading.Failures} of {reading.Requests} requests failed");
    }

    private static void EjectOutlier(RoutedService service, Backend backend, in Reading reading, double? latency,
        double? failing, ulong chance, Instant now)
    {
        if (reading.Out || !reading.Enough) return;
        if (reading.Rate is { } rate && failing is { } usual && rate >= OutlierRate && rate >= OutlierTimes * usual)
            Ejection.TryEject(service, backend, EjectionCause.SuccessRate, KeyHash.Mix(chance), now,
                reading.Failures, reading.Requests);
        else if (latency is { } median && reading.Seconds >= OutlierRatio * median
            && reading.Seconds >= median + OutlierSeconds)
            Ejection.TryEject(service, backend, EjectionCause.Latency, KeyHash.Mix(chance), now,
                (long)(reading.Seconds * 1000), (long)(median * 1000));
    }

    /// <summary>Those that are ejected have a share too, for when they are back.</summary>
    private static void Share(RoutedService service, Instant now)
    {
        var heaviest = 0.0;
        foreach (var backend in service.Backends)
            if (!backend.Counters.Ejected) heaviest = Math.Max(heaviest, Weight(service, backend, now));
        foreach (var backend in service.Backends)
        {
            var weight = Weight(service, backend, now);
            backend.Counters.SetShare(heaviest > 0 ? Math.Min(1, weight / heaviest) : 1);
        }
    }

    private static void Panic(RoutedService service)
    {
        var (connecting, well) = (0, 0);
        foreach (var backend in service.Backends)
        {
            if (!backend.Counters.Gone) connecting++;
            if (!backend.Counters.Ejected) well++;
        }
        service.Counters.Panic = well * 2 < connecting;
    }

    /// <summary>Of two the smaller. Null when there is none.</summary>
    private static double? Median(Reading[] readings, Func<Reading, double?> figure)
    {
        var figures = readings.Select(figure).OfType<double>().Order().ToArray();
        return figures.Length == 0 ? null : figures[(figures.Length - 1) / 2];
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <param name="Out">Ejected.</param>
    /// <param name="Seconds">Of an answer; 0 when there was none.</param>
    /// <param name="Enough">Requests to judge by.</param>
    private readonly record struct Reading(bool Out, double Seconds, long Requests, long Failures, bool Enough)
    {
        /// <summary>Of failures, 0 to 1; null when there are too few requests.</summary>
        public double? Rate => Enough ? Failures / (double)Requests : null;
    }
}
