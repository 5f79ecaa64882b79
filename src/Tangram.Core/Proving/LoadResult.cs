using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Model;
using Tangram.Proving.Replaying;
using Tangram.Proving.Scenarios;

namespace Tangram.Proving;

/// <summary>What a run showed. In JSON every duration is a number of milliseconds.</summary>
public sealed record LoadResult
{
    /// <summary>The first part of every id that <see cref="LoadOptions.UniqueIdHeader"/> carried.</summary>
    public required string Run { get; init; }

    /// <summary>For people, to find the same moment in logs. Times below count from it.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required string Url { get; init; }

    /// <summary>Requests per second, as asked for.</summary>
    public required double Rate { get; init; }

    /// <summary>Requests per second, as begun.</summary>
    public required double Offered { get; init; }

    /// <summary>From the start to the last answer.</summary>
    [JsonPropertyName("elapsedMs")] public required TimeSpan Elapsed { get; init; }

    /// <summary>How many requests the whole run has; fewer were sent when it was interrupted.</summary>
    public required long Planned { get; init; }
    public required int MostInFlight { get; init; }
    public required LoadCounts Total { get; init; }
    public required EquatableArray<LoadCounts> Classes { get; init; }

    /// <summary>Requests that are safe to repeat, by their method, and failed or were answered by something other
    /// than 2xx.</summary>
    public required long BadSafe { get; init; }

    /// <summary>The run second by second.</summary>
    public required EquatableArray<LoadSecond> Seconds { get; init; }

    /// <summary>Of all requests, from the fastest to the slowest, as finely as their number allows.</summary>
    public EquatableArray<LatencyPoint> Distribution { get; init; }

    /// <summary>How late the generator itself began its requests.</summary>
    [JsonPropertyName("latenessMs")] public required LatencySummary Lateness { get; init; }

    /// <summary>The first few of each kind of trouble, in the order in which they ended.</summary>
    public required EquatableArray<LoadExample> Examples { get; init; }
    public required bool Interrupted { get; init; }

    /// <summary>The users of a closed loop; null when the loop was open.</summary>
    public int? Users { get; init; }

    /// <summary>Of a load by WebSocket: its connections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SocketCounts? Sockets { get; init; }

    /// <summary>What made the load, and what that cost.</summary>
    public LoadEffort Generator { get; init; } = LoadEffort.Platform;
    public required LoadVerdict Verdict { get; init; }

    /// <summary>Of a load that several machines made: each of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public EquatableArray<LoadMachine> Machines { get; init; }

    /// <summary>They began within so much of each other, at most.</summary>
    [JsonPropertyName("startSpreadMs")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? StartSpread { get; init; }

    /// <summary>Of a run of a scenario: what it showed beyond its requests.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ScenarioResult? Scenario { get; init; }

    /// <summary>Of a replay: how it compares with its log.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReplayResult? Replay { get; init; }
}

/// <summary>Sent = Ok + NonSuccess + Failed (without those that were never sent) + Abandoned.</summary>
public sealed record LoadCounts
{
    public required string Name { get; init; }
    public required long Sent { get; init; }

    /// <summary>Answered completely by 2xx, or as a scenario or a replayed log has it.</summary>
    public required long Ok { get; init; }

    /// <summary>Answered completely, by another status.</summary>
    public required long NonSuccess { get; init; }

    /// <summary>Not answered, or not completely.</summary>
    public required long Failed { get; init; }

    /// <summary>In flight when the run was interrupted.</summary>
    public required long Abandoned { get; init; }

    /// <summary>Those of <see cref="Sent"/> that tried another address after the first.</summary>
    public required long Elsewhere { get; init; }
    public required EquatableArray<StatusCount> Statuses { get; init; }
    public required EquatableArray<LoadTrouble> Troubles { get; init; }

    /// <summary>From the intended start to the end of the answer.</summary>
    [JsonPropertyName("latencyMs")] public required LatencySummary Latency { get; init; }

    /// <summary>From when it was really begun; smaller than <see cref="Latency"/> when the generator was late or, with
    /// its own engine, when no connection was free.</summary>
    [JsonPropertyName("uncorrectedMs")] public required LatencySummary Uncorrected { get; init; }

    /// <summary>Everything but success.</summary>
    [JsonIgnore] public long Bad => NonSuccess + Failed;

    /// <summary>Whose time came: those that were sent, and those that were not, as too many were in flight.</summary>
    [JsonIgnore] public long Due => Sent + Troubles.Where(t => t.Kind == nameof(LoadFailure.Unsent)).Sum(t => t.Count);
}

public sealed record StatusCount(int Status, long Count);

/// <summary>One kind of failure or bad status, with the times at which the first and the last of them ended.</summary>
public sealed record LoadTrouble(
    string Kind,
    long Count,
    [property: JsonPropertyName("firstMs")] TimeSpan First,
    [property: JsonPropertyName("lastMs")] TimeSpan Last)
{
    public override string ToString() => $"{Count} {Kind}";
}

public sealed record LoadExample(
    string Class,
    long Index,
    [property: JsonPropertyName("begunMs")] TimeSpan Begun,
    [property: JsonPropertyName("endedMs")] TimeSpan Ended,
    string Kind,
    string What);

/// <summary>Percentiles to three significant digits; <see cref="Max"/> is exact. All zero when nothing was
/// counted.</summary>
public sealed record LatencySummary
{
    public static readonly LatencySummary Empty = new();

    public long Count { get; init; }
    public TimeSpan Mean { get; init; }
    public TimeSpan P50 { get; init; }
    public TimeSpan P90 { get; init; }
    public TimeSpan P99 { get; init; }
    [JsonPropertyName("p999")] public TimeSpan P999 { get; init; }
    public TimeSpan Max { get; init; }
}

/// <summary>So many of a hundred requests took at most so long.</summary>
public sealed record LatencyPoint(
    double Percentile,
    [property: JsonPropertyName("latencyMs")] TimeSpan Latency,
    [property: JsonPropertyName("uncorrectedMs")] TimeSpan Uncorrected)
{
    private static readonly double[] All =
        [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9999, 100];

    /// <summary>Those that so many requests can tell apart.</summary>
    public static IEnumerable<double> Percentiles(long count) => count == 0 ? []
        : All.Where(p => p is 0 or 100 || (100 - p) / 100 * count >= 1);
}

/// <summary>A look at a run under way. <paramref name="P99"/> is of the whole run so far.</summary>
public sealed record LoadProgress(
    TimeSpan Elapsed, long Planned, long Sent, int InFlight, long Ok, long Bad, TimeSpan P99)
{
    /// <summary>Step by step, of a scenario that has several.</summary>
    public EquatableArray<StepProgress> Steps { get; init; }

    /// <summary>Of several machines. Percentiles do not add up: the highest of theirs is an upper bound.</summary>
    public static LoadProgress Together(IReadOnlyList<LoadProgress> all, long planned) => new(
        all.Max(one => one.Elapsed), planned, all.Sum(one => one.Sent), all.Sum(one => one.InFlight),
        all.Sum(one => one.Ok), all.Sum(one => one.Bad), all.Max(one => one.P99))
    {
        Steps = all.SelectMany(one => one.Steps).GroupBy(step => step.Name).Select(step => new StepProgress(
            step.Key, step.Sum(one => one.Bad), step.Max(one => one.P99))).ToEquatableArray(),
    };
}

public sealed record StepProgress(string Name, long Bad, TimeSpan P99);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    Converters = [typeof(Milliseconds)])]
[JsonSerializable(typeof(LoadResult))]
[JsonSerializable(typeof(LoadCounts))]
[JsonSerializable(typeof(StatusCount))]
[JsonSerializable(typeof(LoadTrouble))]
[JsonSerializable(typeof(LoadExample))]
[JsonSerializable(typeof(LoadSecond))]
[JsonSerializable(typeof(LatencyPoint))]
[JsonSerializable(typeof(SocketCounts))]
[JsonSerializable(typeof(ScenarioResult))]
[JsonSerializable(typeof(PartResult))]
[JsonSerializable(typeof(ReplayResult))]
[JsonSerializable(typeof(LeftOutLines))]
[JsonSerializable(typeof(StatusChange))]
[JsonSerializable(typeof(CheckCounts))]
[JsonSerializable(typeof(ThresholdResult))]
[JsonSerializable(typeof(LoadEffort))]
[JsonSerializable(typeof(LoadMachine))]
public sealed partial class LoadJson : JsonSerializerContext
{
    public static string Write(LoadResult result) => JsonSerializer.Serialize(result, Default.LoadResult);

    /// <summary>Throws <see cref="JsonException"/> when the text is no result.</summary>
    public static LoadResult Read(string text) =>
        JsonSerializer.Deserialize(text, Default.LoadResult) ?? throw new JsonException("null is not a result");
}

/// <summary>Durations as numbers that any tool can compare, to the microsecond.</summary>
internal sealed class Milliseconds : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        TimeSpan.FromMicroseconds(Math.Round(reader.GetDouble() * 1000));

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture));
}
