using System.Globalization;

namespace Tangram.Proving.Reports;

/// <summary>From seconds, or whatever a chart goes over, to places of a picture.</summary>
internal readonly record struct Axis(double From, double To, double Start, double End)
{
    public double At(double value) =>
        Start + Math.Clamp((value - From) / Math.Max(To - From, 1e-9), 0, 1) * (End - Start);
}

/// <summary>Heights, linear from 0 or by powers of ten, which latencies need: p50 and the longest are far
/// apart.</summary>
internal sealed class Scale
{
    private readonly Axis _axis;
    private readonly bool _powers;

    private Scale(Axis axis, bool powers, (double, string)[] ticks) => (_axis, _powers, Ticks) = (axis, powers, ticks);

    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    public double At(double value) => _axis.At(_powers ? Math.Log10(Math.Max(value, 1e-9)) : value);

    public static Scale Linear(double most, double top, double bottom, int ticks = 4)
    {
        var step = Round(Math.Max(most, 1e-9) / ticks);
        var end = Math.Ceiling(most / step - 1e-9) * step;
        if (end <= 0) end = step;
        var marks = Enumerable.Range(0, (int)Math.Round(end / step) + 1).Select(i => (i * step, Short(i * step)));
        return new(new(0, end, bottom, top), false, [.. marks]);
    }

    /// <summary>Of milliseconds.</summary>
    public static Scale Powers(double least, double most, double top, double bottom)
    {
        var (low, high) = ((int)Math.Floor(Math.Log10(Math.Max(least, 1e-3))),
            (int)Math.Ceiling(Math.Log10(Math.Max(most, 1e-3)) - 1e-9));
        if (high <= low) high = low + 1;
        var marks = Enumerable.Range(low, high - low + 1).Select(i => (Math.Pow(10, i), Words.Of(Math.Pow(10, i))));
        return new(new(low, high, bottom, top), true, [.. marks]);
    }

    /// <summary>Marks of a time axis in seconds, some eight of them.</summary>
    public static IEnumerable<(double At, string Label)> Times(double to)
    {
        var step = Steps.FirstOrDefault(s => to / s <= 8, Steps[^1]);
        var (unit, word) = step >= 3600 ? (3600.0, "h") : step >= 60 ? (60.0, "min") : (1.0, "s");
        for (var i = 0; i * step <= to + step * 1e-6; i++)
            yield return (i * step, $"{(i * step / unit).ToString("0.##", CultureInfo.InvariantCulture)} {word}");
    }

    private static readonly double[] Steps =
    [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400,
        21_600, 43_200,
    ];

    private static double Round(double rough)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var share = rough / power;
        return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
    }

    private static string Short(double value) => value >= 10_000
        ? $"{(value / 1000).ToString("0.#", CultureInfo.InvariantCulture)}k"
        : value.ToString("0.###", CultureInfo.InvariantCulture);
}

/// <summary>Figures as people read them, in every language the same.</summary>
internal static class Words
{
    /// <summary>Three digits, in the unit that suits.</summary>
    public static string Of(double milliseconds) => milliseconds switch
    {
        0 => "0 ms",
        < 10 => milliseconds.ToString("0.###", CultureInfo.InvariantCulture) + " ms",
        < 1000 => milliseconds.ToString("0.#", CultureInfo.InvariantCulture) + " ms",
        _ => (milliseconds / 1000).ToString("0.##", CultureInfo.InvariantCulture) + " s",
    };

    public static string Of(TimeSpan span) => Of(span.TotalMilliseconds);

    public static string Of(TimeSpan? span) => span is { } known ? Of(known) : "–";

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Number(double number) => number.ToString("#,0.##", CultureInfo.InvariantCulture);

    public static string Percent(double share) => share.ToString("0.####%", CultureInfo.InvariantCulture);

    /// <summary>With the seconds since the beginning; the day and hour stand above.</summary>
    public static string Second(double seconds) => seconds.ToString("0.###", CultureInfo.InvariantCulture) + " s";
}
