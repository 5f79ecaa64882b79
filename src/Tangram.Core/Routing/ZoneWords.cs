using System.Globalization;

namespace Tangram.Routing;

/// <summary>What a gateway says of a service's zones, for people who ask why.</summary>
public static class ZoneWords
{
    public static IEnumerable<string> Of(RoutedService service)
    {
        var memory = service.Counters.Zones;
        if (service.Zones is null) yield break;
        if (memory.Home is { } home)
            yield return Invariant($"The gateway here is in zone {home.Zone}, which gets {memory.Preference * 100:0} ")
                + "% of the requests, and of the rest as much as others"
                + (memory.HomeBecause == "" ? "." : $": {memory.HomeBecause}.");
        foreach (var zone in memory.All)
            if (zone.Kept < 1)
                yield return Invariant($"The gateway here lets zone {zone.Zone} keep {zone.Kept * 100:0} % of its ")
                    + (zone.Degraded
                        ? Invariant($"requests: its answers take {zone.Latency * 1000:0} ms, and ")
                            + Invariant($"{service.Traffic.Degrade?.ZoneLatency?.TotalMilliseconds:0} ms is the limit.")
                        : "requests: it was slow, and is winning them back.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
