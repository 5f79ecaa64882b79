using System.Text.Json.Serialization;

namespace Tangram.Proving.Drills;

/// <summary>One line of a cluster's history of drills.</summary>
/// <param name="Availability">Of the load, 0 to 1; null when none was offered.</param>
/// <param name="Detected">Of several faults the longest; so are the others. Null: not seen.</param>
public sealed record DrillSummary(
    DateTimeOffset StartedAt, string Drill, ulong Seed, DrillRuling Verdict, double? Availability, long Sent,
    long Failed, [property: JsonPropertyName("detectedMs")] TimeSpan? Detected,
    [property: JsonPropertyName("leftMs")] TimeSpan? Left, [property: JsonPropertyName("wholeMs")] TimeSpan? Whole)
{
    public static DrillSummary Of(DrillResult result) => new(
        result.StartedAt, result.Drill, result.Seed, result.Verdict.Ruling, result.Load?.Availability,
        result.Load?.Sent ?? 0, result.Load?.Failed ?? 0, result.Faults.Max(fault => fault.Detected),
        result.Faults.Max(fault => fault.Left), result.Faults.Max(fault => fault.Whole));

    /// <summary>"whole after 1.2 s; last time 0.9 s", for what one of the two knows.</summary>
    internal IEnumerable<string> BesideLast(DrillSummary last)
    {
        if (last.Verdict != Verdict) yield return $"last time it was {DrillReport.Word(last.Verdict)}";
        foreach (var (what, now, then) in ((string, TimeSpan?, TimeSpan?)[])[
            ("detected", Detected, last.Detected), ("left", Left, last.Left), ("whole", Whole, last.Whole)])
            if ((now ?? then) is not null)
                yield return $"{what} {Words(now)}; last time {(then is { } known ? DrillAim.Words(known) : "never")}";

        static string Words(TimeSpan? time) => time is { } known ? $"after {DrillAim.Words(known)}" : "never";
    }
}
