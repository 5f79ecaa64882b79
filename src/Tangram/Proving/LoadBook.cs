using Tangram.Model;
using Tangram.Proving.Replaying;

namespace Tangram.Proving;

/// <summary>What happened to every request of one thread. Books add up. What went well costs no memory and about 50 ns.
/// Not safe for several threads at once.</summary>
/// <param name="begunWhenDue">Every request is begun when it is due, so both latencies are one.</param>
/// <param name="log">Of all latencies by the second; null: nobody wants it.</param>
internal sealed class LoadBook(LoadOptions options, bool begunWhenDue = false, LatencyLog? log = null)
{
    private readonly LoadTally[] _tallies = [.. options.Classes.Select(c => new LoadTally(c.Name))];
    private readonly LatencyHistogram[] _latencies = Histograms(options);
    private readonly LatencyHistogram[] _uncorrected = begunWhenDue ? [] : Histograms(options);
    private readonly LatencyHistogram _lateness = new();
    private readonly ReplayTally? _replay = options.Replay is { } source ? new(source.Log) : null;
    private readonly LoadTimeline _timeline = new();
    private readonly bool[] _safe = [.. options.Classes.Select(c => c.IsSafe)];
    private TimeSpan _lastBegun, _lastEnded;

    /// <summary>As our own engine counts: with users who do not think, both latencies are one.</summary>
    public static LoadBook For(LoadOptions options, LatencyLog? log) =>
        new(options, options.Users is not null && options.Think == TimeSpan.Zero, log);

    public TimeSpan LastEnded => _lastEnded;
    public LatencyLog? Log => log;

    private LatencyHistogram[] Uncorrected => begunWhenDue ? _latencies : _uncorrected;

    /// <summary>How late the generator was with a request.</summary>
    public void Late(TimeSpan by) => _lateness.Add(by);

    /// <summary>A request has ended.</summary>
    public void Ended(in LoadSample ended)
    {
        var sample = _replay?.Judge(ended) ?? ended;
        Count(sample);
        if (!sample.Outcome.HasLatency) return;
        _latencies[sample.Class].Add(sample.Ended - sample.Intended);
        if (!begunWhenDue) _uncorrected[sample.Class].Add(sample.Ended - sample.Begun);
        log?.Add(sample.Class, sample.Ended, sample.Ended - sample.Intended,
            sample.Ended - (begunWhenDue ? sample.Intended : sample.Begun));
    }

    /// <summary>A request that was due was never begun; or it has no latency for another reason.</summary>
    public void Count(in LoadSample sample)
    {
        _tallies[sample.Class].Add(sample);
        _timeline.Add(sample, _safe[sample.Class]);
        if (sample.Outcome.Failure is not LoadFailure.Unsent && sample.Begun > _lastBegun) _lastBegun = sample.Begun;
        if (sample.Ended > _lastEnded) _lastEnded = sample.Ended;
    }

    public void Add(LoadBook other)
    {
        for (var c = 0; c < _tallies.Length; c++)
        {
            _tallies[c].Add(other._tallies[c]);
            _latencies[c].Add(other._latencies[c]);
            if (!begunWhenDue) _uncorrected[c].Add(other._uncorrected[c]);
        }
        _lateness.Add(other._lateness);
        _timeline.Add(other._timeline);
        if (other._replay is { } replayed) _replay?.Add(replayed);
        if (other.Log is { } more) log?.Add(more);
        if (other._lastBegun > _lastBegun) _lastBegun = other._lastBegun;
        if (other._lastEnded > _lastEnded) _lastEnded = other._lastEnded;
    }

    /// <summary>All of it but the timeline, whose seconds are many.</summary>
    public WrittenBook Written() => new([.. _tallies.Select(t => t.Written())],
        [.. _latencies.Select(l => l.Written())], [.. _uncorrected.Select(l => l.Written())], _lateness.Written(),
        _lastBegun, _lastEnded);

    public IEnumerable<WrittenSecond> WrittenSeconds() => _timeline.Written();

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public void Add(WrittenBook other)
    {
        WrittenCounts.Check(other.Tallies.Length == _tallies.Length && !other.Tallies.Contains(null!)
            && other.Latencies.Length == _latencies.Length
            && other.Uncorrected.Length == _uncorrected.Length, "so many kinds of requests");
        for (var c = 0; c < _tallies.Length; c++)
        {
            _tallies[c].Add(other.Tallies[c]);
            _latencies[c].Add(other.Latencies[c]);
            if (!begunWhenDue) _uncorrected[c].Add(other.Uncorrected[c]);
        }
        _lateness.Add(other.Lateness);
        if (other.LastBegun > _lastBegun) _lastBegun = other.LastBegun;
        if (other.LastEnded > _lastEnded) _lastEnded = other.LastEnded;
    }

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    public void Add(WrittenSecond second) => _timeline.Add(second);

    /// <summary>Adds all latencies to it.</summary>
    public void AddLatencies(LatencyHistogram to)
    {
        foreach (var one in _latencies) to.Add(one);
    }

    public LoadProgress Progress(TimeSpan now, long planned, int inFlight)
    {
        var all = new LatencyHistogram();
        AddLatencies(all);
        var (sent, ok, bad) = Counts();
        return new(now, planned, sent + inFlight, inFlight, ok, bad, all.At(99))
        {
            Steps = options.Mix.Count < 2 ? [] : _tallies.Select((tally, c) => new StepProgress(
                tally.Name, tally.NonSuccess + tally.Failed, _latencies[c].At(99))).ToEquatableArray(),
        };
    }

    /// <summary>Of the latencies of one class, or of all; null when there are none.</summary>
    public TimeSpan? At(int? @class, double percentile)
    {
        var some = new LatencyHistogram();
        if (@class is { } one) some.Add(_latencies[one]);
        else AddLatencies(some);
        return some.Summary().Count == 0 ? null : some.At(percentile);
    }

    /// <summary>Of all classes: how many have ended that were sent, how many well, how many badly.</summary>
    public (long Sent, long Ok, long Bad) Counts()
    {
        var (sent, ok, bad) = (0L, 0L, 0L);
        foreach (var one in _tallies)
            (sent, ok, bad) = (sent + one.Sent, ok + one.Ok, bad + one.NonSuccess + one.Failed);
        return (sent, ok, bad);
    }

    /// <summary>What one thread or several have made of a run.</summary>
    public LoadResult Result(LoadRan ran)
    {
        var all = new LoadTally("all");
        foreach (var tally in _tallies) all.Add(tally);
        var (latency, uncorrected) = (Summary(_latencies), Summary(Uncorrected));
        var (total, lateness, seconds) = (all.Counts(latency, uncorrected), _lateness.Summary(), _timeline.Seconds);
        var effort = ran.Effort(total, _lastEnded);
        return new LoadResult
        {
            Run = ran.Run,
            StartedAt = ran.StartedAt,
            Url = options.Url.OriginalString,
            Rate = options.Users is null ? options.Rate : 0,
            Offered = Offered(total.Sent),
            Elapsed = _lastEnded,
            Planned = options.Users is null ? ran.Planned : total.Sent,
            MostInFlight = ran.MostInFlight,
            Total = total,
            Classes = _tallies.Select((t, c) => t.Counts(_latencies[c].Summary(), Uncorrected[c].Summary()))
                .ToEquatableArray(),
            BadSafe = seconds.Sum(s => s.BadSafe),
            Seconds = seconds,
            Distribution = Distribution(latency.Count),
            Lateness = lateness,
            Examples = _tallies.SelectMany(t => t.Examples).OrderBy(e => e.Ended).ToEquatableArray(),
            Interrupted = ran.Interrupted,
            Users = options.Users,
            Replay = options.Replay is { } source ? _replay!.Result(source) : null,
            Generator = effort,
            Verdict = LoadVerdict.Of(total, lateness, options.MaxFailed, effort),
        };
    }

    /// <summary>Of an open loop the first request is due at 0, so n requests span n - 1 intervals.</summary>
    private double Offered(long sent) => options.Users is not null
        ? sent / Math.Max(_lastEnded.TotalSeconds, 1e-6)
        : sent <= 1 ? sent * options.Rate : (sent - 1) / Math.Max(_lastBegun.TotalSeconds, 1 / options.Rate);

    private static LatencySummary Summary(LatencyHistogram[] some) => Sum(some).Summary();

    private EquatableArray<LatencyPoint> Distribution(long count)
    {
        var (all, uncorrected) = (Sum(_latencies), Sum(Uncorrected));
        return LatencyPoint.Percentiles(count)
            .Select(p => new LatencyPoint(p, all.At(p), uncorrected.At(p))).ToEquatableArray();
    }

    private static LatencyHistogram Sum(LatencyHistogram[] some)
    {
        var all = new LatencyHistogram();
        foreach (var one in some) all.Add(one);
        return all;
    }

    private static LatencyHistogram[] Histograms(LoadOptions options) =>
        [.. options.Classes.Select(_ => new LatencyHistogram())];
}

/// <summary>What a run was, besides what its requests came to.</summary>
/// <param name="Effort">What the generator did for it.</param>
internal sealed record LoadRan(
    string Run, DateTimeOffset StartedAt, long Planned, int MostInFlight, bool Interrupted,
    Func<LoadCounts, TimeSpan, LoadEffort> Effort);
