namespace Tangram.Routing.Records;

/// <summary>How long something took, counted in buckets without a lock: from the beginning, for who reads them again
/// and again, and of the last while, for people.</summary>
public sealed class LatencyBuckets
{
    /// <summary>The upper bounds, in seconds: six for each power of ten, so that what is read between two of them is
    /// wrong by a fifth at most.</summary>
    private static readonly double[] Bounds =
    [
        .. new[] { 1e-4, 1e-3, 1e-2, 1e-1, 1, 10 }.SelectMany(power =>
            new[] { 1, 1.5, 2, 3, 5, 7 }.Select(step => Math.Round(power * step, 6))), 100,
    ];

    /// <summary>Those of <see cref="Bounds"/> that are told to others.</summary>
    public static readonly double[] Told =
        [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    private static readonly long[] Ticks = [.. Bounds.Select(bound => (long)Math.Round(bound * 1e7))];

    private readonly long[] _counts = new long[Ticks.Length + 1];
    private long _ticks;
    private long[] _mark = new long[Ticks.Length + 1];
    private long[] _earlier = new long[Ticks.Length + 1];

    /// <summary>Of all, in seconds.</summary>
    public double Sum => Interlocked.Read(ref _ticks) / 1e7;

    public void Count(TimeSpan took)
    {
        var index = Array.BinarySearch(Ticks, took.Ticks);
        Interlocked.Increment(ref _counts[index < 0 ? ~index : index]);
        Interlocked.Add(ref _ticks, took.Ticks);
    }

    /// <summary>For each bound of <see cref="Told"/> how many took no longer, and last how many there were.</summary>
    public long[] Cumulative()
    {
        var told = new long[Told.Length + 1];
        var (sum, next) = (0L, 0);
        for (var i = 0; i < _counts.Length; i++)
        {
            sum += Interlocked.Read(ref _counts[i]);
            if (next < Told.Length && i < Bounds.Length && Bounds[i] == Told[next]) told[next++] = sum;
        }
        told[^1] = sum;
        return told;
    }

    /// <summary>What is recent begins at the mark before this one. Only one caller at a time.</summary>
    public void Mark()
    {
        var now = new long[_counts.Length];
        for (var i = 0; i < now.Length; i++) now[i] = Interlocked.Read(ref _counts[i]);
        Volatile.Write(ref _earlier, _mark);
        Volatile.Write(ref _mark, now);
    }

    /// <summary>In seconds, of what is recent, between two bounds in proportion; null when there was nothing.</summary>
    /// <param name="share">0.99: so many took no longer.</param>
    public double? Quantile(double share)
    {
        var earlier = Volatile.Read(ref _earlier);
        var recent = new long[_counts.Length];
        var sum = 0L;
        for (var i = 0; i < recent.Length; i++)
            sum += recent[i] = Math.Max(0, Interlocked.Read(ref _counts[i]) - earlier[i]);
        if (sum == 0) return null;
        var (rank, below) = (share * sum, 0L);
        for (var i = 0; i < Bounds.Length; below += recent[i++])
            if (below + recent[i] >= rank && recent[i] > 0)
            {
                var least = i == 0 ? 0 : Bounds[i - 1];
                return least + (Bounds[i] - least) * Math.Max(0, rank - below) / recent[i];
            }
        return Bounds[^1];
    }
}
