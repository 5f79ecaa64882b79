using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Cli;

namespace Tangram.Proving.Spreading;

/// <summary>What one of several machines shall do of a load: what was typed, and which part of it is meant.</summary>
/// <param name="Machine">From 0.</param>
/// <param name="Run">Of all of them; it stands before every id.</param>
/// <param name="Trust">PEM certificates of the authorities to trust; null: the machine's.</param>
/// <param name="Log">All latencies by the second are wanted.</param>
internal sealed record LoadOrder(LoadRequest Load, int Machine, int Machines, string Run, string? Trust, bool Log)
{
    /// <summary>Before an order on a line; the other words follow it, a line each.</summary>
    public const string Word = "load ", Go = "go", Stop = "stop";

    /// <summary>Throws <see cref="JsonException"/>.</summary>
    public static LoadOrder Read(string text) =>
        JsonSerializer.Deserialize(text, PartJson.Default.LoadOrder) is { } order && order.Refusal() is not { } why
            ? order : throw new JsonException("it is no order of a load");

    public string Write() => JsonSerializer.Serialize(this, PartJson.Default.LoadOrder);

    /// <summary>Throws <see cref="CommandFailure"/>: it cannot be carried out.</summary>
    public LoadOptions Options()
    {
        var whole = LoadEntrance.Options(Load) with { CaText = Trust };
        return LoadPart.Problems(whole, Machines).FirstOrDefault() is { } problem
            ? throw CommandFailure.Arguments(problem) : new LoadPart(Machine, Machines).OfWhole(whole);
    }

    /// <summary>It came over a line, so its form is looked at before anything is made of it.</summary>
    private string? Refusal() =>
        Machines is < 1 or > LoadPart.MostMachines || Machine < 0 || Machine >= Machines ? "it is nobody's part"
        : !Load.Url.IsAbsoluteUri || Load.Also.Any(url => url is not { IsAbsoluteUri: true }) ? "it has no address"
        : Load.Headers.Contains(null!) || Load.Mix.Contains(null!) ? "something is missing"
        : Load is not { CaFile: null, Report: null, Hdr: null } ? "it names a file of another machine"
        : Run.Length is 0 or > 40 || !Run.All(char.IsAsciiLetterOrDigit) ? "it has no id"
        : null;
}

internal enum PartWord
{
    /// <summary>All is prepared, and it waits for the others.</summary>
    Ready,
    Began,
    Progress,
    /// <summary>Some of the timeline, or of the log; it is over.</summary>
    Counted,
    /// <summary>That was all.</summary>
    Done,
    /// <summary>It cannot be done, or went wrong.</summary>
    Failed,
}

/// <summary>What the process that makes a part tells, a line each.</summary>
internal sealed record PartAnswer(PartWord Word)
{
    public string? What { get; init; }

    /// <summary>From hearing that it shall begin to its beginning.</summary>
    public TimeSpan After { get; init; }
    public LoadProgress? Progress { get; init; }
    public WrittenSecond[]? Seconds { get; init; }
    public LatencyLog.Piece[]? Pieces { get; init; }
    public PartCounts? Counts { get; init; }

    public string Write() => JsonSerializer.Serialize(this, PartJson.Default.PartAnswer);

    /// <summary>Throws <see cref="JsonException"/>.</summary>
    public static PartAnswer Read(string line) =>
        JsonSerializer.Deserialize(line, PartJson.Default.PartAnswer) ?? throw new JsonException("no answer");
}

/// <summary>What a part comes to, but for its seconds.</summary>
internal sealed record PartCounts(
    WrittenBook Book, WrittenHistogram? Reading, LoadEffort Effort, int MostInFlight, bool Interrupted);

[JsonSourceGenerationOptions(UseStringEnumConverter = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LoadOrder))]
[JsonSerializable(typeof(PartAnswer))]
[JsonSerializable(typeof(StepProgress))]
internal sealed partial class PartJson : JsonSerializerContext;
