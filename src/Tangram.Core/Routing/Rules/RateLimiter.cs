using System.Numerics;
using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>May this request pass, and what to tell the client.</summary>
/// <param name="Remaining">How many more may come at this moment.</param>
/// <param name="RetryAfter">Zero when it may pass.</param>
/// <param name="Full">After how long nothing is remembered of the client any more.</param>
public readonly record struct RateVerdict(bool Allowed, int Remaining, TimeSpan RetryAfter, TimeSpan Full);

/// <summary>Counts requests by <see cref="Gcra"/>, in bounded memory and without a lock.</summary>
/// <remarks>A counter is one 64-bit word: 16 bits that tell keys apart, and 48 of time. A key has eight places where
/// its counter may stand. A counter whose time has passed says no more than an empty place, so it is the first to give
/// way; when all eight are busy, the one nearest to its end is forgotten, which lets its client have a little more, and
/// nobody less. Two keys that agree in place and in the 16 bits share a counter: with every place taken that happens
/// to one of 8,000 new keys.</remarks>
public sealed class RateLimiter
{
    private const int Ways = 8;
    private const int TimeBits = 48;
    private const long TimeMask = (1L << TimeBits) - 1;
    private const int LeastCounters = 1024;
    private const int UsualCounters = 1 << 16;

    /// <summary>A gateway's smallest part of a limit that is shared.</summary>
    private const double LeastShare = 0.01;

    /// <summary>A thread may have read the clock a little before another one counted, but not this much. What lies
    /// later is of a time before the 48 bits began anew.</summary>
    private static readonly TimeSpan MostLate = TimeSpan.FromMinutes(10);

    private readonly RateLimitSpec _spec;
    private readonly int _buckets;
    private readonly int _interval;
    private readonly double _unitsPerTick;
    private readonly long _latest;
    private readonly ulong _id;
    private readonly RateDemand _demand = new();
    private Dictionary<ulong, double>? _shares;
    private long[]? _counters;

    /// <param name="most">At most so many counters, but 1,024 at least.</param>
    /// <param name="id">The same on every gateway, and another for each limit.</param>
    public RateLimiter(RateLimitSpec spec, int most, ulong id = 0)
    {
        (_spec, _id) = (spec, id);
        var counters = spec.By.Source == KeySource.None ? 1 : Math.Clamp(most, LeastCounters, UsualCounters);
        _buckets = Math.Max(1, (int)BitOperations.RoundUpToPowerOf2((uint)counters / 2 + 1) / Ways);
        // The unit is a whole part of the interval, so that nothing is rounded, and not below a microsecond, so that 48
        // bits of it are 8.9 years.
        var perSecond = spec.Requests / spec.Per.TotalSeconds;
        _interval = (int)Math.Clamp(1e6 / perSecond, 1, 1e6);
        _unitsPerTick = _interval * perSecond / TimeSpan.TicksPerSecond;
        _latest = (long)(_interval * (double)spec.Burst / LeastShare) + (long)(MostLate.Ticks * _unitsPerTick) + 1;
    }

    public RateLimitSpec Spec => _spec;

    /// <param name="key">Of the client; see <see cref="RequestKey"/>.</param>
    public RateVerdict Take(ulong key, Instant now)
    {
        var counters = _counters ?? Make();
        var (interval, burst) = Volatile.Read(ref _shares) is { } shares ? Part(key, shares) : (_interval, _spec.Burst);
        var units = (long)(now.Ticks * _unitsPerTick) & TimeMask;
        var tag = (long)(key >> TimeBits);
        var ways = counters.AsSpan((int)(key & (uint)(_buckets - 1)) * Ways, Ways);
        while (true)
        {
            ref var place = ref Find(ways, tag, out var seen);
            var known = (seen >>> TimeBits) == tag ? seen & TimeMask : 0;
            if (known > units + _latest) known = 0;
            var verdict = Gcra.Decide(known, units, interval, burst);
            if (!verdict.Allowed) return Told(verdict);
            var next = (tag << TimeBits) | (verdict.Next & TimeMask);
            if (Interlocked.CompareExchange(ref place, next, seen) == seen) return Told(verdict);
        }
    }

    /// <summary>As the limit says, a second.</summary>
    internal double PerSecond => _spec.Requests / _spec.Per.TotalSeconds;

    /// <summary>No other gateway counts.</summary>
    internal void CountAlone() => Volatile.Write(ref _shares, null);

    /// <summary>From now on keys are counted for <see cref="TakeDemand"/>, and have these parts of the limit.</summary>
    internal void Share(Dictionary<ulong, double> shares) => Volatile.Write(ref _shares, shares);

    /// <summary>How often the busiest keys came since the last time, refused ones too.</summary>
    internal List<(ulong Key, int Count)> TakeDemand() => _demand.Take();

    private (long Interval, int Burst) Part(ulong key, Dictionary<ulong, double> shares)
    {
        var shared = KeyHash.Mix(key ^ _id);
        _demand.Count(shared);
        if (!shares.TryGetValue(shared, out var share)) return (_interval, _spec.Burst);
        share = Math.Clamp(share, LeastShare, 1);
        return ((long)(_interval / share), Math.Max(1, (int)(_spec.Burst * share)));
    }

    /// <summary>The place of the key, else the one whose counter has the least to say.</summary>
    private static ref long Find(Span<long> ways, long tag, out long seen)
    {
        var least = 0;
        seen = Volatile.Read(ref ways[0]);
        for (var i = 0; i < ways.Length; i++)
        {
            var word = Volatile.Read(ref ways[i]);
            if (word >>> TimeBits == tag && word != 0)
            {
                seen = word;
                return ref ways[i];
            }
            if ((word & TimeMask) < (seen & TimeMask)) (least, seen) = (i, word);
        }
        return ref ways[least];
    }

    private RateVerdict Told(in GcraVerdict verdict) =>
        new(verdict.Allowed, verdict.Remaining, Span(verdict.RetryAfter), Span(verdict.Full));

    private TimeSpan Span(long units) => TimeSpan.FromTicks((long)Math.Ceiling(units / _unitsPerTick));

    /// <summary>Limits that nobody meets cost nothing.</summary>
    private long[] Make()
    {
        var made = new long[_buckets * Ways];
        return Interlocked.CompareExchange(ref _counters, made, null) ?? made;
    }
}
