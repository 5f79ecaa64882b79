using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>Collects what happens in a scenario, from any thread: requests as any load's, and what only users
/// have.</summary>
internal sealed class ScenarioRecord(
    Scenario scenario, LoadOptions options, long planned, long? maxFailed, LatencyLog? log = null)
{
    private readonly Lock _lock = new();
    private readonly LoadRecord _requests = new(options, planned, log);
    private readonly ScenarioTally _tally = new(scenario);
    private readonly LatencyHistogram _iterations = new(), _allParts = new();
    private readonly SortedDictionary<string, LatencyHistogram> _parts = new(StringComparer.Ordinal);
    private readonly string[] _names = [.. options.Mix.Select(one => one.Name)];
    private int _users, _mostUsers;
    private long _index;

    public int Class(RequestSpec request) => Array.IndexOf(_names, request.Name);

    public void Came()
    {
        lock (_lock) _mostUsers = Math.Max(_mostUsers, ++_users);
    }

    public void Left()
    {
        lock (_lock) _users--;
    }

    public void Began(TimeSpan lateness) => _requests.Began(lateness > TimeSpan.Zero ? lateness : TimeSpan.Zero);

    public void Ended(RequestSpec request, int @class, TimeSpan due, TimeSpan begun, TimeSpan ended,
        LoadOutcome outcome, Judgement judgement)
    {
        var index = Interlocked.Increment(ref _index) - 1;
        _requests.Ended(new(@class, index, due, begun, ended, outcome));
        lock (_lock) _tally.Add(request, judgement, outcome);
    }

    public void Iterated(IterationEnd end, TimeSpan took)
    {
        lock (_lock)
        {
            _tally.Ended(end);
            if (end is IterationEnd.Done) _iterations.Add(took);
        }
    }

    public void Passed(string part, TimeSpan took)
    {
        lock (_lock)
        {
            if (!_parts.TryGetValue(part, out var histogram)) _parts[part] = histogram = new LatencyHistogram();
            histogram.Add(took);
            _allParts.Add(took);
        }
    }

    public LoadProgress Progress(TimeSpan now) => _requests.Progress(now);

    public LoadResult Result(string run, DateTimeOffset startedAt, bool interrupted, EquatableArray<string> notes)
    {
        lock (_lock)
        {
            // Users ask for no rate: they ask when they are done.
            var result = _requests.Result(run, startedAt, interrupted) with { Rate = 0 };
            var thresholds = scenario.Thresholds.Select(threshold => ThresholdResult.Of(threshold,
                ScenarioVerdict.Measure(threshold, result, _tally, Trend))).ToEquatableArray();
            return result with
            {
                Verdict = ScenarioVerdict.Of(result, thresholds, maxFailed),
                Scenario = new ScenarioResult
                {
                    Name = scenario.Name, MostUsers = _mostUsers, Iterations = _tally.Iterations,
                    Stopped = _tally.Stopped, Interrupted = _tally.Interrupted, Dropped = _tally.Dropped,
                    Iteration = _iterations.Summary(),
                    Parts = _parts.Select(p => new PartResult(p.Key, p.Value.Summary())).ToEquatableArray(),
                    Checks = _tally.Checks, Thresholds = thresholds, Notes = notes,
                },
            };

            double? Trend(Threshold threshold) => threshold.Metric.Name switch
            {
                "iteration_duration" => In(threshold, _iterations.Summary(), _iterations.At),
                "group_duration" => threshold.Step is null ? In(threshold, _allParts.Summary(), _allParts.At)
                    : _parts.TryGetValue(threshold.Step, out var part)
                        ? In(threshold, part.Summary(), part.At) : null,
                _ => threshold.Step is null
                    ? In(threshold, result.Total.Latency, at => _requests.At(null, at) ?? default)
                    : In(threshold, result.Classes[Array.IndexOf(_names, threshold.Step)].Latency,
                        at => _requests.At(Array.IndexOf(_names, threshold.Step), at) ?? default),
            };
        }
    }

    private static double? In(Threshold threshold, LatencySummary summary, Func<double, TimeSpan> at)
    {
        if (summary.Count == 0) return null;
        var span = threshold.Aggregate switch
        {
            Aggregate.Average => summary.Mean,
            Aggregate.Least => at(0),
            Aggregate.Most => summary.Max,
            _ => at(threshold.Percentile),
        };
        return span.TotalMilliseconds;
    }
}
