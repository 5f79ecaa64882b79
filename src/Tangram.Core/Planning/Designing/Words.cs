using System.Globalization;

namespace Tangram.Planning.Designing;

/// <summary>Figures as they stand in findings.</summary>
internal static class Words
{
    public static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => Text($"{span.TotalSeconds:0.#} s"),
        { TotalMinutes: < 2 } => Text($"{span.TotalSeconds:0} s"),
        { TotalHours: < 2 } => Text($"{span.TotalMinutes:0} min"),
        { TotalDays: < 2 } => Text($"{span.TotalHours:0.#} h"),
        _ => Text($"{span.TotalDays:0.#} days"),
    };

    /// <summary>0.9999 as 99.99%: as many nines as are true, and no more.</summary>
    public static string Of(double share) => Text($"{Math.Floor((decimal)share * 10_000_000) / 100_000:0.#####}%");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
