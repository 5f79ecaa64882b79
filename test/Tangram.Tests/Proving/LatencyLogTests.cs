using System.Buffers.Binary;
using System.IO.Compression;
using HdrHistogram;
using Tangram.Model;
using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class LatencyLogTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset Start = new(2026, 11, 29, 20, 0, 0, 250, TimeSpan.Zero);

    private static List<HistogramBase> Read(LatencyLog log)
    {
        using var stream = new MemoryStream();
        log.Write(stream, Start);
        stream.Position = 0;
        using var reader = new HistogramLogReader(stream);
        return [.. reader.ReadHistograms()];
    }

    private static LatencySummary Merged(IEnumerable<HistogramBase> some)
    {
        var all = new LongHistogram(1, 2L * 3600 * 1_000_000, 3);
        foreach (var one in some) all.Add(one);
        return new()
        {
            Count = all.TotalCount, P50 = At(50), P90 = At(90), P99 = At(99), P999 = At(99.9),
        };

        TimeSpan At(double percentile) => TimeSpan.FromMicroseconds(all.GetValueAtPercentile(percentile));
    }

    private static LatencySummary Percentiles(LatencyHistogram some) => some.Summary() with
    {
        Mean = default, Max = default,
    };

    [Fact]
    public void Merged_intervals_of_several_threads_are_the_whole_run()
    {
        const ulong seed = 61;
        output.WriteLine($"seed {seed}");
        var rng = new Rng(seed);
        var log = new LatencyLog(["GET", "POST, slow"]);
        var (corrected, uncorrected, posts) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        for (var thread = 0; thread < 3; thread++)
        {
            var own = log.Another();
            for (var i = 0; i < 3000; i++)
            {
                var latency = TimeSpan.FromMicroseconds(100 + rng.Next(1000) * rng.Next(1000));
                own.Add(i % 2, TimeSpan.FromMilliseconds(i * 5), latency, latency / 2);
                corrected.Add(latency);
                uncorrected.Add(latency / 2);
                if (i % 2 == 1) posts.Add(latency);
            }
            log.Add(own);
        }
        var all = Read(log);
        Assert.Equal(15 * 4, all.Count);
        Assert.Equal(Percentiles(corrected), Merged(all.Where(h => string.IsNullOrEmpty(h.Tag))));
        Assert.Equal(Percentiles(uncorrected), Merged(all.Where(h => h.Tag == LatencyLog.Uncorrected)));
        Assert.Equal(Percentiles(posts), Merged(all.Where(h => h.Tag == "POST__slow")));
    }

    [Fact]
    public void An_interval_has_its_second_and_one_without_requests_is_left_out()
    {
        var log = new LatencyLog(["GET"]);
        foreach (var second in new[] { 0, 1, 7 })
            log.Add(0, TimeSpan.FromSeconds(second + 0.3), TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(3));
        var all = Read(log).Where(h => string.IsNullOrEmpty(h.Tag)).ToList();
        Assert.Equal([0, 1000, 7000], all.Select(h => h.StartTimeStamp - Start.ToUnixTimeMilliseconds()));
        Assert.All(all, h => Assert.Equal(1000, h.EndTimeStamp - h.StartTimeStamp));
    }

    /// <summary>Other readers than ours check the sum at the end.</summary>
    [Fact]
    public void An_interval_is_a_whole_zlib_stream()
    {
        var histogram = new LatencyHistogram();
        for (var i = 0; i < 1000; i++) histogram.Add(TimeSpan.FromMicroseconds(100 + i * i));
        var bytes = histogram.Encoded();
        using var plain = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(bytes, 8, bytes.Length - 8), CompressionMode.Decompress))
            zlib.CopyTo(plain);
        Assert.InRange(plain.Length, 1000, 4000);
        Assert.Equal(0x1c849313, BinaryPrimitives.ReadInt32BigEndian(plain.ToArray()));
        Assert.Equal(bytes.Length - 8, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4)));
    }

    [Fact]
    public void Tags_are_told_apart_and_end_no_line()
    {
        var log = new LatencyLog(["a,b", "a b", "uncorrected", "", "x\ny", "é"]);
        Assert.Equal(["a_b", "a_b~2", "uncorrected~2", "_", "x_y", "é"], log.Tags());
    }
}
