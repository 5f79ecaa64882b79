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

    /// <summary>Every request to every backend fails after 50 ms, and clients of the gateway keep coming.</summary>
    public static TrafficScenario RetryStorm(bool budgeted) => new()
    {
        Rate = 5000,
        Duration = TimeSpan.FromSeconds(20),
        Retries = true,
        Budgeted = budgeted,
        Serve = (_, _, _) => new Serving(TimeSpan.FromMilliseconds(50), 500),
    };

    /// <summary>One of ten backends fails most of its requests at once, which makes it look idle.</summary>
    public static TrafficScenario FailsAtOnce(BalancePolicy policy, bool ejects) => new()
    {
        Policy = policy,
        Ejects = ejects,
        Serve = (backend, _, rng) => backend == 3 && rng.Chance(0.6)
            ? new Serving(TimeSpan.FromMilliseconds(1), 500)
            : new Serving(TrafficScenario.LogNormal(TimeSpan.FromMilliseconds(50), 0.4, rng)),
    };

    /// <summary>Four backends that work on ten requests at once, 20 ms each: 1,846 requests a second are all that they
    /// can. What is given up they work on to its end.</summary>
    /// <param name="load">Of what they can.</param>
    public static TrafficScenario Overload(double load, AdmissionSpec? admission) => new()
    {
        Backends = 4,
        Slots = 10,
        Rate = load * OverloadCapacity,
        Duration = TimeSpan.FromSeconds(90),
        WarmUp = TimeSpan.FromSeconds(10),
        Admission = admission,
        Serve = (_, _, rng) => new Serving(TrafficScenario.LogNormal(TimeSpan.FromMilliseconds(20), 0.4, rng)),
    };

    /// <summary>Requests a second: 40 places, and the mean of the log-normal times is the median × e^(σ²/2).</summary>
    public static readonly double OverloadCapacity = 40 / (0.020 * Math.Exp(0.4 * 0.4 / 2));

    private static bool IsMiddle(Instant now) => now.Ticks is >= 15 * TimeSpan.TicksPerSecond
        and < 45 * TimeSpan.TicksPerSecond;
}
