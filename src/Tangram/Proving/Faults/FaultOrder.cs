using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tangram.Proving.Faults;

/// <summary>What a drill tells the holder of its faults, a line each. <see cref="Revert"/>: end the fault of this
/// number; else begin it.</summary>
/// <param name="Lasts">It ends by itself after it; zero: it strikes once.</param>
internal sealed record FaultOrder(
    int Number, bool Revert, FaultKind Kind, string Name, TimeSpan Lasts, StruckReplica[] Replicas, string[] Nodes,
    FaultTraffic? Traffic = null)
{
    /// <summary>Of a fault of what passes between the gateway and replicas.</summary>
    public ImpairmentSpec? Impairment { get; init; }

    /// <summary>Of its chance.</summary>
    public ulong Seed { get; init; }

    /// <summary>Of a fault of a link.</summary>
    public FaultLink? Link { get; init; }

    /// <summary>Of a full disk: though others use it too.</summary>
    public bool Shared { get; init; }

    /// <summary>Of a clock: by how much it goes ahead.</summary>
    public TimeSpan Offset { get; init; }

    /// <summary>Of a slow disk: how often a second it is read, and written to.</summary>
    public double Rate { get; init; }
}

/// <param name="Rate">Requests a second.</param>
/// <param name="Also">Other gateways.</param>
internal sealed record FaultTraffic(string Url, string Method, string? Host, double Rate, string[]? Also = null);

/// <param name="To">IPv4 addresses, the packets to which are meant. Empty: all that this machine sends.</param>
/// <param name="Ports">Only packets of TCP and UDP to one of these. Empty: all.</param>
/// <param name="Except">No packets from or to one of these, where <paramref name="Ports"/> is empty.</param>
internal sealed record FaultLink(LinkSpec Spec, string[] To, int[] Ports, int[] Except)
{
    /// <summary>As a drill would write it: it comes over a line.</summary>
    [JsonIgnore]
    public bool IsComplete => this is { Spec: { } spec, To: not null, Ports: not null, Except: not null }
        && spec.Delay >= TimeSpan.Zero && spec.Delay <= LinkSpec.LongestDelay && spec.Jitter >= TimeSpan.Zero
        && spec.Jitter <= spec.Delay && spec.ReorderBy >= TimeSpan.Zero && spec.ReorderBy <= LinkSpec.LongestDelay
        && spec.BitsPerSecond is null or > 0 && spec.Burst >= 1;
}

/// <summary>What the holder tells the drill, a line each.</summary>
internal sealed record FaultAnswer(int Number, FaultWord Word, string What);

internal enum FaultWord
{
    /// <summary>It is there, and no other drill is.</summary>
    Holds,
    /// <summary>Another drill is held on this cluster.</summary>
    Refused,
    Injected,
    Missed,
    Reverted,
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(FaultOrder))]
[JsonSerializable(typeof(FaultAnswer))]
[JsonSerializable(typeof(FaultMend))]
internal sealed partial class FaultJson : JsonSerializerContext
{
    public static string Write(FaultOrder order) => JsonSerializer.Serialize(order, Default.FaultOrder);
    public static string Write(FaultAnswer answer) => JsonSerializer.Serialize(answer, Default.FaultAnswer);

    public static FaultOrder Order(string line) => JsonSerializer.Deserialize(line, Default.FaultOrder) is
        { Name: not null, Replicas: not null, Nodes: not null } order ? order : throw new JsonException("no order");

    public static FaultAnswer Answer(string line) => JsonSerializer.Deserialize(line, Default.FaultAnswer) is
        { What: not null } answer ? answer : throw new JsonException("no answer");
    public static string Write(FaultMend mend) => JsonSerializer.Serialize(mend, Default.FaultMend);
    public static FaultMend Mend(string line) => JsonSerializer.Deserialize(line, Default.FaultMend)!;
}
