using System.Globalization;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>How one gateway treats one backend at the moment, and why.</summary>
/// <param name="Weight">With slow start, latency and failures taken into account.</param>
/// <param name="Breaker">Open: it gets nothing; half-open: one request at a time.</param>
/// <param name="EjectedFor">Until the next trial; null when it is not ejected.</param>
/// <param name="Because">A sentence without its end; empty when it gets its whole share.</param>
public sealed record BackendState(
    ReplicaName Replica, double Weight, BreakerState Breaker, TimeSpan? EjectedFor, string Because)
{
    public static BackendState Of(RoutedService service, Backend backend, Instant now)
    {
        var counters = backend.Counters;
        var left = counters.EjectedFor(now);
        var breaker = left is null ? BreakerState.Closed
            : counters.OnTrial || left == TimeSpan.Zero ? BreakerState.HalfOpen
            : BreakerState.Open;
        var because = left is not null ? Ejected(service, counters)
            : counters.Warming(now) is { } since && since < service.Traffic.SlowStart ? string.Create(
                CultureInfo.InvariantCulture, $"it is new or back for {since.TotalSeconds:0.#} s")
            : counters.FitnessBecause;
        if (because == "" && backend.Weight != 1)
            because = string.Create(CultureInfo.InvariantCulture, $"people gave it a weight of {backend.Weight:0.##%}");
        return new BackendState(
            backend.Replica, Math.Round(Appraisal.Weight(service, backend, now), 3), breaker, left, because);
    }

    private static string Ejected(RoutedService service, BackendCounters counters) =>
        service.Counters.Panic && !counters.Gone
            ? $"{counters.EjectedBecause}; it is used all the same, since fewer than half are well"
            : counters.EjectedBecause;
}
