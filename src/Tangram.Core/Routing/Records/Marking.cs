using Tangram.Model;

namespace Tangram.Routing.Records;

/// <summary>Says now and then of all latencies that what comes is recent: what people are told is of the last half
/// minute to minute.</summary>
public sealed class Marking
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private Instant? _last;

    /// <summary>Call it more often than that.</summary>
    public void Look(RouteTable table, Instant now)
    {
        _last ??= now;
        if (now - _last < Every) return;
        _last = now;
        foreach (var route in table.Index.All) route.Figures.Latency.Mark();
        foreach (var service in table.Services)
        {
            service.Counters.Figures.Latency.Mark();
            foreach (var backend in service.Backends) backend.Counters.Figures.Latency.Mark();
        }
    }
}
