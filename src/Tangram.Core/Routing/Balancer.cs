using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Which backend gets this request. Synchronous and free of allocations.</summary>
public static class Balancer
{
    /// <summary>A backend that refused or cut a connection is left for this long, doubled each time in a row.</summary>
    public static readonly TimeSpan FirstEjection = TimeSpan.FromSeconds(1);

    private const int LongestEjectionDoublings = 3;

    /// <summary>Gateway-visible failures in a row after which a backend that answers is left for a while.</summary>
    private const int FailuresToEject = 5;

    /// <summary>Takes a backend and counts the request as in flight there; call <see cref="Release"/> when it has ended.
    /// Backends that are ejected, or condemned by a rollback, are used only when no other is left: when all look bad, it
    /// is more likely that the look is wrong. Null when every backend has been tried, or there is none.</summary>
    /// <param name="random">64 random bits.</param>
    public static Backend? Pick(ServiceBackends service, in Tried tried, ulong random, Instant now)
    {
        for (var leniency = 0; leniency <= 2; leniency++)
        {
            var eligible = 0;
            foreach (var backend in service.Backends)
                if (Allowed(backend, tried, leniency, now)) eligible++;
            if (eligible == 0) continue;
            var chosen = service.Balance == BalancePolicy.RoundRobin
                ? Nth(service, tried, leniency, now, (int)((uint)Interlocked.Increment(ref service.Cursor) % (uint)eligible))
                : LessLoaded(service, tried, leniency, now, eligible, random);
            if (chosen is null) continue;
            Interlocked.Increment(ref chosen.Counters.InFlightCount);
            return chosen;
        }
        return null;
    }

    public static void Release(Backend backend) => Interlocked.Decrement(ref backend.Counters.InFlightCount);

    /// <summary>It answered, whatever it said below 500.</summary>
    public static void Succeeded(Backend backend)
    {
        Interlocked.Increment(ref backend.Outcomes.Requests);
        if (backend.Counters.FailuresInRow != 0) Interlocked.Exchange(ref backend.Counters.FailuresInRow, 0);
        if (backend.Counters.EjectionsInRow != 0) Interlocked.Exchange(ref backend.Counters.EjectionsInRow, 0);
    }

    /// <summary>The request reached it and failed there: 5xx, reset or cut.</summary>
    public static void Failed(ServiceBackends service, Backend backend, bool answered, Instant now)
    {
        Interlocked.Increment(ref backend.Outcomes.Requests);
        Interlocked.Increment(ref backend.Outcomes.Failures);
        var inRow = Interlocked.Increment(ref backend.Counters.FailuresInRow);
        if (!answered) Eject(backend, now);
        else if (inRow >= FailuresToEject && EjectedShareBelowHalf(service, now)) Eject(backend, now);
    }

    /// <summary>It refused the connection, so the request never reached it.</summary>
    public static void Refused(Backend backend, Instant now) => Eject(backend, now);

    private static void Eject(Backend backend, Instant now)
    {
        if (backend.Counters.Ejected(now)) return;
        var doublings = Math.Min(LongestEjectionDoublings, Interlocked.Increment(ref backend.Counters.EjectionsInRow) - 1);
        Interlocked.Exchange(ref backend.Counters.EjectedUntilTicks, (now + FirstEjection * (1 << doublings)).Ticks);
        Interlocked.Exchange(ref backend.Counters.FailuresInRow, 0);
    }

    private static bool EjectedShareBelowHalf(ServiceBackends service, Instant now)
    {
        var ejected = 0;
        foreach (var backend in service.Backends) if (backend.Counters.Ejected(now)) ejected++;
        return (ejected + 1) * 2 <= service.Backends.Length;
    }

    private static bool Allowed(Backend backend, in Tried tried, int leniency, Instant now) =>
        (leniency >= 1 || !backend.Condemned) && (leniency >= 2 || !backend.Counters.Ejected(now)) && !tried.Contains(backend);

    /// <summary>Power of two choices: of two drawn at random, the one with fewer requests in flight (Mitzenmacher, 2001).</summary>
    private static Backend? LessLoaded(ServiceBackends service, in Tried tried, int leniency, Instant now, int eligible, ulong random)
    {
        var first = (int)((uint)random % (uint)eligible);
        var one = Nth(service, tried, leniency, now, first);
        if (eligible == 1) return one;
        var second = (int)((uint)(random >> 32) % (uint)(eligible - 1));
        if (second >= first) second++;
        var other = Nth(service, tried, leniency, now, second);
        if (one is null || other is null) return one ?? other;
        return other.Counters.InFlight < one.Counters.InFlight ? other : one;
    }

    private static Backend? Nth(ServiceBackends service, in Tried tried, int leniency, Instant now, int n)
    {
        foreach (var backend in service.Backends)
            if (Allowed(backend, tried, leniency, now) && n-- == 0) return backend;
        return null;
    }
}
