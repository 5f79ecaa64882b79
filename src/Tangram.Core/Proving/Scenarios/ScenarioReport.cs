namespace Tangram.Proving.Scenarios;

/// <summary>A scenario's result as lines for people.</summary>
public static class ScenarioReport
{
    private const int MostChecks = 40;

    public static IEnumerable<string> Lines(LoadResult result, ScenarioResult scenario)
    {
        yield return $"{scenario.Name}: {result.Total.Sent} requests in {result.Elapsed.TotalSeconds:0.0} s, " +
            $"{result.Offered:0.##}/s; at most {scenario.MostUsers} users and {result.MostInFlight} in flight";
        if (result.Interrupted) yield return "Interrupted: these are the results so far.";
        yield return $"iterations: {scenario.Iterations} done" +
            Some(scenario.Stopped, "stopped for want of what a later step needs") +
            Some(scenario.Interrupted, "under way when the time was over") +
            Some(scenario.Dropped, "not begun: too many were under way");
        if (scenario.Iteration.Count > 0) yield return LoadReport.Row("  duration", scenario.Iteration);
        foreach (var line in LoadReport.Classes(result)) yield return line;
        foreach (var part in scenario.Parts)
        {
            yield return $"{part.Name}: {part.Latency.Count} times";
            yield return LoadReport.Row("  duration", part.Latency);
        }
        foreach (var check in scenario.Checks.Take(MostChecks))
            yield return $"{(check.Wrong == 0 ? "ok   " : "WRONG")} {check.Step}, {check.Check}: {check.Held} held" +
                Some(check.Wrong, "did not");
        if (scenario.Checks.Count > MostChecks)
            yield return $"and {scenario.Checks.Count - MostChecks} more checks: see --json";
        foreach (var line in LoadReport.Lateness(result)) yield return line;
        foreach (var note in scenario.Notes) yield return note;
        foreach (var threshold in scenario.Thresholds)
            yield return $"{(threshold.Held ? "ok   " : "WRONG")} {threshold}";
        yield return $"{result.Verdict.Ruling}: {result.Verdict.Because}.";
    }

    private static string Some(long count, string what) => count == 0 ? "" : $", {count} {what}";
}
