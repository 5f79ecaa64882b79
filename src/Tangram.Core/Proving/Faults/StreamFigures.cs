using System.Globalization;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>What was measured of an impaired path while the fault was in force.</summary>
public sealed record StreamFigures
{
    /// <summary>Those that were open when it struck, and those that came later.</summary>
    public int Open { get; init; }
    public int Connections { get; init; }

    /// <summary>Bytes that passed.</summary>
    public long BytesTo { get; init; }
    public long BytesFrom { get; init; }

    /// <summary>Of the ways that are struck: how long each piece was held between its coming and its going.</summary>
    public long Pieces { get; init; }
    public TimeSpan HeldMean { get; init; }
    public TimeSpan HeldP99 { get; init; }
    public TimeSpan HeldMost { get; init; }

    /// <summary>Transmissions, those that were lost included.</summary>
    public long Sent { get; init; }
    public long Lost { get; init; }
    public long Wrong { get; init; }

    /// <summary>Of a way that is struck, in the second in which the most passed.</summary>
    public long MostBytes { get; init; }

    /// <summary>Bytes that came and had not passed when it ended.</summary>
    public long Withheld { get; init; }
    public int Resets { get; init; }

    /// <summary>New connections that did not come about.</summary>
    public int Hung { get; init; }
    public long Answers { get; init; }
    public long Struck { get; init; }

    /// <summary>Connections that spoke something else than HTTP/1.</summary>
    public int Untouched { get; init; }

    /// <summary>What was asked for and what it really did, as a sentence without a stop.</summary>
    public string Sentence(FaultKind kind, ImpairmentSpec spec) =>
        $"asked for {Asked(kind, spec)}; " +
        (Connections + Open + Hung == 0 ? "no connection came by" : Did(kind, spec)) +
        (Untouched == 0 ? "" : $"; {Untouched} connections that do not speak HTTP/1 were left alone");

    /// <summary>"100 ms ± 20 ms each way".</summary>
    public static string Asked(FaultKind kind, ImpairmentSpec spec) => kind switch
    {
        FaultKind.NetworkDelay => DrillAim.Words(spec.Delay) + (spec.Jitter == TimeSpan.Zero ? ""
            : $" ± {DrillAim.Words(spec.Jitter)}") + Way(spec),
        FaultKind.NetworkLoss => $"{DrillAim.Percent(spec.Share)} lost" + (spec.Burst is { } burst
            ? Said($", {burst:0.#} in a row") : "") + Way(spec),
        FaultKind.NetworkBandwidth => Said($"{spec.Bandwidth} bytes/s") + Way(spec),
        FaultKind.NetworkCorrupt => $"{DrillAim.Percent(spec.Share)} wrong" + Way(spec),
        FaultKind.NetworkCut => "a cut" + Way(spec),
        FaultKind.NetworkReset => "resets",
        FaultKind.AnswerSlow => $"answers {DrillAim.Words(spec.Delay)} late",
        FaultKind.AnswerWrong => $"{spec.Status} for {DrillAim.Percent(spec.Share)} of the answers",
        _ => $"{DrillAim.Percent(spec.Share)} of the answers half",
    };

    private string Did(FaultKind kind, ImpairmentSpec spec) => kind switch
    {
        FaultKind.NetworkDelay => $"{Pieces} pieces on {Connections + Open} connections were held for " +
            $"{DrillAim.Words(HeldMean)} on average, 99 % of them for {DrillAim.Words(HeldP99)} or less",
        FaultKind.NetworkLoss => $"{Lost} of {Sent} transmissions were lost ({Share(Lost, Sent)}), and the longest " +
            $"wait was {DrillAim.Words(HeldMost)}",
        FaultKind.NetworkBandwidth => $"{BytesTo} bytes passed to it and {BytesFrom} back, one way at most " +
            $"{MostBytes} in a second",
        FaultKind.NetworkCorrupt => $"{Wrong} of {Pieces} pieces had a wrong byte ({Share(Wrong, Pieces)})",
        FaultKind.NetworkCut => $"{Open} open connections stood still and {Hung} new ones did not come about; " +
            $"{BytesTo} bytes passed to it, {BytesFrom} back, and {Withheld} were withheld",
        FaultKind.NetworkReset => $"{Resets} connections were reset, {Open} of them open when it began",
        FaultKind.AnswerSlow => $"{Struck} of {Answers} answers began late, by {DrillAim.Words(HeldMean)} on " +
            $"average, 99 % of them by {DrillAim.Words(HeldP99)} or less",
        FaultKind.AnswerWrong => $"{Struck} of {Answers} answers were replaced ({Share(Struck, Answers)})",
        _ => $"{Struck} of {Answers} answers ended half-way ({Share(Struck, Answers)})",
    };

    private static string Way(ImpairmentSpec spec) => spec.Direction switch
    {
        StreamDirection.To => " on the way to it",
        StreamDirection.From => " on the way back",
        _ => " each way",
    };

    private static string Share(long part, long all) => all == 0 ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / all:0.#} %");

    private static string Said(FormattableString text) => FormattableString.Invariant(text);
}
