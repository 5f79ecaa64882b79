using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Proving.Traffic;

/// <summary>Two or three zones of which one becomes slow, as gateways meet it. Answers take 50 ms, three backends stand
/// in each zone, and the gateway stands in zone a.</summary>
public static class ZoneScenarios
{
    public static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(50);
    public static readonly TimeSpan Threshold = DegradeSpec.UsualLatency;

    /// <summary>When the trouble begins.</summary>
    public static readonly TimeSpan Onset = TimeSpan.FromSeconds(20);

    /// <param name="median">Of an answer in a zone at a moment.</param>
    public static TrafficScenario Of(Func<char, TimeSpan, TimeSpan> median, string zones = "aaabbbccc") => new()
    {
        Backends = zones.Length, Zones = zones, Home = ZoneName.Of("a"), Rate = 300, Timeout = TimeSpan.FromSeconds(10),
        Duration = TimeSpan.FromSeconds(80),
        Traffic = new TrafficSpec { Degrade = new DegradeSpec { ZoneLatency = Threshold } },
        Serve = (backend, now, rng) => new Serving(TrafficScenario.LogNormal(
            median(zones[backend], now - Instant.Zero), 0.4, rng)),
    };

    /// <summary>All of a sudden zone a takes 800 ms.</summary>
    public static TrafficScenario Step() => Of((zone, at) => zone == 'a' && at >= Onset ? Slow : Usual);

    /// <summary>The same, and it is over after 30 s.</summary>
    public static TrafficScenario Pulse() =>
        Of((zone, at) => zone == 'a' && at >= Onset && at < Onset + TimeSpan.FromSeconds(30) ? Slow : Usual);

    /// <summary>Zone a takes longer and longer: in 30 s from 50 to 1,000 ms.</summary>
    public static TrafficScenario Ramp() => Of((zone, at) => zone != 'a' || at < Onset ? Usual
        : Usual + TimeSpan.FromMilliseconds(950) * Math.Clamp((at - Onset) / TimeSpan.FromSeconds(30), 0, 1));

    /// <summary>Zone a is slow and well by turns.</summary>
    public static TrafficScenario Oscillation(TimeSpan half) => Of((zone, at) =>
        zone == 'a' && at >= Onset && (long)((at - Onset) / half) % 2 == 0 ? Slow : Usual) with
    {
        Duration = TimeSpan.FromSeconds(140),
    };

    /// <summary>First zone a is slow, and five seconds later b too; with <paramref name="together"/> at once.</summary>
    public static TrafficScenario Both(bool together) => Of((zone, at) => at >= Onset
        + (zone == 'a' || together ? TimeSpan.Zero : TimeSpan.FromSeconds(5)) ? Slow : Usual, "aaabbb");

    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(800);
}
