using Tangram.Model;

namespace Tangram.Routing;

/// <summary>How long answers of a service take, as a distribution: counts in buckets that are 19 % wide each, from
/// 0.1 ms to 6.5 s. Counting is one increment.</summary>
public sealed class LatencyQuantiles
{
    private const int PerOctave = 4;
    private const int Buckets = 16 * PerOctave;
    private const double Least = 0.0001;

    /// <summary>One answer: enough that what is seldom is not halved away at once.</summary>
    private const int One = 16;

    /// <summary>Fewer say nothing of one answer in twenty.</summary>
    private const int LeastCount = 50;

    /// <summary>After so long what was counted before weighs half.</summary>
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(10);

    private readonly int[] _counts = new int[Buckets];
    private Instant? _aged;

    public void Add(TimeSpan took)
    {
        var at = (int)Math.Ceiling(Math.Log2(Math.Max(took.TotalSeconds, Least) / Least) * PerOctave);
        Interlocked.Add(ref _counts[Math.Min(at, Buckets - 1)], One);
    }

    /// <summary>The upper end of the bucket in which it lies; null when too little is known.</summary>
    /// <param name="share">0 to 1.</param>
    public TimeSpan? At(double share)
    {
        var all = 0L;
        for (var at = 0; at < Buckets; at++) all += Volatile.Read(ref _counts[at]);
        if (all < LeastCount * One) return null;
        var (below, bucket) = (0L, 0);
        for (; bucket < Buckets - 1; bucket++)
            if ((below += Volatile.Read(ref _counts[bucket])) >= share * all) break;
        return TimeSpan.FromSeconds(Least * Math.Pow(2, bucket / (double)PerOctave));
    }

    /// <summary>One caller at a time; what is counted meanwhile may weigh half at once.</summary>
    internal void Age(Instant now)
    {
        _aged ??= now;
        if (now - _aged < HalfLife) return;
        _aged = now;
        for (var at = 0; at < Buckets; at++)
            Volatile.Write(ref _counts[at], Volatile.Read(ref _counts[at]) / 2);
    }
}
