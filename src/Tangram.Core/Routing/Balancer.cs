using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Which backend gets this attempt. Allocates nothing.</summary>
public static class Balancer
{
    /// <summary>With half of the backends ejected, 8 draws miss every healthy one once in 256 times; then it
    /// walks.</summary>
    private const int Draws = 8;

    /// <summary>A backend that was not tried yet; null when there is none. Ejected backends are passed over, except for
    /// one trial at a time once their time is over; when nothing else is left, they are all used, because a wrong
    /// suspicion must not turn into an outage.</summary>
    /// <param name="chance">A random number; each call needs a new one.</param>
    public static Backend? Pick(RoutedService service, ref readonly Tried tried, ulong chance, Instant now)
    {
        var backends = service.Backends.AsSpan();
        if (backends.IsEmpty) return null;
        var picked = service.Balance == BalancePolicy.RoundRobin
            ? Next(backends, in tried, service.Counters, now)
            : BetterOfTwo(service, in tried, chance, now);
        return picked ?? LeastLoaded(service, in tried, chance, now);
    }

    /// <summary>Of peak EWMA seconds, of the others requests. Fast failures attract traffic, since a backend that fails
    /// at once has little in flight; each failure in a row therefore counts as a request in flight.</summary>
    private static double Load(RoutedService service, Backend backend, Instant now) =>
        service.Balance == BalancePolicy.PeakEwma
            ? backend.Counters.Cost(now)
            : backend.Counters.InFlight + backend.Counters.FailuresInRow;

    private static Backend? Next(
        ReadOnlySpan<Backend> backends, ref readonly Tried tried, ServiceCounters counters, Instant now)
    {
        var healthy = 0;
        foreach (var backend in backends)
        {
            if (tried.Contains(backend)) continue;
            if (!backend.Counters.Ejected) healthy++;
            else if (backend.Counters.TryTrial(now)) return backend;
        }
        if (healthy == 0) return null;
        var turn = (int)(counters.Turn() % (uint)healthy);
        foreach (var backend in backends)
            if (!tried.Contains(backend) && !backend.Counters.Ejected && turn-- == 0) return backend;
        return null;
    }

    /// <summary>Power of two choices (Mitzenmacher 2001): the less loaded of two random backends.</summary>
    private static Backend? BetterOfTwo(
        RoutedService service, ref readonly Tried tried, ulong chance, Instant now)
    {
        var backends = service.Backends.AsSpan();
        var first = Draw(backends, in tried, null, ref chance, now, out var trial);
        if (first is null || trial || backends.Length == 1) return first;
        var second = Draw(backends, in tried, first, ref chance, now, out trial);
        if (second is null) return first;
        return trial || Load(service, second, now) < Load(service, first, now) ? second : first;
    }

    private static Backend? Draw(
        ReadOnlySpan<Backend> backends, ref readonly Tried tried, Backend? except,
        ref ulong chance, Instant now, out bool trial)
    {
        for (var draw = 0; draw < Draws + backends.Length; draw++)
        {
            if (draw <= Draws) chance = Mix(chance);
            var index = (int)(((chance >> 32) * (ulong)backends.Length) >> 32);
            if (draw > Draws) index = (index + draw - Draws) % backends.Length;
            var backend = backends[index];
            if (ReferenceEquals(backend, except) || tried.Contains(backend)) continue;
            trial = backend.Counters.Ejected;
            if (!trial || backend.Counters.TryTrial(now)) return backend;
        }
        trial = false;
        return null;
    }

    private static Backend? LeastLoaded(
        RoutedService service, ref readonly Tried tried, ulong chance, Instant now)
    {
        var backends = service.Backends.AsSpan();
        var (least, lowest) = ((Backend?)null, double.MaxValue);
        var start = (int)(((Mix(chance) >> 32) * (ulong)backends.Length) >> 32);
        for (var i = 0; i < backends.Length; i++)
        {
            var backend = backends[(start + i) % backends.Length];
            if (tried.Contains(backend)) continue;
            var load = Load(service, backend, now);
            if (load < lowest) (least, lowest) = (backend, load);
        }
        return least;
    }

    /// <summary>The next number of <see cref="Rng"/>'s sequence, without its object.</summary>
    private static ulong Mix(ulong state)
    {
        var z = state + 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
