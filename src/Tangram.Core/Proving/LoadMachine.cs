using System.Text.Json.Serialization;

namespace Tangram.Proving;

/// <summary>What one of several machines did of a load. Null: it was lost, and nobody knows.</summary>
/// <param name="Name">Its injector's.</param>
/// <param name="LateP99">How late it began its requests.</param>
/// <param name="StartedAfter">At most so long after the first machine was told to go.</param>
public sealed record LoadMachine(
    string Name, long? Sent = null, long? Ok = null, long? NonSuccess = null, long? Failed = null,
    [property: JsonPropertyName("lateP99Ms")] TimeSpan? LateP99 = null,
    [property: JsonPropertyName("startedAfterMs")] TimeSpan? StartedAfter = null)
{
    /// <summary>Why its part is not here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Lost { get; init; }

    /// <summary>Why what it measured is not what the server did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Void { get; init; }
}

/// <summary>When one machine began, by the clock of whoever told it to; clocks of two machines are never
/// compared.</summary>
/// <param name="Go">When it was told.</param>
/// <param name="After">How long it took from hearing that to its start, by its own clock.</param>
/// <param name="Heard">When it was heard that it had started.</param>
public readonly record struct LoadStart(TimeSpan Go, TimeSpan After, TimeSpan Heard)
{
    public TimeSpan Earliest => Go + After;

    /// <summary>Between the first and the last start there lies at most so much.</summary>
    public static TimeSpan Spread(IReadOnlyCollection<LoadStart> all)
    {
        if (all.Count < 2) return TimeSpan.Zero;
        var span = all.Max(one => one.Heard) - all.Min(one => one.Earliest);
        return span > TimeSpan.Zero ? span : TimeSpan.Zero;
    }
}
