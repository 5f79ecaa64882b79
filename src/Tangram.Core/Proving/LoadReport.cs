using Tangram.Proving.Replaying;

namespace Tangram.Proving;

/// <summary>A result as lines for people, plain and 100 columns wide.</summary>
public static class LoadReport
{
    /// <summary>More would push the verdict off the screen; the JSON has all that were kept.</summary>
    private const int MostExamples = 10;

    /// <summary>More would not fit on a line.</summary>
    private const int MostSteps = 6;

    public static IEnumerable<string> Lines(LoadResult result)
    {
        yield return Offered(result);
        yield return Made(result);
        if (result.Interrupted) yield return "Interrupted: these are the results so far.";
        foreach (var line in ReplayReport.Lines(result.Replay)) yield return line;
        foreach (var line in Classes(result).Concat(Sockets(result.Sockets))) yield return line;
        foreach (var line in Lateness(result).Concat(Machines(result))) yield return line;
        yield return $"{result.Verdict.Ruling}: {result.Verdict.Because}.";
    }

    /// <summary>Machine by machine, of several.</summary>
    private static IEnumerable<string> Machines(LoadResult result)
    {
        if (result.Machines.Count == 0) yield break;
        yield return $"from {result.Machines.Count} machine{(result.Machines.Count == 1 ? "" : "s")}, which began " +
            $"within {Milliseconds(result.StartSpread ?? TimeSpan.Zero)} of each other";
        foreach (var one in result.Machines)
            yield return $"  {one.Name}: " + (one.Lost is null
                ? $"{one.Sent} sent, {one.Ok} ok, {one.NonSuccess} answered otherwise, {one.Failed} failed; late p99 " +
                  $"{Milliseconds(one.LateP99 ?? TimeSpan.Zero)}, begun within " +
                  $"{Milliseconds(one.StartedAfter ?? TimeSpan.Zero)}"
                : "lost, and what it had counted is unknown");
    }

    /// <summary>Class by class.</summary>
    internal static IEnumerable<string> Classes(LoadResult result)
    {
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
    }

    /// <summary>How late the generator was, and what went wrong.</summary>
    internal static IEnumerable<string> Lateness(LoadResult result)
    {
        yield return Row("generator late by", result.Lateness);
        if (result.Lateness.P99 > result.Total.Latency.P99 / 2 && result.Total.Latency.Count > 0)
            yield return "Much of the latency is the generator's own lateness: read it as an upper bound.";
        foreach (var example in result.Examples.Take(MostExamples))
            yield return $"  {Seconds(example.Ended)} {example.Class} #{example.Index} {example.Kind} after " +
                         $"{Milliseconds(example.Ended - example.Begun)}" +
                         (example.What.Length > 0 ? $": {example.What}" : "");
    }

    private static string Offered(LoadResult result) => result.Users is { } users
        ? $"{result.Url}: {users} users, {result.Total.Sent} requests in {result.Elapsed.TotalSeconds:0.0} s, " +
          $"{result.Offered:0.##}/s"
        : $"{result.Url}: {result.Rate:0.##}/s asked, {result.Offered:0.##}/s offered, " +
          $"{result.Total.Sent} of {result.Planned} sent in {result.Elapsed.TotalSeconds:0.0} s, " +
          $"at most {result.MostInFlight} in flight";

    private static string Made(LoadResult result) => $"made by {Maker(result)}" +
        (result.Generator.Engine == LoadEngine.Raw ? $", the busiest for {result.Generator.Busiest:0%} of the time; " +
            $"{result.Generator.MeanInFlight:0.0} in flight on average" : "");

    internal static string Maker(LoadResult result) => result.Generator.Engine == LoadEngine.Raw
        ? $"Tangram's own engine on {result.Generator.Threads} thread{(result.Generator.Threads == 1 ? "" : "s")}"
        : result.Sockets is null ? "the platform's HTTP client" : "the platform's WebSocket client";

    private static IEnumerable<string> Sockets(SocketCounts? sockets)
    {
        if (sockets is null) yield break;
        yield return $"connections: {sockets.Opened} opened, {sockets.Refused} refused, {sockets.Lost} lost";
        if (sockets.Opened > 0) yield return Row("  handshake", sockets.Handshake);
    }

    public static string Line(LoadProgress progress) =>
        $"{progress.Elapsed.TotalSeconds,5:0} s  {progress.Sent} " +
        (progress.Planned > 0 ? $"of {progress.Planned} " : "") + "sent, " +
        $"{progress.InFlight} in flight, {progress.Ok} ok, {progress.Bad} failed, p99 {Milliseconds(progress.P99)}" +
        string.Concat(progress.Steps.Take(MostSteps).Select(step => $"; {step.Name} {Milliseconds(step.P99)}" +
            (step.Bad > 0 ? $" ({step.Bad} failed)" : "")));

    internal static string Row(string name, LatencySummary s) =>
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
