using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using HdrHistogram;
using HdrHistogram.Encoding;
using HdrHistogram.Utilities;

namespace Tangram.Proving;

/// <summary>Counts durations from 1 µs to 2 h to three significant digits; histograms add up, percentiles do not.
/// Not safe for several threads at once.</summary>
internal sealed class LatencyHistogram
{
    private const long Highest = 2L * 3600 * 1_000_000;
    /// <summary>So that those of all machines can be added up.</summary>
    private static readonly TimeSpan MostSum = TimeSpan.MaxValue / (2 * LoadPart.MostMachines);

    private readonly LongHistogram _counts = new(1, Highest, 3);

    /// <summary>A cookie and a length stand before the compressed bytes.</summary>
    private const int CompressedV2 = 0x1c849314, Head = 2 * sizeof(int);
    private ByteBuffer? _encoding;
    private TimeSpan _max, _sum;

    public void Add(TimeSpan span)
    {
        _counts.RecordValue(Math.Clamp(span.Ticks / TimeSpan.TicksPerMicrosecond, 1, Highest));
        if (span > _max) _max = span;
        _sum += span;
    }

    /// <summary>The same span so many times.</summary>
    public void Add(TimeSpan span, long count)
    {
        _counts.RecordValueWithCount(Math.Clamp(span.Ticks / TimeSpan.TicksPerMicrosecond, 1, Highest), count);
        if (span > _max) _max = span;
        _sum += span * count;
    }

    public void Add(LatencyHistogram other)
    {
        _counts.Add(other._counts);
        if (other._max > _max) _max = other._max;
        _sum += other._sum;
    }

    public bool IsEmpty => _counts.TotalCount == 0;

    /// <summary>As the end of its bucket.</summary>
    public TimeSpan Top => TimeSpan.FromMicroseconds(IsEmpty ? 0 : _counts.GetMaxValue());

    /// <summary>In HdrHistogram's compressed form, its second version. The library's own writer deflates its whole
    /// buffer, some 200 KB of zeros, and leaves out the checksum that ends a zlib stream (RFC 1950).</summary>
    public byte[] Encoded()
    {
        _encoding ??= ByteBuffer.Allocate(_counts.GetNeededByteBufferCapacity());
        _encoding.Position = 0;
        var plain = new byte[_counts.Encode(_encoding, HistogramEncoderV2.Instance)];
        _encoding.Position = 0;
        for (var i = 0; i < plain.Length; i++) plain[i] = _encoding.Get();
        using var to = new MemoryStream();
        to.Write(new byte[Head]);
        using (var zlib = new ZLibStream(to, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(plain);
        var bytes = to.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes, CompressedV2);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(sizeof(int)), bytes.Length - Head);
        return bytes;
    }

    public void AddEncoded(byte[] bytes) =>
        _counts.Add(HistogramEncoding.DecodeFromCompressedByteBuffer(ByteBuffer.Allocate(bytes), 0));

    /// <summary>Null when there is nothing in it.</summary>
    public WrittenHistogram? Written() => IsEmpty ? null : new(Encoded(), _max, _sum);

    /// <summary>As if all that the other one has counted had been counted here too. Throws <see
    /// cref="FormatException"/>.</summary>
    public void Add(WrittenHistogram? other)
    {
        if (other is null) return;
        WrittenCounts.Check(other.Max >= TimeSpan.Zero && other.Sum >= TimeSpan.Zero && other.Sum < MostSum,
            "these latencies");
        AddForeign(other.Counts);
        if (other.Max > _max) _max = other.Max;
        _sum += other.Sum;
    }

    /// <summary>From another machine. Throws <see cref="FormatException"/>.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "the library throws whatever it comes upon")]
    public void AddForeign(byte[] bytes)
    {
        try { AddEncoded(bytes); }
        catch (Exception e) { throw new FormatException($"this is no histogram: {e.Message}", e); }
    }

    public void Clear()
    {
        _counts.Reset();
        (_max, _sum) = (TimeSpan.Zero, TimeSpan.Zero);
    }

    /// <summary>A bucket is named by its upper end, which may lie above anything that was seen.</summary>
    public TimeSpan At(double percentile)
    {
        if (_counts.TotalCount == 0) return TimeSpan.Zero;
        var value = TimeSpan.FromMicroseconds(_counts.GetValueAtPercentile(percentile));
        return value < _max ? value : _max;
    }

    public LatencySummary Summary() => _counts.TotalCount == 0 ? LatencySummary.Empty : new LatencySummary
    {
        Count = _counts.TotalCount,
        Mean = _sum / _counts.TotalCount,
        P50 = At(50), P90 = At(90), P99 = At(99), P999 = At(99.9),
        Max = _max,
    };
}
