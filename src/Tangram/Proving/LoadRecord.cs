using Tangram.Model;

namespace Tangram.Proving;

/// <summary>Collects what happened to every request, from any thread. One lock held for about a microsecond: at the
/// highest rates that one machine can make, it is free nine times of ten.</summary>
internal sealed class LoadRecord(LoadOptions options, long planned)
{
    private readonly Lock _lock = new();
    private readonly LoadTally[] _tallies = [.. options.Classes.Select(c => new LoadTally(c.Name))];
    private readonly LatencyHistogram[] _latencies = [.. options.Classes.Select(_ => new LatencyHistogram())];
    private readonly LatencyHistogram[] _uncorrected = [.. options.Classes.Select(_ => new LatencyHistogram())];
    private readonly LatencyHistogram _all = new();
    private readonly LatencyHistogram _lateness = new();
    private readonly LoadTally _total = new("all");
    private readonly LoadTimeline _timeline = new();
    private readonly bool[] _safe = [.. options.Classes.Select(c => c.IsSafe)];
    private TimeSpan _lastBegun, _lastEnded;
    private int _inFlight, _mostInFlight;

    public void Began(TimeSpan lateness)
    {
        lock (_lock)
        {
            _lateness.Add(lateness);
            _mostInFlight = Math.Max(_mostInFlight, ++_inFlight);
        }
    }

    /// <summary>A request that had begun has ended.</summary>
    public void Ended(LoadSample sample)
    {
        lock (_lock)
        {
            _inFlight--;
            Count(sample);
            if (!sample.Outcome.HasLatency) return;
            _all.Add(sample.Ended - sample.Intended);
            _latencies[sample.Class].Add(sample.Ended - sample.Intended);
            _uncorrected[sample.Class].Add(sample.Ended - sample.Begun);
        }
    }

    /// <summary>A request that was due was never begun.</summary>
    public void Unsent(LoadSample sample)
    {
        lock (_lock) Count(sample);
    }

    public LoadProgress Progress(TimeSpan now)
    {
        lock (_lock)
        {
            var bad = _total.NonSuccess + _total.Failed;
            return new(now, planned, _total.Sent + _inFlight, _inFlight, _total.Ok, bad, _all.At(99))
            {
                Steps = options.Mix.Count < 2 ? [] : _tallies.Select((t, i) =>
                    new StepProgress(t.Name, t.NonSuccess + t.Failed, _latencies[i].At(99))).ToEquatableArray(),
            };
        }
    }

    public LoadResult Result(string run, DateTimeOffset startedAt, bool interrupted)
    {
        lock (_lock)
        {
            if (_inFlight != 0) throw new InvalidOperationException($"{_inFlight} requests began and never ended");
            var uncorrected = new LatencyHistogram();
            foreach (var one in _uncorrected) uncorrected.Add(one);
            var total = _total.Counts(_all.Summary(), uncorrected.Summary());
            var lateness = _lateness.Summary();
            var seconds = _timeline.Seconds;
            var span = Math.Max(_lastBegun.TotalSeconds, 1 / options.Rate);
            return new LoadResult
            {
                Run = run,
                StartedAt = startedAt,
                Url = options.Url.OriginalString,
                Rate = options.Rate,
                // The first request is due at 0, so n requests span n - 1 intervals.
                Offered = total.Sent <= 1 ? total.Sent * options.Rate : (total.Sent - 1) / span,
                Elapsed = _lastEnded,
                Planned = planned,
                MostInFlight = _mostInFlight,
                Total = total,
                Classes = _tallies.Select(Counts).ToEquatableArray(),
                BadSafe = seconds.Sum(s => s.BadSafe),
                Seconds = seconds,
                Lateness = lateness,
                Examples = _tallies.SelectMany(t => t.Examples).OrderBy(e => e.Ended).ToEquatableArray(),
                Interrupted = interrupted,
                Verdict = LoadVerdict.Of(total, lateness, options.MaxFailed),
            };
        }
    }

    /// <summary>Of the latencies of one class, or of all; null when there are none.</summary>
    public TimeSpan? At(int? @class, double percentile)
    {
        lock (_lock)
        {
            var histogram = @class is { } one ? _latencies[one] : _all;
            return histogram.Summary().Count == 0 ? null : histogram.At(percentile);
        }
    }

    private LoadCounts Counts(LoadTally tally, int @class) =>
        tally.Counts(_latencies[@class].Summary(), _uncorrected[@class].Summary());

    private void Count(LoadSample sample)
    {
        _total.Add(sample);
        _tallies[sample.Class].Add(sample);
        _timeline.Add(sample, _safe[sample.Class]);
        if (sample.Outcome.Failure is not LoadFailure.Unsent && sample.Begun > _lastBegun) _lastBegun = sample.Begun;
        if (sample.Ended > _lastEnded) _lastEnded = sample.Ended;
    }
}
