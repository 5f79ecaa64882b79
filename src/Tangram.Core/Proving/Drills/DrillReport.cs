using System.Globalization;

namespace Tangram.Proving.Drills;

/// <summary>A result as lines for people.</summary>
public static class DrillReport
{
    public static string Line(TimeSpan at, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{at.TotalSeconds,7:0.00} s  {what}");

    public static IEnumerable<string> Lines(DrillResult result)
    {
        foreach (var fault in result.Faults)
            yield return $"{fault.Kind} {fault.Target}".TrimEnd() + (fault.Missed is { } missed
                ? $": not injected, {missed}"
                : $": detected {Words(fault.Detected)}, left {Words(fault.Left)}, whole {Words(fault.Whole)}");
        if (result.Load is { } load)
        {
            yield return $"requests: {load.Sent} sent, {load.Failed} failed" +
                (load.Troubles.Count == 0 ? "" : $" ({string.Join(", ", load.Troubles)})") +
                (result.Retried is { } retried ? $", {retried} repeated by the gateways" : "") +
                $"; p50 {Words(load.P50)}, p99 {Words(load.P99)}, longest {Words(load.Max)}";
            if (load.LateAfter is { } late)
                yield return $"late: in {load.LateSeconds} seconds of the run a request took more than {Words(late)}";
            yield return $"availability: {DrillAim.Percent(load.Availability)}, objective " +
                DrillAim.Percent(result.Availability);
        }
        foreach (var because in result.Verdict.Because) yield return $"  {because}";
        yield return $"{result.Drill}: {Word(result.Verdict.Ruling)} (seed {result.Seed})";
    }

    internal static string Word(DrillRuling ruling) => ruling switch
    {
        DrillRuling.Kept => "KEPT",
        DrillRuling.Broken => "BROKEN",
        DrillRuling.NotBegun => "NOT BEGUN: the hypothesis did not hold, so nothing was broken",
        DrillRuling.Void => "VOID",
        _ => "STOPPED",
    };

    private static string Words(TimeSpan? time) => time is { } known ? DrillAim.Words(known) : "-";
}
