namespace Tangram.Proving.Reports;

/// <summary>A piece of a run, of one second or of several.</summary>
/// <param name="From">In seconds; so is <paramref name="To"/>.</param>
/// <param name="Asked">Requests that were due, in a second of it on average; so is <paramref name="Ok"/>.</param>
/// <param name="Bad">All of them that failed.</param>
/// <param name="BadMost">In its worst second.</param>
/// <param name="P50">In milliseconds, of its worst second, because percentiles are no numbers to make means of; null
/// when nothing was answered. So are the others.</param>
internal sealed record TimeSlot(
    double From, double To, double Asked, double Ok, long Bad, long BadMost, double? P50, double? P99, double? Most);

/// <summary>A run in so few pieces that a picture can show them: a day looks no worse than a minute, and its page is no
/// larger.</summary>
internal sealed record TimeSlots(IReadOnlyList<TimeSlot> All, int Length)
{
    public const int MostSlots = 240;

    public double To => All.Count == 0 ? 0 : All[^1].To;

    /// <param name="shift">Seconds by which the run began later than the time axis.</param>
    public static TimeSlots Of(IReadOnlyList<LoadSecond> seconds, double shift = 0)
    {
        if (seconds.Count == 0) return new([], 1);
        var count = seconds.Max(s => s.Second) + 1;
        var length = (count + MostSlots - 1) / MostSlots;
        var slots = new List<TimeSlot>();
        foreach (var group in seconds.GroupBy(s => s.Second / length).OrderBy(g => g.Key))
        {
            while (slots.Count < group.Key) slots.Add(Empty(slots.Count));
            slots.Add(One(group.Key, [.. group]));
        }
        return new(slots, length);

        (double From, double To) Span(int slot) =>
            (shift + slot * length, shift + Math.Min(count, (slot + 1) * length));

        TimeSlot Empty(int slot) => new(Span(slot).From, Span(slot).To, 0, 0, 0, 0, null, null, null);

        TimeSlot One(int slot, LoadSecond[] some)
        {
            var (from, to) = Span(slot);
            return new(from, to, some.Sum(s => s.Ok + s.Bad) / (to - from), some.Sum(s => s.Ok) / (to - from),
                some.Sum(s => s.Bad), some.Max(s => s.Bad), Worst(some, s => s.P50), Worst(some, s => s.P99),
                Worst(some, s => s.Slowest));
        }
    }

    private static double? Worst(LoadSecond[] some, Func<LoadSecond, TimeSpan> of) =>
        some.Max(of) is { Ticks: > 0 } worst ? worst.TotalMilliseconds : null;
}
