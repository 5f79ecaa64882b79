using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving.Drills;

/// <summary>What a drill wants to know of a load.</summary>
/// <param name="Sent">And those that could not be, as too many were in flight: they are among the failed.</param>
/// <param name="Failed">Everything but an answer of 2xx.</param>
/// <param name="P99">From when each was due; so is <paramref name="Max"/>.</param>
/// <param name="LateBy">What 1 % of the requests were begun after their time, or of the answers read after they had
/// come, by the generator's own fault.</param>
/// <param name="LateSeconds">Seconds of the run in which a request was slower than <paramref
/// name="LateAfter"/>.</param>
/// <param name="LateAfter">Null: nobody said what is late.</param>
public sealed record DrillLoad(
    long Sent, long Failed, EquatableArray<string> Troubles,
    [property: JsonPropertyName("p50Ms")] TimeSpan P50,
    [property: JsonPropertyName("p99Ms")] TimeSpan P99,
    [property: JsonPropertyName("maxMs")] TimeSpan Max,
    [property: JsonPropertyName("generatorLateMs")] TimeSpan LateBy, int LateSeconds,
    [property: JsonPropertyName("lateAfterMs")] TimeSpan? LateAfter)
{
    /// <summary>When it began; times of <see cref="Seconds"/> count from it.</summary>
    [JsonPropertyName("atMs")] public TimeSpan At { get; init; }

    /// <summary>Second by second.</summary>
    public EquatableArray<LoadSecond> Seconds { get; init; }

    public double Availability => Sent == 0 ? 0 : (double)(Sent - Failed) / Sent;

    [JsonIgnore] public bool GeneratorLate => LateBy > LoadVerdict.Late;

    /// <param name="at">When it began, for its time line.</param>
    public static DrillLoad Of(LoadResult result, TimeSpan? lateAfter, TimeSpan at = default) => new(
        result.Total.Due, result.Total.Bad, result.Total.Troubles.Select(t => t.ToString()).ToEquatableArray(),
        result.Total.Latency.P50, result.Total.Latency.P99, result.Total.Latency.Max,
        result.Lateness.P99 > result.Generator.Reading.P99 ? result.Lateness.P99 : result.Generator.Reading.P99,
        lateAfter is { } late ? result.Seconds.Count(second => second.Slowest > late) : 0, lateAfter)
    {
        At = at, Seconds = result.Seconds,
    };
}
