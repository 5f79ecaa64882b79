using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Which backend gets this attempt. Allocates nothing.</summary>
public static class Balancer
{
    /// <summary>With half of the backends ejected, 8 draws miss every healthy one once in 256 times; then it
    /// walks.</summary>
    private const int Draws = 8;

    /// <summary>In two rounds every share of a half or more has had a turn.</summary>
    private const int Rounds = 2;

    /// <summary>A backend that was not tried yet; null when there is none. Ejected backends are passed over, except for
    /// one trial at a time once their time is over; when nothing else is left, they are all used, because a wrong
    /// suspicion must not turn into an outage.</summary>
    /// <param name="chance">A random number; each call needs a new one.</param>
    public static Backend? Pick(
        RoutedService service, ref readonly Tried tried, ulong chance, Instant now, in Affinity affinity = default)
    {
        if (service.Backends.IsEmpty) return null;
        if (Stay(service, in tried, now, affinity.Cookie.Span) is { } kept) return kept;
        if (service.Zones?.Pick(service, in tried, chance, now) is { } zoned) return zoned;
        var picked = service.Balance == BalancePolicy.Hash && affinity.Key is { } key
            ? ByKey(service, in tried, key, now)
            : Among(service, in tried, chance, now);
        return picked ?? LeastLoaded(service, in tried, chance, now);
    }

    /// <summary>By the policy, and without a key: null when all that are left are ejected.</summary>
    internal static Backend? Among(RoutedService service, ref readonly Tried tried, ulong chance, Instant now) =>
        service.Balance switch
        {
            BalancePolicy.RoundRobin => Next(service, in tried, now),
            BalancePolicy.First => First(service, in tried, now),
            _ => BetterOfTwo(service, in tried, chance, now),
        };

    /// <summary>Of least requests what is in flight, of the others seconds. Fast failures attract traffic, since a
    /// backend that fails at once has little in flight; each failure in a row therefore counts as a request in
    /// flight.</summary>
    private static double Load(RoutedService service, Backend backend, Instant now) =>
        service.Balance == BalancePolicy.LeastRequests ? backend.Counters.Load : backend.Counters.Cost(now);

    private static bool MayTake(
        RoutedService service, Backend backend, ref readonly Tried tried, Instant now) =>
        !tried.Contains(backend) && (!IsOut(service, backend) || backend.Counters.TryTrial(now));

    /// <summary>In a panic only those are left that take no connections.</summary>
    private static bool IsOut(RoutedService service, Backend backend) =>
        backend.Counters.Ejected && (!service.Counters.Panic || backend.Counters.Gone);

    private static Backend? Stay(
        RoutedService service, ref readonly Tried tried, Instant now, ReadOnlySpan<char> cookie)
    {
        if (service.Sticky?.Find(cookie) is not { } backend) return null;
        return MayTake(service, backend, in tried, now) ? backend : null;
    }

    private static Backend? First(RoutedService service, ref readonly Tried tried, Instant now)
    {
        foreach (var backend in service.Backends) if (MayTake(service, backend, in tried, now)) return backend;
        return null;
    }

    private static Backend? Next(RoutedService service, ref readonly Tried tried, Instant now)
    {
        var backends = service.Backends.AsSpan();
        var turn = 0u;
        for (var i = 0; i < Rounds * backends.Length; i++)
        {
            turn = service.Counters.Turn();
            var index = (int)(turn % (uint)backends.Length);
            var backend = backends[index];
            if (tried.Contains(backend)) continue;
            if (IsOut(service, backend))
            {
                if (backend.Counters.TryTrial(now)) return backend;
            }
            else if (Turns.IsDue(backend.Counters.Share, turn / (uint)backends.Length, index))
            {
                return backend;
            }
        }
        for (var i = 1u; i <= backends.Length; i++)
        {
            var backend = backends[(int)((turn + i) % (uint)backends.Length)];
            if (MayTake(service, backend, in tried, now)) return backend;
        }
        return null;
    }

    /// <summary>Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2016): what would be too much
    /// for the key's own backend goes to another of the key's, so that its own neighbours are not flooded.</summary>
    private static Backend? ByKey(RoutedService service, ref readonly Tried tried, ulong key, Instant now)
    {
        if (service.Maglev is not { } maglev) return null;
        var bound = service.Traffic.Hash?.Bound ?? HashSpec.UsualBound;
        var most = Math.Max(1, Math.Ceiling(bound * service.Counters.Active / service.Backends.Length));
        for (var draw = 0; draw < Draws + service.Backends.Length; draw++)
        {
            var backend = service.Backends[maglev[key]];
            var room = most * backend.Counters.Share * backend.Weight / maglev.MeanWeight;
            if (backend.Counters.InFlight < room && MayTake(service, backend, in tried, now)) return backend;
            key = KeyHash.Mix(key);
        }
        return null;
    }

    /// <summary>Power of two choices (Mitzenmacher 2001): the less loaded of two random backends.</summary>
    private static Backend? BetterOfTwo(
        RoutedService service, ref readonly Tried tried, ulong chance, Instant now)
    {
        var first = Draw(service, in tried, null, ref chance, now, out var trial);
        if (first is null || trial || service.Backends.Length == 1) return first;
        var second = Draw(service, in tried, first, ref chance, now, out trial);
        // A small share is a seldom candidate, as second too; else the only other one would always be it.
        if (second is null || !(trial || second.Counters.Accepts((uint)chance))) return first;
        return trial || Load(service, second, now) < Load(service, first, now) ? second : first;
    }

    /// <summary>Without <paramref name="except"/>, each backend as often as its share says; when that fails a few
    /// times, the next that there is.</summary>
    private static Backend? Draw(
        RoutedService service, ref readonly Tried tried, Backend? except,
        ref ulong chance, Instant now, out bool trial)
    {
        var backends = service.Backends.AsSpan();
        for (var draw = 0; draw < Draws + backends.Length; draw++)
        {
            if (draw <= Draws) chance = KeyHash.Mix(chance);
            var index = (int)(((chance >> 32) * (ulong)backends.Length) >> 32);
            if (draw > Draws) index = (index + draw - Draws) % backends.Length;
            var backend = backends[index];
            if (ReferenceEquals(backend, except) || tried.Contains(backend)) continue;
            trial = IsOut(service, backend);
            if (trial ? backend.Counters.TryTrial(now)
                : except is not null || draw > Draws || backend.Counters.Accepts((uint)chance)) return backend;
        }
        trial = false;
        return null;
    }

    private static Backend? LeastLoaded(
        RoutedService service, ref readonly Tried tried, ulong chance, Instant now)
    {
        var backends = service.Backends.AsSpan();
        var (least, lowest) = ((Backend?)null, double.MaxValue);
        var start = (int)(((KeyHash.Mix(chance) >> 32) * (ulong)backends.Length) >> 32);
        for (var i = 0; i < backends.Length; i++)
        {
            var backend = backends[(start + i) % backends.Length];
            if (tried.Contains(backend)) continue;
            var load = Load(service, backend, now);
            if (load < lowest) (least, lowest) = (backend, load);
        }
        return least;
    }
}
