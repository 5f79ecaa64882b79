using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving.Chaos;

/// <summary>What an experiment came to.</summary>
/// <param name="Ruling">kept, broken (the hypothesis did not hold after), notBegun (it did not before), or failed (an
/// action of the method did).</param>
public sealed record ChaosRecord(
    string Title, ChaosRuling Ruling, EquatableArray<string> Because, EquatableArray<ChaosPlayed> Before,
    EquatableArray<ChaosPlayed> Method, EquatableArray<ChaosPlayed> After, EquatableArray<ChaosPlayed> Rollbacks)
{
    public static ChaosRecord Of(string title, EquatableArray<ChaosPlayed> before, EquatableArray<ChaosPlayed> method,
        EquatableArray<ChaosPlayed>? after, EquatableArray<ChaosPlayed> rollbacks)
    {
        var (ruling, wrong) = (after, method.Any(played => !played.Held)) switch
        {
            (null, _) => (ChaosRuling.NotBegun, before),
            ({ } last, _) when last.Any(played => !played.Held) => (ChaosRuling.Broken, last),
            (_, true) => (ChaosRuling.Failed, method),
            _ => (ChaosRuling.Kept, []),
        };
        return new ChaosRecord(title, ruling, wrong.Where(played => !played.Held).Select(played => played.ToString())
            .ToEquatableArray(), before, method, after ?? [], rollbacks);
    }

    public int ExitCode => Ruling == ChaosRuling.Kept ? 0 : 1;
}

public enum ChaosRuling { Kept, Broken, NotBegun, Failed }

/// <param name="Wanted">Null: it had only to go well.</param>
/// <param name="Status">Of HTTP, or the exit code; null: there was no answer.</param>
public sealed record ChaosPlayed(
    string Name, bool Held, string? Wanted, int? Status, string Text,
    [property: JsonPropertyName("tookMs")] TimeSpan Took)
{
    private const int Longest = 200;

    /// <summary>A probe in the method is only looked at; an action there must go well.</summary>
    public static ChaosPlayed Of(ChaosActivity activity, ChaosAnswer answer, TimeSpan took, bool judged) => new(
        activity.Name, !judged || (activity.Tolerance?.Holds(answer) ?? WentWell(activity, answer)),
        activity.Tolerance?.ToString(), answer.Status,
        answer.Text.Length <= Longest ? answer.Text : answer.Text[..Longest] + "…", took);

    public override string ToString() => $"{Name}: {(Held ? "as it should be" : "NOT as it should be")}, " +
        $"{(Status is { } status ? $"status {status}" : "no answer")}" + (Wanted is null ? "" : $", wanted {Wanted}") +
        (Text.Trim() is { Length: > 0 } said && !Held ? $": {said.ReplaceLineEndings(" ")}" : "");

    private static bool WentWell(ChaosActivity activity, ChaosAnswer answer) => activity.Provider switch
    {
        ChaosProvider.Http { Status: { } wanted } => answer.Status == wanted,
        _ => new ChaosTolerance.Went(true).Holds(answer),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    Converters = [typeof(Milliseconds)])]
[JsonSerializable(typeof(ChaosRecord))]
[JsonSerializable(typeof(ChaosPlayed))]
[JsonSerializable(typeof(string))]
public sealed partial class ChaosJson : JsonSerializerContext
{
    public static string Write(ChaosRecord record) => JsonSerializer.Serialize(record, Default.ChaosRecord);
}
