namespace Tangram.Proving;

/// <summary>A result as lines for people, plain and 100 columns wide.</summary>
public static class LoadReport
{
    /// <summary>More would push the verdict off the screen; the JSON has all that were kept.</summary>
    private const int MostExamples = 10;

    public static IEnumerable<string> Lines(LoadResult result)
    {
        yield return Offered(result);
        yield return Made(result.Generator);
        if (result.Interrupted) yield return "Interrupted: these are the results so far.";
        foreach (var counts in result.Classes)
        {
            yield return $"{counts.Name}: {counts.Sent} sent, {counts.Ok} ok, " +
                         $"{counts.NonSuccess} answered otherwise, {counts.Failed} failed" +
                         (counts.Abandoned > 0 ? $", {counts.Abandoned} abandoned" : "") +
                         (counts.Elsewhere > 0 ? $"; {counts.Elsewhere} tried another address" : "");
            foreach (var trouble in counts.Troubles)
                yield return $"  {trouble}, from {Seconds(trouble.First)} to {Seconds(trouble.Last)}";
            yield return Row("  latency", counts.Latency);
            yield return Row("  uncorrected", counts.Uncorrected);
        }
        yield return Row("generator late by", result.Lateness);
        if (result.Lateness.P99 > result.Total.Latency.P99 / 2 && result.Total.Latency.Count > 0)
            yield return "Much of the latency is the generator's own lateness: read it as an upper bound.";
        foreach (var example in result.Examples.Take(MostExamples))
            yield return $"  {Seconds(example.Ended)} {example.Class} #{example.Index} {example.Kind} after " +
                         $"{Milliseconds(example.Ended - example.Begun)}" +
                         (example.What.Length > 0 ? $": {example.What}" : "");
        yield return $"{result.Verdict.Ruling}: {result.Verdict.Because}.";
    }

    private static string Offered(LoadResult result) => result.Users is { } users
        ? $"{result.Url}: {users} users, {result.Total.Sent} requests in {result.Elapsed.TotalSeconds:0.0} s, " +
          $"{result.Offered:0.##}/s"
        : $"{result.Url}: {result.Rate:0.##}/s asked, {result.Offered:0.##}/s offered, " +
          $"{result.Total.Sent} of {result.Planned} sent in {result.Elapsed.TotalSeconds:0.0} s, " +
          $"at most {result.MostInFlight} in flight";

    private static string Made(LoadEffort generator) => generator.Engine == LoadEngine.Raw
        ? $"made by Tangram's own engine on {generator.Threads} thread{(generator.Threads == 1 ? "" : "s")}, the " +
          $"busiest for {generator.Busiest:0%} of the time; {generator.MeanInFlight:0.0} in flight on average"
        : "made by the platform's HTTP client";

    public static string Line(LoadProgress progress) => progress.Planned == 0
        ? $"{progress.Elapsed.TotalSeconds,5:0} s  {progress.Sent} sent, " + State(progress)
        : $"{progress.Elapsed.TotalSeconds,5:0} s  {progress.Sent} of {progress.Planned} sent, " + State(progress);

    private static string State(LoadProgress progress) =>
        $"{progress.InFlight} in flight, {progress.Ok} ok, {progress.Bad} failed, p99 {Milliseconds(progress.P99)}";

    private static string Row(string name, LatencySummary s) =>
        $"{name,-18} p50 {Milliseconds(s.P50)}  p90 {Milliseconds(s.P90)}  p99 {Milliseconds(s.P99)}  " +
        $"p99.9 {Milliseconds(s.P999)}  max {Milliseconds(s.Max)}";

    private static string Milliseconds(TimeSpan span) => span.TotalMilliseconds switch
    {
        < 10 => $"{span.TotalMilliseconds:0.00} ms",
        < 1000 => $"{span.TotalMilliseconds:0} ms",
        _ => $"{span.TotalSeconds:0.00} s",
    };

    private static string Seconds(TimeSpan at) => $"{at.TotalSeconds:0.000} s";
}
