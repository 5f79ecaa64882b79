using Tangram.Model;

namespace Tangram.Proving.Faults;

/// <summary>A fault as its file asks for it.</summary>
/// <param name="Target">A replica, node, zone or service; of a service, one of its ready replicas. Null: one that fits,
/// by chance.</param>
/// <param name="At">Since the load began.</param>
/// <param name="For">How long it is in force; zero when it strikes once.</param>
public sealed record FaultSpec(FaultKind Kind, string? Target, TimeSpan At, TimeSpan For, Place Place)
{
    /// <summary>Of a traffic spike: requests a second beside the drill's own. Null: four times as many. Of a slow disk:
    /// how often a second it is read, and written to.</summary>
    public double? Rate { get; init; }

    /// <summary>Of a fault of what passes between the gateway and replicas. Null: the usual one of its kind.</summary>
    public ImpairmentSpec? Impairment { get; init; }

    /// <summary>Of a fault of a link.</summary>
    public LinkSpec? Link { get; init; }

    /// <summary>Of a clock that is off: by how much it goes ahead, whole seconds; less than zero: behind.</summary>
    public TimeSpan Offset { get; init; }

    public static readonly TimeSpan UsualOffset = TimeSpan.FromHours(1);
    public const double UsualDiskRate = 20;

    /// <summary>Of a full disk: though others use it too.</summary>
    public bool Shared { get; init; }

    /// <summary>By chance: where there is nothing for it, the others are shown all the same.</summary>
    public bool Drawn { get; init; }

    /// <summary>Of a fault that lasts, when nothing is said.</summary>
    public static readonly TimeSpan UsualTime = TimeSpan.FromSeconds(5);

    public FaultForm Form => FaultForm.Of(Kind);

    public override string ToString() => Target is null ? Form.Word : $"{Form.Word} {Target}";
}

/// <summary>What a fault really strikes, chosen at the moment when it does.</summary>
/// <param name="Name">For people: a replica, node, zone or service; empty when it strikes the machine.</param>
/// <param name="Replicas">Those that it hits, as they were then.</param>
/// <param name="Nodes">Those that it puts out.</param>
public sealed record FaultTarget(
    string Name, EquatableArray<StruckReplica> Replicas, EquatableArray<string> Nodes)
{
    /// <summary>On several machines: the names of the injectors that carry it out together. Empty: the drill does
    /// itself.</summary>
    public EquatableArray<string> Machines { get; init; }

    /// <summary>Those that it puts out.</summary>
    public EquatableArray<string> Gateways { get; init; }
}

/// <param name="Others">How many other replicas of its service were ready then and not struck.</param>
public sealed record StruckReplica(string Replica, string Service, string Node, int Pid, int Restarts, int Others)
{
    /// <summary>Where it listens on this machine; null when it does not.</summary>
    public int? Port { get; init; }
}
