using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Model;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Proofs;

/// <summary>As <see cref="DrillRuling"/>, and what becomes of a drill that is not held.</summary>
public enum ProofRuling
{
    Kept, Broken, NotBegun, Void, Stopped,
    /// <summary>It would show nothing here, or its turn did not come.</summary>
    Skipped,
    /// <summary>It would be held: nobody asked for more than to know that.</summary>
    Planned,
}

/// <summary>A promise, and what the cluster made of it.</summary>
/// <param name="Seed">`tangram drill NAME --seed` repeats it.</param>
/// <param name="Takes">About so long.</param>
/// <param name="Figure">What was measured; empty when nothing was.</param>
/// <param name="Because">Why this verdict.</param>
/// <param name="Result">Null when it was not held.</param>
public sealed record ProofRow(
    string Promise, string Drill, ulong Seed, [property: JsonPropertyName("takesMs")] TimeSpan Takes,
    ProofRuling Verdict, string Figure, EquatableArray<string> Because, DrillResult? Result)
{
    public string Word => Verdict == ProofRuling.NotBegun ? "NOT BEGUN" : Verdict.ToString().ToUpperInvariant();
}

/// <summary>What a proof showed. In JSON every duration is a number of milliseconds.</summary>
public sealed record ProofResult
{
    public required string Cluster { get; init; }
    public required ulong Seed { get; init; }

    /// <summary>For people.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    [JsonPropertyName("tookMs")] public required TimeSpan Took { get; init; }
    public required EquatableArray<ProofRow> Rows { get; init; }

    /// <summary>Something was shown, and nothing to the contrary. Of a plan: there is something to show.</summary>
    public bool Holds => Rows.Any(row => row.Verdict is ProofRuling.Kept or ProofRuling.Planned)
        && Rows.All(row => row.Verdict is ProofRuling.Kept or ProofRuling.Planned or ProofRuling.Skipped);

    [JsonIgnore] public int ExitCode => Holds ? 0 : 1;

    /// <summary>"6 kept, 1 skipped".</summary>
    public string Sum() => string.Join(", ", Rows.GroupBy(row => row.Verdict).OrderBy(rows => rows.Key)
        .Select(rows => $"{rows.Count()} {(rows.Key == ProofRuling.NotBegun ? "not begun"
            : rows.Key.ToString().ToLowerInvariant())}"));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    Converters = [typeof(Milliseconds)])]
[JsonSerializable(typeof(LoadSecond))]
[JsonSerializable(typeof(ProofResult))]
[JsonSerializable(typeof(ProofRow))]
[JsonSerializable(typeof(DrillFault))]
[JsonSerializable(typeof(DrillMoment))]
[JsonSerializable(typeof(string))]
public sealed partial class ProofJson : JsonSerializerContext
{
    // For people: é stays é. It is not embedded in HTML.
    private static JsonSerializerOptions Plain => field ??= new(Default.Options)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(ProofResult result) => JsonSerializer.Serialize(result,
        (System.Text.Json.Serialization.Metadata.JsonTypeInfo<ProofResult>)Plain.GetTypeInfo(typeof(ProofResult)));

    /// <summary>Throws <see cref="JsonException"/> when the text is no result.</summary>
    public static ProofResult Read(string text) =>
        JsonSerializer.Deserialize(text, Default.ProofResult) ?? throw new JsonException("null is not a result");
}
