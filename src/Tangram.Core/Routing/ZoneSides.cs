using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>A service's backends by zone. Immutable, made with the route table; what it points to in
/// <see cref="ZoneMemory"/> changes.</summary>
public sealed class ZoneSides
{
    /// <summary>So much goes to a degraded zone on purpose, or its recovery would not be noticed.</summary>
    internal const double LeastKept = 0.01;

    /// <summary>A request leaves its own zone at once when its backend there lately took this many times as long as the
    /// other zones do. That is a mean of ten seconds, not a peak: of hundreds of answers one is always late.</summary>
    private const double Slower = 2;
    private const double SlowerSeconds = 0.01;

    private readonly ImmutableArray<ZoneSide> _all;

    private ZoneSides(ImmutableArray<ZoneSide> all, ZoneMemory memory) => (_all, Memory) = (all, memory);

    public ZoneMemory Memory { get; }

    /// <summary>Sorted by zone.</summary>
    internal ReadOnlySpan<ZoneSide> All => _all.AsSpan();

    /// <summary>Null when zones make no difference to it: there is one, or one is unknown, or it does not heed
    /// them.</summary>
    internal static ZoneSides? Of(RoutedService service)
    {
        if (!TrafficSpec.HeedsZones(service.Balance)
            || (service.Traffic.ZoneBlind && service.Traffic.Degrade?.ZoneLatency is null)
            || service.Backends.Length < 2) return null;
        var (first, several) = (service.Backends[0].Zone, false);
        foreach (var backend in service.Backends)
        {
            if (backend.Zone is null) return null;
            several |= backend.Zone != first;
        }
        if (!several) return null;
        var memory = service.Counters.Zones;
        return new ZoneSides(
        [
            .. from backend in service.Backends
               group backend by backend.Zone!.Value into zone
               orderby zone.Key
               select new ZoneSide(memory.Of(zone.Key),
                   service with { Backends = [.. zone], Zones = null, Sticky = null }),
        ], memory);
    }

    /// <summary>Null: as if there were no zones.</summary>
    internal Backend? Pick(RoutedService service, ref readonly Tried tried, ulong chance, Instant now)
    {
        var home = Memory.Home;
        if (home is null && !Memory.AnyDegraded) return null;
        chance = KeyHash.Mix(chance ^ 0x5A17C0DEUL);
        if (Memory.AnyDegraded && Probe(in tried, chance, now) is { } probed) return probed;
        chance = KeyHash.Mix(chance);
        Backend? picked = null;
        if (home is not null && Fraction(chance) < Memory.Preference && SideOf(home) is { } near)
        {
            picked = Balancer.Among(near, in tried, chance, now);
            if (picked is not null && Escapes(service, picked)
                && Balancer.Among(service, in tried, KeyHash.Mix(chance), now) is { } other
                && other.Counters.Cost(now) < picked.Counters.Cost(now)) picked = other;
        }
        picked ??= Balancer.Among(service, in tried, chance, now);
        return picked is null || !Memory.AnyDegraded ? picked : Spared(picked, in tried, chance, now);
    }

    private bool Escapes(RoutedService service, Backend picked) =>
        service.Balance == BalancePolicy.PeakEwma && Memory.Elsewhere is var elsewhere and > 0
        && picked.Counters.MeanLatency > Slower * elsewhere + SlowerSeconds;

    /// <summary>One request in a hundred, for each zone that gets less than its share.</summary>
    private Backend? Probe(ref readonly Tried tried, ulong chance, Instant now)
    {
        var at = Fraction(chance);
        foreach (var side in _all)
        {
            if (side.Standing.Kept >= 1) continue;
            if (at < LeastKept) return Balancer.Among(side.Service, in tried, chance, now);
            at -= LeastKept;
        }
        return null;
    }

    /// <summary>Another than the picked one, if that is in a zone which shall get less, as often as it shall.</summary>
    private Backend Spared(Backend picked, ref readonly Tried tried, ulong chance, Instant now)
    {
        if (KeptOf(picked) is var kept && kept >= 1) return picked;
        chance = KeyHash.Mix(chance);
        if (Fraction(chance) < kept) return picked;
        // Of the zones that are not degraded, one by its number of backends; the walk ends at the first that has one.
        var well = 0;
        foreach (var side in _all) if (!side.Standing.Degraded) well += side.Service.Backends.Length;
        if (well == 0) return picked;
        chance = KeyHash.Mix(chance);
        var at = (int)(((chance >> 32) * (ulong)well) >> 32);
        for (var round = 0; round < 2; round++)
            foreach (var side in _all)
            {
                if (side.Standing.Degraded) continue;
                at -= side.Service.Backends.Length;
                if (at < 0 && Balancer.Among(side.Service, in tried, chance, now) is { } other) return other;
            }
        return picked;
    }

    private double KeptOf(Backend backend)
    {
        foreach (var side in _all) if (side.Standing.Zone == backend.Zone) return side.Standing.Kept;
        return 1;
    }

    private RoutedService? SideOf(ZoneStanding standing)
    {
        foreach (var side in _all) if (ReferenceEquals(side.Standing, standing)) return side.Service;
        return null;
    }

    private static double Fraction(ulong chance) => (chance >> 11) * (1.0 / (1UL << 53));
}

/// <param name="Service">With no other backends than the zone's.</param>
internal readonly record struct ZoneSide(ZoneStanding Standing, RoutedService Service);
