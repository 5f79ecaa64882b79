using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>What a drill showed. In JSON every duration is a number of milliseconds; times count from when its load
/// began.</summary>
public sealed record DrillResult
{
    public required string Drill { get; init; }
    public required string Cluster { get; init; }

    /// <summary>Repeats its choices with --seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>For people, to find the same moment in logs.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required string Url { get; init; }
    public required double Availability { get; init; }
    [JsonPropertyName("latencyP99Ms")] public required TimeSpan? LatencyP99 { get; init; }
    [JsonPropertyName("recoveryTimeMs")] public required TimeSpan Recovery { get; init; }
    public required DrillVerdict Verdict { get; init; }

    /// <summary>Before anything was broken.</summary>
    public required DrillLoad? Steady { get; init; }
    public required DrillLoad? Load { get; init; }

    /// <summary>What gateways repeated meanwhile; null when they were started anew.</summary>
    public required long? Retried { get; init; }
    public required EquatableArray<DrillFault> Faults { get; init; }
    public required EquatableArray<DrillMoment> Timeline { get; init; }

    /// <summary>The one before it on this cluster, of the same name; null: none is remembered.</summary>
    public DrillSummary? Last { get; init; }

    public static EquatableArray<DrillFault> FaultsOf(DrillMachine machine) =>
        machine.Faults.Select(fault => DrillFault.Of(fault, machine.BegunAt)).ToEquatableArray();
}

/// <param name="Target">As it was chosen.</param>
/// <param name="At">When it struck; null: it did not.</param>
/// <param name="Effect">As it was measured.</param>
/// <param name="Detected">From when it struck until the cluster showed it.</param>
/// <param name="Left">From when it struck until no request went there.</param>
/// <param name="Whole">Until everything asked for was there again: from when it struck, or, of faults that only end by
/// being reverted, from when they were.</param>
public sealed record DrillFault(
    string Kind, string Target, EquatableArray<string> Replicas,
    [property: JsonPropertyName("atMs")] TimeSpan? At,
    [property: JsonPropertyName("lastedMs")] TimeSpan? Lasted, string Effect, string Reverted,
    [property: JsonPropertyName("detectedMs")] TimeSpan? Detected,
    [property: JsonPropertyName("leftMs")] TimeSpan? Left,
    [property: JsonPropertyName("wholeMs")] TimeSpan? Whole, string? Missed)
{
    /// <summary>The cluster has to mend it while it lasts, and <see cref="Whole"/> counts from when it
    /// struck.</summary>
    public bool Mends { get; init; } = true;

    internal static DrillFault Of(FaultTrace fault, Instant begun) => new(
        fault.Spec.Form.Word, fault.Target?.Name ?? fault.Spec.Target ?? "",
        (fault.Target?.Replicas ?? []).Select(struck => struck.Replica).ToEquatableArray(),
        fault.StruckAt - begun, fault.EndedAt - fault.StruckAt, fault.Effect, fault.EndEffect,
        fault.DetectedAt - fault.StruckAt, fault.LeftAt - fault.StruckAt, fault.Recovery, fault.Missed)
    {
        Mends = fault.Spec.Form.Mends,
    };
}

public sealed record DrillMoment([property: JsonPropertyName("atMs")] TimeSpan At, string What);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    Converters = [typeof(Milliseconds)])]
[JsonSerializable(typeof(DrillResult))]
[JsonSerializable(typeof(DrillFault))]
[JsonSerializable(typeof(LoadSecond))]
[JsonSerializable(typeof(DrillMoment))]
[JsonSerializable(typeof(DrillSummary[]))]
[JsonSerializable(typeof(string))]
public sealed partial class DrillJson : JsonSerializerContext
{
    // For people: é stays é. It is not embedded in HTML.
    private static JsonSerializerOptions Plain => field ??= new(Default.Options)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(DrillResult result) => JsonSerializer.Serialize(result,
        (System.Text.Json.Serialization.Metadata.JsonTypeInfo<DrillResult>)Plain.GetTypeInfo(typeof(DrillResult)));

    public static string Write(DrillSummary[] history) => JsonSerializer.Serialize(history, Default.DrillSummaryArray);

    /// <summary>Throws <see cref="JsonException"/> when the text is no result.</summary>
    public static DrillResult Read(string text) =>
        JsonSerializer.Deserialize(text, Default.DrillResult) is { Verdict: not null, Drill: not null } result
        && result.Faults.All(fault => fault is not null) ? result : throw new JsonException("parts of it are missing");
}
