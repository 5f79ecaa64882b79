using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Traffic;

/// <summary>What a <see cref="ZoneScenarios"/> run showed of zone a.</summary>
/// <param name="Entered">From the onset until it was degraded; null: it never was.</param>
/// <param name="Shifted">From the onset until it got less than a tenth of the requests.</param>
/// <param name="Recovered">From the onset until it was well again and had a fifth of the requests at least.</param>
/// <param name="Late">Of the requests since the onset, those whose answer took more than a second.</param>
/// <param name="Flips">Times that it was degraded or was well again.</param>
/// <param name="Least">The smallest share that it was left.</param>
/// <param name="AllDegraded">Every zone was, at some moment.</param>
public sealed record ZoneFigures(
    TimeSpan? Entered, TimeSpan? Shifted, TimeSpan? Recovered, double Failed, double Late, int Flips, double Least,
    bool AllDegraded, TimeSpan P99)
{
    private static readonly TimeSpan LateAfter = TimeSpan.FromSeconds(1);

    /// <summary>Looks over which a share of requests is counted.</summary>
    private const int Over = 4;

    public static ZoneFigures Of(TrafficScenario scenario)
    {
        var (entered, shifted, recovered) = ((TimeSpan?)null, (TimeSpan?)null, (TimeSpan?)null);
        var (flips, least, all, was) = (0, 1.0, false, false);
        var past = new Queue<EquatableArray<int>>();
        var result = TrafficRun.Of(scenario with
        {
            Observe = moment =>
            {
                var at = moment.Now - Instant.Zero - ZoneScenarios.Onset;
                var zones = moment.Service.Counters.Zones.All;
                var first = zones[0];
                if (first.Degraded != was) flips++;
                was = first.Degraded;
                all |= zones.All(zone => zone.Degraded);
                least = Math.Min(least, first.Kept);
                past.Enqueue(moment.Got);
                if (past.Count <= Over) return;
                var share = Share(past.Dequeue(), moment.Got, scenario.Zones);
                if (at < TimeSpan.Zero || at > scenario.Duration - ZoneScenarios.Onset) return;
                if (first.Degraded) entered ??= at;
                if (share < 0.1) shifted ??= at;
                if (entered is not null && !first.Degraded && share > 0.2) recovered ??= at;
            },
        });
        var since = result.Requests * (1 - ZoneScenarios.Onset / scenario.Duration);
        return new ZoneFigures(entered, shifted, recovered, 1 - result.Success,
            result.Latencies.Count(l => l > LateAfter) / since, flips, least, all, result.Percentile(0.99));
    }

    private static double Share(EquatableArray<int> before, EquatableArray<int> now, string zones)
    {
        var (own, sum) = (0, 0);
        for (var i = 0; i < now.Count; i++)
        {
            sum += now[i] - before[i];
            if (zones[i] == 'a') own += now[i] - before[i];
        }
        return sum == 0 ? 0 : own / (double)sum;
    }
}
