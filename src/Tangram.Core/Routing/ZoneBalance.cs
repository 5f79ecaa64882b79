using System.Globalization;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Which zone gets how much, decided once for each <see cref="Appraisal.Every"/> from what was measured since:
/// the own zone first, as long as it answers as quickly as the others; and less for a zone whose answers take too long,
/// as far as the others have room. One caller at a time; requests read only what it leaves in
/// <see cref="ZoneMemory"/>.</summary>
public static class ZoneBalance
{
    /// <summary>Of a zone's requests, each second. A flood would only move the trouble.</summary>
    private const double MostChange = 0.1;

    /// <summary>Below this part of the threshold a zone is well; from there to the threshold its room
    /// shrinks.</summary>
    private const double Fine = 0.7;

    private const int SlowWindows = 2, FineWindows = 6;

    /// <summary>A zone that turns slow again within this time must be well for twice as long before it is
    /// trusted.</summary>
    private static readonly TimeSpan Relapse = TimeSpan.FromSeconds(60);
    private const int MostFineWindows = 120;

    /// <summary>Of two answers nobody can say how slow a zone is. One that gets a hundredth of its requests has no
    /// more.</summary>
    private const int LeastSamples = 5;

    /// <summary>A zone that is no better than this is no reason to spare another.</summary>
    private const double NotMuchWorse = 1.5;

    /// <summary>The own zone gets more while its answers take no longer than this, compared with the others', the
    /// slower the nearer it comes, and less when they take longer than that. Between the two nothing changes, so that
    /// nothing swings.</summary>
    private const double AsQuick = 1.25, Strained = 1.5;
    private const double AsQuickSeconds = 0.002, StrainedSeconds = 0.005;

    /// <summary>Of its surplus, in each window in which the own zone is strained: a queue that has begun to grow must
    /// not go on growing.</summary>
    private const double Backing = 0.3;

    /// <summary>Where the logarithm of an answer's time has a deviation of 0.4, the mean of so many is within a
    /// quarter in nine of ten windows.</summary>
    private const int SureSamples = 10;

    /// <summary>So much always goes as if there were no zones, and is what the own one is compared with.</summary>
    private const double MostPreference = 0.99;

    /// <summary>Of the last few seconds: what one window says counts so much.</summary>
    private const double Newest = 0.3;

    /// <param name="home">The gateway's own zone; null: it has none.</param>
    /// <param name="news">What people shall be told, in words that follow the service's name; null: nobody
    /// listens.</param>
    public static void Look(RoutedService service, ZoneName? home, Instant now, Action<string>? news = null)
    {
        var memory = service.Counters.Zones;
        if (service.Zones is not { } zones)
        {
            Forget(memory);
            return;
        }
        var threshold = service.Traffic.Degrade?.ZoneLatency;
        foreach (ref readonly var side in zones.All) Measure(in side, threshold ?? DegradeSpec.UsualLatency);
        Prefer(service, zones, service.Traffic.ZoneBlind ? null : home);
        if (threshold is { } limit) Degrade(zones, limit, now, news);
        else foreach (ref readonly var side in zones.All) Restore(side.Standing);
        var any = false;
        foreach (ref readonly var side in zones.All) any |= side.Standing.Kept < 1;
        memory.AnyDegraded = any;
    }

    private static void Forget(ZoneMemory memory)
    {
        if (memory is { Home: null, AnyDegraded: false }) return;
        (memory.Home, memory.Preference, memory.AnyDegraded) = (null, 0, false);
        foreach (var standing in memory.All) Restore(standing);
    }

    private static void Restore(ZoneStanding standing)
    {
        (standing.Kept, standing.Degraded, standing.Slow, standing.Fine) = (1, false, 0, 0);
        (standing.Needed, standing.Left) = (0, null);
    }

    private static void Measure(in ZoneSide side, TimeSpan threshold)
    {
        var looks = Math.Clamp((int)Math.Ceiling(threshold / Appraisal.Every), 1, WaitWindow.MostLooks);
        var (waited, weight) = (default(Waited), 0.0);
        foreach (var backend in side.Service.Backends)
        {
            waited += (backend.Counters.Window ??= new WaitWindow()).Take(backend.Counters.Waits, looks);
            if (!backend.Counters.Ejected) weight += backend.Weight;
        }
        var standing = side.Standing;
        (standing.Waited, standing.Weight) = (waited, weight);
        if (waited.Samples == 0) return;
        standing.Latency = waited.Mean(threshold);
        standing.Usual = standing.Usual == 0 ? standing.Latency
            : standing.Usual + Newest * (standing.Latency - standing.Usual);
    }

    /// <summary>The own zone's share begins with that of its backends, which is what it would be without zones, and
    /// grows by measured room up to that share times the number of zones: then a backend here has no more than one
    /// elsewhere when every zone has as many requests.</summary>
    private static void Prefer(RoutedService service, ZoneSides zones, ZoneName? home)
    {
        var memory = zones.Memory;
        var (own, all, count) = ((ZoneStanding?)null, 0.0, 0);
        var (seconds, samples) = (0.0, 0L);
        foreach (ref readonly var side in zones.All)
        {
            var standing = side.Standing;
            all += standing.Weight;
            if (standing.Weight > 0) count++;
            if (standing.Zone == home) own = standing;
            else if (standing.Usual > 0)
            {
                var answers = Math.Max(1, standing.Waited.Samples);
                (seconds, samples) = (seconds + standing.Usual * answers, samples + answers);
            }
        }
        memory.Elsewhere = samples == 0 ? 0 : seconds / samples;
        if (own is null || own.Weight <= 0 || all <= own.Weight)
        {
            (memory.Home, memory.Preference, memory.HomeBecause) = (own is { Weight: > 0 } ? own : null, 0, "");
            return;
        }
        var fair = own.Weight / all;
        var most = Math.Min(MostPreference, fair * count);
        var share = memory.Home is null ? fair : memory.Preference * (1 - fair) + fair;
        share = Math.Clamp(share + Step(memory, own, service, share - fair), fair, Math.Max(fair, most));
        memory.Preference = (share - fair) / (1 - fair);
        memory.Home = own;
        memory.HomeBecause = memory.Strained > 0
            ? Invariant($"its answers take {own.Usual * 1000:0} ms there, and {memory.Elsewhere * 1000:0} ms elsewhere")
            : most < MostPreference && share >= most - 0.005
                ? Invariant($"it has {fair * 100:0} % of the backends") : "";
    }

    /// <param name="surplus">What the own zone has beyond its fair share.</param>
    private static double Step(ZoneMemory memory, ZoneStanding own, RoutedService service, double surplus)
    {
        var step = MostChange * Appraisal.Every.TotalSeconds;
        // A window with answers enough says sooner than the mean of some that a queue grows.
        var here = own.Waited.Samples >= SureSamples ? Math.Max(own.Usual, own.Latency) : own.Usual;
        var elsewhere = memory.Elsewhere;
        // What nobody asks for shows no room.
        if (own.Waited.Samples == 0 && service.Counters.Active == 0) return 0;
        if (here == 0 || elsewhere == 0) return step;
        var room = (AsQuick * elsewhere + AsQuickSeconds - here) / ((AsQuick - 1) * elsewhere + AsQuickSeconds);
        if (room > 0)
        {
            memory.Strained = 0;
            return step * Math.Min(1, room);
        }
        if (here <= Strained * elsewhere + StrainedSeconds) return 0;
        memory.Strained++;
        return -Math.Max(step, Backing * surplus);
    }

    private static void Degrade(ZoneSides zones, TimeSpan threshold, Instant now, Action<string>? news)
    {
        var limit = threshold.TotalSeconds;
        foreach (ref readonly var side in zones.All) Judge(side.Standing, limit);
        Release(zones);
        while (Slowest(zones) is { } slow && WellBeside(zones, slow, limit)) Enter(slow, limit, now, news);
        foreach (ref readonly var side in zones.All)
            if (side.Standing is { Degraded: true } one && one.Fine >= one.Needed) Leave(one, limit, now, news);
        foreach (ref readonly var side in zones.All) Shift(zones, side.Standing, limit);
    }

    private static void Judge(ZoneStanding standing, double limit)
    {
        if (standing.Waited.Samples < (standing.Kept < 1 ? 1 : LeastSamples)) return;
        standing.Slow = standing.Latency > limit ? standing.Slow + 1 : 0;
        standing.Fine = standing.Latency < Fine * limit ? standing.Fine + 1 : 0;
    }

    /// <summary>The others are gone: a slow zone is better than none.</summary>
    private static void Release(ZoneSides zones)
    {
        foreach (ref readonly var side in zones.All) if (side.Standing is { Degraded: false, Weight: > 0 }) return;
        foreach (ref readonly var side in zones.All) Restore(side.Standing);
    }

    private static ZoneStanding? Slowest(ZoneSides zones)
    {
        ZoneStanding? slowest = null;
        foreach (ref readonly var side in zones.All)
            if (side.Standing is { Degraded: false, Slow: >= SlowWindows } one
                && (slowest is null || one.Latency > slowest.Latency)) slowest = one;
        return slowest;
    }

    /// <summary>So never are all of them degraded. Of one that has had no request the best is believed.</summary>
    private static bool WellBeside(ZoneSides zones, ZoneStanding slow, double limit)
    {
        foreach (ref readonly var side in zones.All)
            if (side.Standing is { Degraded: false, Slow: 0, Weight: > 0 } other && other.Latency <= limit
                && other != slow) return true;
        return false;
    }

    private static void Enter(ZoneStanding zone, double limit, Instant now, Action<string>? news)
    {
        zone.Needed = zone.Left is { } left && now - left < Relapse
            ? Math.Min(MostFineWindows, 2 * Math.Max(FineWindows, zone.Needed)) : FineWindows;
        (zone.Degraded, zone.Fine) = (true, 0);
        news?.Invoke(Invariant($"zone {zone.Zone} is slow: its answers take {zone.Latency * 1000:0} ms, and ")
            + Invariant($"{limit * 1000:0} ms is the limit; its requests go to other zones, as far as these have ")
            + "room");
    }

    private static void Leave(ZoneStanding zone, double limit, Instant now, Action<string>? news)
    {
        (zone.Degraded, zone.Left, zone.Slow) = (false, now, 0);
        news?.Invoke(Invariant($"zone {zone.Zone} is well again: its answers take {zone.Latency * 1000:0} ms, below ")
            + Invariant($"{Fine * limit * 1000:0} ms for long enough; it wins its requests back"));
    }

    private static void Shift(ZoneSides zones, ZoneStanding zone, double limit)
    {
        var step = MostChange * Appraisal.Every.TotalSeconds;
        if (!zone.Degraded)
        {
            zone.Kept = Math.Min(1, zone.Kept + step);
            return;
        }
        var taken = Receivers(zones);
        var room = Math.Clamp((limit - taken) / (limit * (1 - Fine)), 0, 1);
        if (room > 0) zone.Kept = Math.Max(ZoneSides.LeastKept, zone.Kept - step * room);
        // They are as slow by now: all share the load again.
        else if (zone.Latency < NotMuchWorse * taken) zone.Kept = Math.Min(1, zone.Kept + step);
    }

    /// <summary>Seconds of an answer in the zones that take what others lose: the slowest of them, since none shall be
    /// pushed over.</summary>
    private static double Receivers(ZoneSides zones)
    {
        var slowest = 0.0;
        foreach (ref readonly var side in zones.All)
            if (side.Standing is { Degraded: false, Weight: > 0 } one) slowest = Math.Max(slowest, one.Latency);
        return slowest;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
