using System.Globalization;

namespace Tangram.Planning;

/// <summary>Compose's ways to write durations and sizes, and ours to write shares. Each answers null for anything
/// else.</summary>
internal static class Quantities
{
    /// <summary>Longer than any wait that makes sense, and far from overflow when durations are added.</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromDays(3650);

    private static readonly (string Unit, double Ticks)[] Units =
    [
        ("us", TimeSpan.TicksPerMicrosecond), ("µs", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    /// <summary><c>1m30s</c>, <c>1.5s</c>, <c>500ms</c>: numbers with units (us, ms, s, m, h, d), added up; and
    /// <c>0</c>.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        if (text.Length is 0 or > 64) return null;
        var ticks = 0.0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Take(ref rest, c => c is >= '0' and <= '9' or '.') is not { } number) return null;
            var unit = Take(ref rest, char.IsLetter) ?? "";
            var factor = Units.FirstOrDefault(known => known.Unit == unit).Ticks;
            if (factor == 0 || Number(number) is not { } count) return null;
            ticks += count * factor;
        }
        return ticks <= LongestDuration.Ticks ? TimeSpan.FromTicks((long)Math.Round(ticks)) : null;
    }

    /// <summary><c>256M</c>, <c>1.5gb</c>, <c>64KiB</c> or plain bytes; units are powers of 1024, as in
    /// Compose.</summary>
    public static long? Bytes(string text)
    {
        var rest = text.AsSpan();
        if (text.Length > 64 || Take(ref rest, c => c is >= '0' and <= '9' or '.') is not { } number) return null;
        var unit = rest.Trim(' ').ToString().ToLowerInvariant();
        var power = unit switch
        {
            "" or "b" => 0,
            "k" or "kb" or "ki" or "kib" => 1,
            "m" or "mb" or "mi" or "mib" => 2,
            "g" or "gb" or "gi" or "gib" => 3,
            "t" or "tb" or "ti" or "tib" => 4,
            _ => -1,
        };
        if (power < 0 || Number(number) is not { } count) return null;
        var bytes = count * Math.Pow(1024, power);
        return bytes < 1L << 60 ? (long)bytes : null;
    }

    /// <summary><c>99.9%</c> or <c>0.999</c>, as a number from 0 to 1.</summary>
    public static double? Share(string text)
    {
        var percent = text.EndsWith('%');
        var digits = percent ? text[..^1].TrimEnd(' ') : text;
        // As a decimal, so that 99.99% is 0.9999 and not a neighbour of it.
        if (Number(digits) is null || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture, out var number)) return null;
        var share = percent ? number / 100 : number;
        return share <= 1 ? (double)share : null;
    }

    /// <summary>Digits with at most one point; no sign and no exponent.</summary>
    public static double? Number(string text) =>
        text.Length <= 32 && text.Any(char.IsAsciiDigit)
        && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static string? Take(ref ReadOnlySpan<char> rest, Func<char, bool> belongs)
    {
        var length = 0;
        while (length < rest.Length && belongs(rest[length])) length++;
        if (length == 0) return null;
        var taken = rest[..length].ToString();
        rest = rest[length..];
        return taken;
    }
}
