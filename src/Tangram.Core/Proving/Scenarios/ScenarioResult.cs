using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>What a scenario showed beyond its requests. In JSON every duration is a number of milliseconds.</summary>
public sealed record ScenarioResult
{
    public required string Name { get; init; }
    public required int MostUsers { get; init; }

    /// <summary>Iterations that came to their end.</summary>
    public required long Iterations { get; init; }

    /// <summary>Iterations that ended early because what a later step needs was not found.</summary>
    public required long Stopped { get; init; }

    /// <summary>Iterations under way when their user's time was over.</summary>
    public required long Interrupted { get; init; }

    /// <summary>Iterations that were due while too many were under way.</summary>
    public required long Dropped { get; init; }
    [JsonPropertyName("iterationMs")] public required LatencySummary Iteration { get; init; }
    public required EquatableArray<PartResult> Parts { get; init; }
    public required EquatableArray<CheckCounts> Checks { get; init; }
    public required EquatableArray<ThresholdResult> Thresholds { get; init; }

    /// <summary>What was read and is not needed here, or was left out because that was asked for.</summary>
    public EquatableArray<string> Notes { get; init; }
}

/// <summary>Steps that are measured together, a transaction of JMeter's.</summary>
public sealed record PartResult(string Name, [property: JsonPropertyName("latencyMs")] LatencySummary Latency);

public sealed record CheckCounts(string Step, string Check, long Held, long Wrong);

/// <summary>Counts what <see cref="ScenarioResult"/> tells. Not safe for several threads at once.</summary>
public sealed class ScenarioTally(Scenario scenario)
{
    private readonly List<(RequestSpec Request, long[] Held, long[] Wrong)> _checks =
        [.. scenario.Requests.Select(r => (r, new long[r.Checks.Count], new long[r.Checks.Count]))];
    private readonly Dictionary<RequestSpec, int> _at = Index(scenario);

    /// <summary>Answers of the expected status whose other checks did not hold: k6 does not count those as
    /// failed.</summary>
    private readonly Dictionary<string, long> _checkFailures = new(StringComparer.Ordinal);

    public long Iterations { get; private set; }
    public long Stopped { get; private set; }
    public long Interrupted { get; private set; }
    public long Dropped { get; private set; }

    public void Add(RequestSpec request, Judgement judgement, LoadOutcome outcome)
    {
        if (outcome.Failure is LoadFailure.Check)
            _checkFailures[request.Name] = _checkFailures.GetValueOrDefault(request.Name) + 1;
        var (_, held, wrong) = _checks[_at[request]];
        for (var i = 0; i < judgement.Held.Count; i++)
            if (judgement.Held[i]) held[i]++;
            else wrong[i]++;
        // Without an answer no check holds.
        if (judgement.Held.Count == 0 && outcome.Failure is not (null or LoadFailure.Check or LoadFailure.Abandoned))
            for (var i = 0; i < wrong.Length; i++) wrong[i]++;
    }

    public void Ended(IterationEnd end)
    {
        if (end is IterationEnd.Done) Iterations++;
        else if (end is IterationEnd.Stopped) Stopped++;
        else if (end is IterationEnd.Dropped) Dropped++;
        else Interrupted++;
    }

    public EquatableArray<CheckCounts> Checks => _checks.SelectMany(one => one.Request.Checks.Select((check, i) =>
        new CheckCounts(one.Request.Name, check.Name, one.Held[i], one.Wrong[i]))).ToEquatableArray();

    public long CheckFailures(string? step) =>
        step is null ? _checkFailures.Values.Sum() : _checkFailures.GetValueOrDefault(step);

    /// <summary>The first of equal ones stands for all of them.</summary>
    private static Dictionary<RequestSpec, int> Index(Scenario scenario)
    {
        var index = new Dictionary<RequestSpec, int>(ReferenceEqualityComparer.Instance);
        var at = 0;
        foreach (var request in scenario.Requests) index.TryAdd(request, at++);
        return index;
    }
}

public enum IterationEnd { Done, Stopped, Interrupted, Dropped }
