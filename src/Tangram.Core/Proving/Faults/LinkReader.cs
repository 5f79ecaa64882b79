using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tangram.Planning;

namespace Tangram.Proving.Faults;

/// <summary>Reads what a drill's file says of a link.</summary>
internal static class LinkReader
{
    private const double MostBurst = 1_000, LeastRate = 8_000, MostRate = 100e9;

    /// <summary>Null when this is no fault of a link.</summary>
    public static LinkSpec? Read(FaultForm form, Fields fields)
    {
        if (!form.Links) return null;
        var usual = LinkSpec.Usual(form.Kind);
        var delay = fields.Duration("delay", usual.Delay + usual.ReorderBy, positive: true);
        var jitter = fields.Duration("jitter", usual.Jitter);
        if (delay > LinkSpec.LongestDelay)
            fields.Problems.Error(fields.PlaceOf("delay"), "'delay' is longer than a minute", "write 1m or less");
        if (jitter > delay)
            fields.Problems.Error(fields.PlaceOf("jitter"), "'jitter' is more than the delay, and nothing arrives " +
                "before it was sent", "write no more than the delay");
        var share = fields.Parsed("share", text => Quantities.Share(text) is > 0 and var s ? s : (double?)null,
            "a share more than 0, such as 10% or 0.1") ?? usual.Reorder + usual.Loss + usual.Duplicate + usual.Corrupt;
        var burst = fields.Parsed("burst", text => Quantities.Number(text) is >= 1 and <= MostBurst and var b
            ? b : (double?)null, "how many packets are lost in a row in the mean, 1 to 1000") ?? usual.Burst;
        // Between two bursts there is one packet at least.
        if (burst > 1 && share > burst / (burst + 1))
            fields.Problems.Error(fields.PlaceOf("burst"), "so large a share cannot be lost in bursts this short",
                "write a smaller share, or a longer burst");
        var rate = fields.Parsed("bandwidth", Rate, Rates)
            ?? usual.BitsPerSecond;
        return form.Kind switch
        {
            FaultKind.LinkDelay => usual with { To = To(fields), Delay = delay, Jitter = jitter },
            FaultKind.LinkReorder => usual with { To = To(fields), Reorder = share, ReorderBy = delay },
            FaultKind.LinkLoss => usual with { To = To(fields), Loss = share, Burst = burst },
            FaultKind.LinkDuplicate => usual with { To = To(fields), Duplicate = share },
            FaultKind.LinkCorrupt => usual with { To = To(fields), Corrupt = share },
            _ => usual with { To = To(fields), BitsPerSecond = rate },
        };
    }

    private static string? To(Fields fields)
    {
        if (fields.Filled("to") is not { } text) return null;
        if (IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork)
            return address.ToString();
        fields.Problems.Error(fields.PlaceOf("to"), $"{Quoted.Of(text)} is no IPv4 address",
            "write that of the machine which is meant, such as 10.0.0.5");
        return null;
    }

    internal const string Rates = "bits a second such as 10mbit, 8kbit to 100gbit";

    /// <summary><c>512kbit</c>, <c>10mbit</c>, <c>1.5gbit</c>: thousands, as networks count.</summary>
    internal static double? Rate(string text)
    {
        var lower = text.ToLower(CultureInfo.InvariantCulture);
        (string Unit, double Factor)[] units = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)];
        foreach (var (unit, factor) in units)
            if (lower.EndsWith(unit, StringComparison.Ordinal) && Quantities.Number(lower[..^unit.Length]) is { } count)
                return count * factor is >= LeastRate and <= MostRate and var rate ? rate : null;
        return null;
    }
}
