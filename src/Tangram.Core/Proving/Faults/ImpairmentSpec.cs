namespace Tangram.Proving.Faults;

/// <summary>Which way: from the gateway to the replica, or from there back to the gateway.</summary>
public enum StreamDirection { Both, To, From }

/// <summary>How far what passes between a gateway and a replica is impaired. What a kind has no use for is
/// zero.</summary>
public sealed record ImpairmentSpec
{
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>Of the network each way; of an answer, before its first byte.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The delay is so much more or less, evenly spread.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>More than 0, at most 1: of pieces that are lost or get a wrong byte, or of answers.</summary>
    public double Share { get; init; }

    /// <summary>How many transmissions in a row are lost on average. Null: each by its own chance.</summary>
    public double? Burst { get; init; }

    /// <summary>Bytes a second, each way.</summary>
    public long Bandwidth { get; init; }
    public StreamDirection Direction { get; init; }

    /// <summary>Of wrong answers; of a status of 2xx only the body is wrong.</summary>
    public int Status { get; init; }

    /// <summary>When its file says nothing. Only answers get wrong bytes then: a garbled request may change what
    /// nobody asked to have changed.</summary>
    public static ImpairmentSpec Usual(FaultKind kind) => kind switch
    {
        FaultKind.NetworkDelay => new() { Delay = TimeSpan.FromMilliseconds(100) },
        FaultKind.NetworkLoss => new() { Share = 0.1 },
        FaultKind.NetworkBandwidth => new() { Bandwidth = 125_000 },
        FaultKind.NetworkCorrupt => new() { Share = 0.05, Direction = StreamDirection.From },
        FaultKind.AnswerSlow => new() { Delay = TimeSpan.FromSeconds(1), Direction = StreamDirection.From },
        FaultKind.AnswerWrong => new() { Share = 1, Status = 500, Direction = StreamDirection.From },
        FaultKind.AnswerHalf => new() { Share = 1, Direction = StreamDirection.From },
        _ => new(),
    };

    /// <summary>What goes that way is struck.</summary>
    public bool Strikes(StreamDirection way) => Direction == StreamDirection.Both || Direction == way;
}
