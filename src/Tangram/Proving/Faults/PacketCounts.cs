using System.Globalization;
using HdrHistogram;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>What a switch for packets has done. Written by its thread alone, read when that has ended.</summary>
internal sealed class PacketCounts
{
    private const long LongestMicroseconds = 600_000_000;

    private readonly LongHistogram _delays = new(1, LongestMicroseconds, 2);
    private TimeSpan _first, _last;

    public long Seen { get; private set; }
    public long Lost { get; private set; }
    public long Full { get; private set; }
    public long Sent { get; private set; }
    public long Bytes { get; private set; }
    public long Doubled { get; set; }
    public long Corrupted { get; set; }
    public long Late { get; set; }

    /// <summary>Losses in a row.</summary>
    public long Bursts { get; private set; }

    /// <summary>The kernel did not take it.</summary>
    public long Refused { get; set; }

    private bool _losing;

    public void Took(LinkFate fate)
    {
        Seen++;
        if (fate == LinkFate.Full) Full++;
        if (fate is LinkFate.Lost or LinkFate.Cut) Lost++;
        if (fate == LinkFate.Lost && !_losing) Bursts++;
        _losing = fate == LinkFate.Lost;
    }

    /// <param name="at">Since the switch began.</param>
    public void Passed(int bytes, TimeSpan delay, TimeSpan at)
    {
        if (Sent++ == 0) _first = at;
        _last = at;
        Bytes += bytes;
        _delays.RecordValue(Math.Clamp((long)delay.TotalMicroseconds, 0, LongestMicroseconds));
    }

    public TimeSpan MeanDelay => Sent == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(_delays.GetMean());
    public TimeSpan P99Delay => Sent == 0 ? TimeSpan.Zero
        : TimeSpan.FromMicroseconds(_delays.GetValueAtPercentile(99));

    /// <summary>Between the first and the last that were sent on.</summary>
    public double BitsPerSecond => _last > _first ? Bytes * 8 / (_last - _first).TotalSeconds : 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Seen} packets seen, {Sent} sent on after {DrillAim.Words(MeanDelay)} (p99 {DrillAim.Words(P99Delay)})") +
        Share(Lost, "lost") + (Bursts > 0 && Bursts < Lost ? string.Create(CultureInfo.InvariantCulture,
            $" ({(double)Lost / Bursts:0.0} in a row)") : "") +
        Share(Full, "too many to wait") + Share(Doubled, "doubled") + Share(Corrupted, "corrupted") +
        Share(Late, "held back") + Share(Refused, "not taken by the kernel") +
        string.Create(CultureInfo.InvariantCulture,
            $", {BitsPerSecond / 1e6:0.00} Mbit/s");

    private string Share(long count, string what) => count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
        $", {count} {what} ({100.0 * count / Math.Max(1, Seen):0.0} %)");
}
