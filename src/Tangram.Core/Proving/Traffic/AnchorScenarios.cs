using Tangram.Model;

namespace Tangram.Proving.Traffic;

/// <summary>The published experiments that gateways are measured by.</summary>
public static class AnchorScenarios
{
    /// <summary>Linkerd 2016: 11 backends with a median of 167 ms, 1,000 requests a second for a minute, one backend at
    /// 2 s for the 30 s in its middle, clients that wait for 1 s. The policy alone decides.</summary>
    public static TrafficScenario SlowBackend(BalancePolicy policy) => new()
    {
        Backends = 11,
        Policy = policy,
        Ejects = false,
        Serve = (backend, now, rng) => new Serving(backend == 3 && IsMiddle(now)
            ? TimeSpan.FromSeconds(2)
            : TrafficScenario.LogNormal(TimeSpan.FromMilliseconds(167), 0.4, rng)),
    };

    private static bool IsMiddle(Instant now) => now.Ticks is >= 15 * TimeSpan.TicksPerSecond
        and < 45 * TimeSpan.TicksPerSecond;
}
