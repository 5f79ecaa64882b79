using System.Globalization;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>What becomes of the packets that a machine sends.</summary>
public sealed record LinkSpec
{
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>An IPv4 address. Null: everybody.</summary>
    public string? To { get; init; }

    /// <summary>Of every packet; each is off by up to <see cref="Jitter"/>, which is not more.</summary>
    public TimeSpan Delay { get; init; }
    public TimeSpan Jitter { get; init; }

    /// <summary>The shares are from 0 to 1. So many packets are lost.</summary>
    public double Loss { get; init; }

    /// <summary>The mean number of packets that are lost in a row; 1: each by itself.</summary>
    public double Burst { get; init; } = 1;

    /// <summary>So many are held back by <see cref="ReorderBy"/>, and overtaken.</summary>
    public double Reorder { get; init; }
    public TimeSpan ReorderBy { get; init; }

    public double Duplicate { get; init; }

    /// <summary>One bit of what is behind the packet's own head is turned.</summary>
    public double Corrupt { get; init; }

    /// <summary>Null: as many as come.</summary>
    public double? BitsPerSecond { get; init; }

    /// <summary>Nothing passes.</summary>
    public bool Cut { get; init; }

    public override string ToString()
    {
        var words = new List<string>();
        if (Cut) words.Add("nothing passes");
        if (Delay > TimeSpan.Zero) words.Add($"{DrillAim.Words(Delay)} later" +
            (Jitter > TimeSpan.Zero ? $" ± {DrillAim.Words(Jitter)}" : ""));
        if (Loss > 0) words.Add($"{DrillAim.Percent(Loss)} lost" + (Burst <= 1 ? "" : string.Create(
            CultureInfo.InvariantCulture, $", {Burst:0.#} in a row in the mean")));
        if (Reorder > 0) words.Add($"{DrillAim.Percent(Reorder)} held back by {DrillAim.Words(ReorderBy)}");
        if (Duplicate > 0) words.Add($"{DrillAim.Percent(Duplicate)} doubled");
        if (Corrupt > 0) words.Add($"{DrillAim.Percent(Corrupt)} corrupted");
        if (BitsPerSecond is { } rate)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"{rate / 1e6:0.###} Mbit/s"));
        return string.Join(", ", words);
    }

    /// <summary>What a kind of fault does when its file says no more.</summary>
    public static LinkSpec Usual(FaultKind kind) => kind switch
    {
        FaultKind.LinkDelay => new LinkSpec { Delay = TimeSpan.FromMilliseconds(100) },
        FaultKind.LinkReorder => new LinkSpec { Reorder = 0.25, ReorderBy = TimeSpan.FromMilliseconds(20) },
        FaultKind.LinkLoss => new LinkSpec { Loss = 0.1 },
        FaultKind.LinkDuplicate => new LinkSpec { Duplicate = 0.1 },
        FaultKind.LinkCorrupt => new LinkSpec { Corrupt = 0.1 },
        FaultKind.LinkBandwidth => new LinkSpec { BitsPerSecond = 1_000_000 },
        FaultKind.LinkCut => new LinkSpec { Cut = true },
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "it is not a fault of a link"),
    };
}
