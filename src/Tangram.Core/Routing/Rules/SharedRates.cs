using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>Shares rate limits among gateways, approximately: each tells how often the busiest keys come to it, and
/// allows of a key's rate the part of all its requests that comes here. So the whole is about the limit, whether a key
/// comes through one gateway or evenly through all, and follows a change within two looks.</summary>
/// <remarks>Keys that come seldom, and what changes within a second, are counted by each gateway for itself: at the
/// worst, for a moment, a key gets its rate from each.</remarks>
public sealed class SharedRates
{
    /// <summary>How often it is worth to look, and to write it down for the others.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Of the keys that a gateway tells; a kilobyte or so.</summary>
    public const int MostTold = 32;

    /// <summary>A key that comes this seldom cannot pass its limit by much, however many gateways there are.</summary>
    private const double LeastTold = 0.05;

    /// <summary>Who comes here for the first time need not wait until others know of it.</summary>
    private const double LeastShare = 0.1;
    private const double Smoothing = 0.5;

    private readonly Lock _lock = new();
    private Dictionary<ulong, double> _perSecond = [];
    private EquatableArray<RateUse> _told = [];
    private Instant? _lookedAt;

    /// <summary>What to tell the others. Renewed at most every <see cref="Every"/>.</summary>
    /// <param name="others">What the others told; null when there are none, and then nothing is shared.</param>
    public EquatableArray<RateUse> Look(
        IEnumerable<RateLimiter> limiters, EquatableArray<RateUse>? others, Instant now)
    {
        lock (_lock)
        {
            if (_lookedAt is { } before && now - before < Every) return _told;
            var seconds = _lookedAt is { } at ? (now - at).TotalSeconds : Every.TotalSeconds;
            _lookedAt = now;
            var all = limiters.ToList();
            if (others is not { } told)
            {
                foreach (var limiter in all) limiter.CountAlone();
                (_perSecond, _told) = ([], []);
                return _told;
            }
            var counted = new Dictionary<ulong, double>();
            var telling = new List<(ulong Key, double PerSecond)>();
            foreach (var limiter in all)
                foreach (var (key, count) in limiter.TakeDemand())
                {
                    var mean = _perSecond.GetValueOrDefault(key) * (1 - Smoothing) + count / seconds * Smoothing;
                    counted[key] = mean;
                    if (mean >= LeastTold * limiter.PerSecond) telling.Add((key, mean));
                }
            foreach (var (key, mean) in _perSecond)
                if (mean * (1 - Smoothing) is >= 0.1 and var left) counted.TryAdd(key, left);
            _perSecond = counted;
            var shares = Shares(told);
            foreach (var limiter in all) limiter.Share(shares);
            _told = telling.OrderByDescending(t => t.PerSecond).Take(MostTold).OrderBy(t => t.Key)
                .Select(t => new RateUse(t.Key, Rounded(t.PerSecond))).ToEquatableArray();
            return _told;
        }
    }

    /// <summary>Of keys that others have, too.</summary>
    private Dictionary<ulong, double> Shares(EquatableArray<RateUse> others)
    {
        var shares = new Dictionary<ulong, double>();
        foreach (var use in others) shares[use.Key] = shares.GetValueOrDefault(use.Key) + use.PerSecond;
        foreach (var (key, theirs) in shares)
        {
            var mine = Math.Max(_perSecond.GetValueOrDefault(key), LeastShare * theirs);
            shares[key] = mine / (mine + theirs);
        }
        return shares;
    }

    /// <summary>To two digits, so that what stays about the same is not written again and again.</summary>
    private static int Rounded(double perSecond)
    {
        var whole = (int)Math.Clamp(Math.Ceiling(perSecond), 1, int.MaxValue / 2);
        var unit = 1;
        while (whole / unit >= 100) unit *= 10;
        return whole / unit * unit;
    }
}
