using System.Globalization;
using Tangram.Planning;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>Reads how far a fault of what passes between the gateway and replicas shall go.</summary>
internal static class ImpairmentReader
{
    private const double LongestBurst = 1_000;

    /// <summary>Null for a fault of another kind. What its kind has no use for was refused before.</summary>
    public static ImpairmentSpec? Read(FaultForm form, Fields fields)
    {
        if (!form.Impairs) return null;
        var usual = ImpairmentSpec.Usual(form.Kind);
        var spec = usual with
        {
            Delay = fields.Duration("delay", usual.Delay, positive: true),
            Jitter = fields.Duration("jitter", usual.Jitter),
            Share = fields.Parsed("share", text => Quantities.Share(text) is > 0 and var share ? share : (double?)null,
                "a share more than 0 % and at most 100 %, such as 5%") ?? usual.Share,
            Burst = fields.Parsed("burst",
                text => Quantities.Number(text) is >= 1 and <= LongestBurst and var burst ? burst : (double?)null,
                "a number from 1 to 1000: how many are lost in a row on average"),
            Bandwidth = fields.Parsed("bandwidth",
                text => LinkReader.Rate(text) is { } bits ? (long)(bits / 8) : (long?)null, LinkReader.Rates)
                ?? usual.Bandwidth,
            Direction = fields.Choice("direction", usual.Direction,
                [("both", StreamDirection.Both), ("to", StreamDirection.To), ("from", StreamDirection.From)]),
            Status = fields.Whole("status", usual.Status, 200, 599),
        };
        if (spec.Delay > ImpairmentSpec.LongestDelay)
            fields.Problems.Error(fields.PlaceOf("delay"), "'delay' is longer than a minute",
                "write 1m or less; network-cut lets nothing pass at all");
        if (spec.Jitter > spec.Delay)
            fields.Problems.Error(fields.PlaceOf("jitter"), "'jitter' is more than the delay, and nothing is early",
                "write the delay or less");
        if (form.Kind == FaultKind.NetworkLoss && spec.Share == 1)
            fields.Problems.Error(fields.PlaceOf("share"), "all of it would be lost", "use network-cut for that");
        else if (spec.Burst is { } burst && ImpairedStream.ShortestBurst(spec.Share) is var least && burst < least)
            fields.Problems.Error(fields.PlaceOf("burst"),
                $"{DrillAim.Percent(spec.Share)} cannot be lost in such short bursts",
                string.Create(CultureInfo.InvariantCulture, $"write {Math.Ceiling(least)} or more, or a lower share"));
        return spec;
    }
}
