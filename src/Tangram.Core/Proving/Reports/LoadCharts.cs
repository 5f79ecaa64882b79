namespace Tangram.Proving.Reports;

/// <summary>The pictures that a load and a drill have in common: answers, failures and latency over time.</summary>
internal static class LoadCharts
{
    public const string OfSlots =
        "Each second stands for the requests that were due in it, and their latency counts from then.";

    public static Html Legend(bool aim = false) => Picture.Legend([
        ("line", "well answered, and p50"), ("line two", "due, and p99"), ("line three", "longest"),
        ("bar", "failed"), .. aim ? [("line aim", "objective of p99")] : Array.Empty<(string, string)>()]);

    /// <summary>What the pictures show, in words.</summary>
    public static string Said(TimeSlots slots) => slots.All.Count == 0 ? "Nothing was due."
        : $"{Words.Second(slots.To)}, in {slots.All.Count} slots of {slots.Length} s: " +
          $"{Words.Number(slots.All.Average(s => s.Asked))} requests/s on average, " +
          $"{Words.Number(slots.All.Max(s => s.Asked))} at most; {Words.Count(slots.All.Sum(s => s.Bad))} failed; " +
          $"longest {Words.Of(slots.All.Max(s => s.Most) ?? 0)}. The same figures stand in the table below.";

    /// <summary>Two panels for how many, one for how long.</summary>
    /// <param name="aim">What p99 may be.</param>
    public static void Draw(Picture picture, TimeSlots slots, Axis time, TimeSpan? aim = null)
    {
        var (top, bottom) = picture.Panel("Requests/s", 150);
        var rate = Scale.Linear(slots.All.Select(s => s.Asked).DefaultIfEmpty(1).Max(), top, bottom);
        picture.Grid(rate);
        picture.Steps("two", slots, time, rate, slot => slot.Asked);
        picture.Steps("one", slots, time, rate, slot => slot.Ok);
        Failures(picture, slots, time);
        Latency(picture, slots, time, aim);
    }

    private static void Failures(Picture picture, TimeSlots slots, Axis time)
    {
        var worst = slots.All.Select(s => s.BadMost).DefaultIfEmpty(0).Max();
        var (top, bottom) = picture.Panel(worst == 0 ? "Failed/s: none"
            : slots.Length == 1 ? "Failed/s" : "Failed/s, in the worst second of each slot", worst == 0 ? 12 : 60);
        var scale = Scale.Linear(worst, top, bottom, worst < 2 ? 1 : 2);
        if (worst > 0) picture.Grid(scale);
        else picture.Raw(new Html().Add($"<path class=\"grid\" d=\"M{Picture.Left} {bottom}H{Picture.Right}\"/>\n"));
        picture.Bars("", slots, time, scale, slot => slot.BadMost);
    }

    private static void Latency(Picture picture, TimeSlots slots, Axis time, TimeSpan? aim)
    {
        var (top, bottom) = picture.Panel(slots.Length == 1 ? "Latency, by powers of ten"
            : "Latency of each slot's worst second, by powers of ten", 190);
        var known = slots.All.SelectMany(s => new[] { s.P50, s.Most }).Append(aim?.TotalMilliseconds)
            .OfType<double>().ToList();
        var scale = Scale.Powers(known.Count == 0 ? 1 : known.Min(), known.Count == 0 ? 10 : known.Max(), top, bottom);
        picture.Grid(scale);
        if (aim is { } most)
            picture.Line("aim", [(Picture.Left, scale.At(most.TotalMilliseconds)),
                (Picture.Right, scale.At(most.TotalMilliseconds))]);
        picture.Steps("three", slots, time, scale, slot => slot.Most);
        picture.Steps("two", slots, time, scale, slot => slot.P99);
        picture.Steps("one", slots, time, scale, slot => slot.P50);
    }

    public static Axis Time(double to) => new(0, Math.Max(to, 1e-3), Picture.Left, Picture.Right);

    public static void Times(Picture picture, Axis time, double top) => picture.Columns(
        Scale.Times(time.To).Select(t => (time.At(t.At), t.Label)), top);
}
