using System.Globalization;

namespace Tangram.Observing;

/// <summary>Durations as people type and read them: <c>500ms</c>, <c>30s</c>, <c>1m30s</c>, <c>2h</c>,
/// <c>1d</c>.</summary>
public static class Duration
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    /// <summary>Numbers each followed by a unit; more than 0 and at most ten years.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        (duration, var total) = (TimeSpan.Zero, 0.0);
        for (var rest = text.AsSpan(); rest.Length > 0;)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0) return false;
            if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out var number))
                return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789");
            var unit = (letters < 0 ? rest : rest[..letters]).ToString();
            var length = Array.Find(Units, u => u.Unit == unit).Length;
            if (length == TimeSpan.Zero) return false;
            total += number * length.TotalSeconds;
            rest = rest[unit.Length..];
        }
        if (total is not (> 0 and <= 10 * 366 * 86_400.0)) return false;
        duration = TimeSpan.FromSeconds(total);
        return true;
    }

    /// <summary>Two digits after the point below a minute: <c>3.2 s</c>; else <c>2 min 5 s</c>, <c>3 h 10
    /// min</c>.</summary>
    public static string Words(TimeSpan span) => span switch
    {
        { TotalSeconds: < 60 } => Invariant($"{span.TotalSeconds:0.##} s"),
        { TotalHours: < 1 } => Invariant($"{(int)span.TotalMinutes} min {span.Seconds} s"),
        { TotalDays: < 1 } => Invariant($"{(int)span.TotalHours} h {span.Minutes} min"),
        _ => Invariant($"{(int)span.TotalDays} d {span.Hours} h"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
