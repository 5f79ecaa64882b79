using System.Numerics;

namespace Tangram.Proving;

/// <summary>Counts durations from 1 µs in buckets of which none is wider than a sixteenth of what is in it. It holds
/// only the buckets from the first to the last that was used, some hundred bytes, because there is one for every second
/// of a run of a day. They add up. Not safe for several threads at once.</summary>
internal struct CoarseLatency
{
    /// <summary>Buckets in which a duration doubles, as a power of two.</summary>
    private const int Fineness = 4;

    /// <summary>They are made so many at a time, so that few additions make any.</summary>
    private const int Block = 16;

    private uint[]? _counts;
    private int _first;
    private long _total;

    public void Add(TimeSpan span) => Add(Bucket(span), 1);

    public void Add(in CoarseLatency other)
    {
        for (var i = 0; i < other._counts?.Length; i++)
            if (other._counts[i] > 0) Add(other._first + i, other._counts[i]);
    }

    /// <summary>What a bucket's number cannot reach: a duration in µs has 60 bits.</summary>
    private const int MostBuckets = 880;

    /// <summary>Of one machine's second in one bucket: those of all machines have room in one counter.</summary>
    private const uint MostWritten = uint.MaxValue / LoadPart.MostMachines;

    public readonly int First => _first;
    public readonly ReadOnlySpan<uint> Counts => _counts;

    /// <summary>Counts of another one. Throws <see cref="FormatException"/>.</summary>
    public void Add(int first, ReadOnlySpan<uint> counts)
    {
        WrittenCounts.Check(first >= 0 && first <= MostBuckets - counts.Length, "these latencies");
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] > 0)
            {
                WrittenCounts.Check(counts[i] <= MostWritten, "these latencies");
                Add(first + i, counts[i]);
                WrittenCounts.Check(_counts![first + i - _first] <= MostWritten, "these latencies");
            }
    }

    /// <summary>The end of the bucket that holds it; zero when nothing was counted.</summary>
    public readonly TimeSpan At(double percentile)
    {
        if (_counts is null) return TimeSpan.Zero;
        var left = Math.Max(1, (long)Math.Ceiling(_total * percentile / 100));
        var i = 0;
        while ((left -= _counts[i]) > 0) i++;
        return End(_first + i);
    }

    internal static int Bucket(TimeSpan span)
    {
        var micros = (ulong)Math.Max(1, span.Ticks / TimeSpan.TicksPerMicrosecond);
        var shift = Math.Max(0, BitOperations.Log2(micros) - Fineness);
        return (shift << Fineness) + (int)(micros >> shift);
    }

    internal static TimeSpan End(int bucket)
    {
        var shift = Math.Max(0, (bucket >> Fineness) - 1);
        return TimeSpan.FromMicroseconds(((bucket - (shift << Fineness) + 1L) << shift) - 1);
    }

    private void Add(int bucket, uint count)
    {
        Reach(bucket);
        _counts![bucket - _first] += count;
        _total += count;
    }

    private void Reach(int bucket)
    {
        if (_counts is { } known && bucket >= _first && bucket < _first + known.Length) return;
        var (first, end) = (bucket / Block * Block, bucket / Block * Block + Block);
        if (_counts is { } before)
            (first, end) = (Math.Min(first, _first), Math.Max(end, _first + before.Length));
        var counts = new uint[end - first];
        _counts?.CopyTo(counts, _first - first);
        (_counts, _first) = (counts, first);
    }
}
