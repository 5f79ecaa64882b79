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
    /// <summary>Of a fault of a link.</summary>
    public FaultLink? Link { get; init; }

    /// <summary>Of a full disk: though others use it too.</summary>
    public bool Shared { get; init; }
}

/// <param name="Rate">Requests a second.</param>
internal sealed record FaultTraffic(string Url, string Method, string? Host, double Rate);

/// <param name="To">IPv4 addresses, the packets to which are meant. Empty: all that this machine sends.</param>
/// <param name="Ports">Only packets of TCP and UDP to one of these. Empty: all.</param>
/// <param name="Except">No packets from or to one of these, where <paramref name="Ports"/> is empty.</param>
/// <param name="Seed">Of what is decided by chance.</param>
internal sealed record FaultLink(LinkSpec Spec, string[] To, int[] Ports, int[] Except, ulong Seed);

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
    public static string Write(FaultMend mend) => JsonSerializer.Serialize(mend, Default.FaultMend);
    public static FaultMend Mend(string line) => JsonSerializer.Deserialize(line, Default.FaultMend)!;
    public static FaultOrder Order(string line) => JsonSerializer.Deserialize(line, Default.FaultOrder)!;
    public static FaultAnswer Answer(string line) => JsonSerializer.Deserialize(line, Default.FaultAnswer)!;
}
