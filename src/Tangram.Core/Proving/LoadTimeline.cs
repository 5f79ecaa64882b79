using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving;

/// <summary>What became of the requests that were due in one second of the run, whenever they ended.</summary>
/// <param name="Second">From 0. Seconds in which nothing was due are left out.</param>
/// <param name="Bad">Failed, or answered by something other than 2xx.</param>
/// <param name="BadSafe">Those of them that were safe to repeat.</param>
/// <param name="Slowest">The longest from when it was due to its end, time-outs included.</param>
public sealed record LoadSecond(
    int Second, long Sent, long Ok, long Bad, long BadSafe, long Elsewhere,
    [property: JsonPropertyName("slowestMs")] TimeSpan Slowest)
{
    /// <summary>Latency from when each was due, time-outs included, at most a sixteenth too long; zero when there is
    /// none. A run's own percentiles are finer, and are not made of these.</summary>
    [JsonPropertyName("p50Ms")] public TimeSpan P50 { get; init; }
    [JsonPropertyName("p99Ms")] public TimeSpan P99 { get; init; }
}

/// <summary>Adds requests up by the second in which they were due; costs memory only for a new second. Not safe for
/// several threads at once.</summary>
public sealed class LoadTimeline
{
    private Sums[] _seconds = new Sums[64];

    public EquatableArray<LoadSecond> Seconds => _seconds.Select((sums, second) => sums.Told(second))
        .Where((_, second) => _seconds[second].Due > 0).ToEquatableArray();

    /// <param name="safe">The request is safe to repeat.</param>
    public void Add(in LoadSample sample, bool safe)
    {
        var second = (int)(sample.Intended.Ticks / TimeSpan.TicksPerSecond);
        if (second >= _seconds.Length) Array.Resize(ref _seconds, Math.Max(second + 1, _seconds.Length * 2));
        _seconds[second].Add(sample, safe);
    }

    public void Add(LoadTimeline other)
    {
        if (other._seconds.Length > _seconds.Length) Array.Resize(ref _seconds, other._seconds.Length);
        for (var i = 0; i < other._seconds.Length; i++) _seconds[i].Add(other._seconds[i]);
    }

    /// <summary>Of those in which something was due.</summary>
    internal IEnumerable<WrittenSecond> Written() => _seconds.Index().Where(s => s.Item.Due > 0)
        .Select(s => s.Item.Written(s.Index));

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    internal void Add(WrittenSecond other)
    {
        WrittenCounts.Check(other is { Second: >= 0 and < WrittenCounts.MostSeconds, Due: >= 0, Sent: >= 0,
            Ok: >= 0, Bad: >= 0, BadSafe: >= 0, Elsewhere: >= 0 } && other.Slowest >= TimeSpan.Zero, "this second");
        if (other.Second >= _seconds.Length)
            Array.Resize(ref _seconds, Math.Max(other.Second + 1, _seconds.Length * 2));
        _seconds[other.Second].Add(other);
    }

    private struct Sums
    {
        private long _sent, _ok, _bad, _badSafe, _elsewhere;
        private TimeSpan _slowest;
        private CoarseLatency _latency;

        public long Due { get; private set; }

        public void Add(in LoadSample sample, bool safe)
        {
            var outcome = sample.Outcome;
            Due++;
            if (outcome.Failure is not LoadFailure.Unsent) _sent++;
            if (outcome.Ok) _ok++;
            if (outcome.IsBad)
            {
                _bad++;
                if (safe) _badSafe++;
            }
            if (outcome.Elsewhere) _elsewhere++;
            if (!outcome.HasLatency) return;
            var took = sample.Ended - sample.Intended;
            _latency.Add(took);
            if (took > _slowest) _slowest = took;
        }

        public void Add(in Sums other)
        {
            Due += other.Due;
            _sent += other._sent;
            _ok += other._ok;
            _bad += other._bad;
            _badSafe += other._badSafe;
            _elsewhere += other._elsewhere;
            _latency.Add(other._latency);
            if (other._slowest > _slowest) _slowest = other._slowest;
        }

        public void Add(WrittenSecond other)
        {
            _latency.Add(other.FirstBucket, other.Buckets);
            Due += other.Due;
            _sent += other.Sent;
            _ok += other.Ok;
            _bad += other.Bad;
            _badSafe += other.BadSafe;
            _elsewhere += other.Elsewhere;
            if (other.Slowest > _slowest) _slowest = other.Slowest;
        }

        public readonly WrittenSecond Written(int second) => new(second, Due, _sent, _ok, _bad, _badSafe, _elsewhere,
            _slowest, _latency.First, [.. _latency.Counts]);

        public readonly LoadSecond Told(int second) =>
            new(second, _sent, _ok, _bad, _badSafe, _elsewhere, _slowest)
            {
                P50 = Least(_latency.At(50)), P99 = Least(_latency.At(99)),
            };

        /// <summary>A bucket ends above what is in it.</summary>
        private readonly TimeSpan Least(TimeSpan span) => span < _slowest ? span : _slowest;
    }
}
