using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>Did a scenario hold: by its thresholds, or, when it has none, as any load.</summary>
public static class ScenarioVerdict
{
    /// <param name="maxFailed">Beside the thresholds; null: only they decide.</param>
    public static LoadVerdict Of(
        LoadResult result, EquatableArray<ThresholdResult> thresholds, long? maxFailed = null)
    {
        if (thresholds.Count == 0) return result.Verdict;
        var broken = thresholds.Where(threshold => !threshold.Held).ToList();
        if (broken.Count > 0)
            return new(LoadRuling.Failed, $"{broken.Count} of {thresholds.Count} thresholds did not hold: " +
                string.Join("; ", broken));
        if (result.Total.Bad > maxFailed)
            return new(LoadRuling.Failed, $"{result.Total.Bad} of {result.Total.Due} requests failed, and " +
                $"--max-failed allows {maxFailed}, whatever the thresholds say");
        if (result.Total.Sent == 0) return new(LoadRuling.Void, "nothing was sent");
        if (LoadVerdict.TooLate(result.Lateness) is { } late) return late;
        return new(LoadRuling.Passed, thresholds.Count == 1 ? "the threshold held"
            : $"all {thresholds.Count} thresholds held");
    }

    /// <summary>Measures a threshold. Null: there is nothing to measure.</summary>
    /// <param name="trend">The durations that are meant, by the metric and the step, in milliseconds at a percentile;
    /// null: none were counted.</param>
    public static double? Measure(Threshold threshold, LoadResult result, ScenarioTally tally,
        Func<Threshold, double?> trend)
    {
        var seconds = Math.Max(result.Elapsed.TotalSeconds, 0.001);
        var counts = threshold.Step is null ? result.Total
            : result.Classes.FirstOrDefault(c => c.Name == threshold.Step) ?? result.Total;
        switch (threshold.Metric.Name)
        {
            case "http_req_failed":
                var bad = counts.Bad - tally.CheckFailures(threshold.Step);
                return counts.Due == 0 ? null : (double)bad / counts.Due;
            case "http_reqs":
                return PerSecond(counts.Sent);
            case "checks":
                var checks = tally.Checks.Where(c => threshold.Step is null || c.Step == threshold.Step).ToList();
                var (held, wrong) = (checks.Sum(c => c.Held), checks.Sum(c => c.Wrong));
                return held + wrong == 0 ? null : (double)held / (held + wrong);
            case "iterations":
                return PerSecond(tally.Iterations);
            case "dropped_iterations":
                return PerSecond(tally.Dropped);
            default:
                return trend(threshold);
        }

        double PerSecond(long count) => threshold.Aggregate == Aggregate.Rate ? count / seconds : count;
    }
}
