using System.Buffers.Text;

namespace Tangram.Proving.Replaying;

/// <summary>The times of access logs, as ticks of 100 ns since the year 1 in UTC: `30/Nov/2026:13:55:36 +0100`, ISO
/// 8601 (without a zone it is UTC), or a number since 1970, of which the size tells whether it counts s, ms, µs or
/// ns.</summary>
internal static class LogTime
{
    /// <summary>Of any of the forms.</summary>
    public const int Longest = 40;

    private static readonly byte[] Months = [.. "JanFebMarAprMayJunJulAugSepOctNovDec"u8];

    public static bool TryRead(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is 0 or > Longest) return false;
        if (text.IndexOf((byte)'/') == 2) return Common(text, out ticks);
        return text.IndexOf((byte)'-') == 4 ? Iso(text, out ticks) : Number(text, out ticks);
    }

    /// <summary>So many seconds, of a time or a duration.</summary>
    public static bool TrySeconds(ReadOnlySpan<byte> text, out double seconds) =>
        Utf8Parser.TryParse(text, out seconds, out var used) && used == text.Length && double.IsFinite(seconds)
        && seconds >= 0;

    private static bool Common(ReadOnlySpan<byte> text, out long ticks)
    {
        var scan = new Scan(text);
        var day = scan.Number(2);
        scan.Take('/');
        var month = scan.Month();
        scan.Take('/');
        var year = scan.Number(4);
        scan.Take(':');
        return Rest(ref scan, year, month, day, out ticks);
    }

    private static bool Iso(ReadOnlySpan<byte> text, out long ticks)
    {
        var scan = new Scan(text);
        var year = scan.Number(4);
        scan.Take('-');
        var month = scan.Number(2);
        scan.Take('-');
        var day = scan.Number(2);
        if (!scan.Takes('T') && !scan.Takes('t')) scan.Take(' ');
        return Rest(ref scan, year, month, day, out ticks);
    }

    /// <summary>The time of day, a fraction if there is one, and the zone.</summary>
    private static bool Rest(ref Scan scan, int year, int month, int day, out long ticks)
    {
        ticks = 0;
        var hour = scan.Number(2);
        scan.Take(':');
        var minute = scan.Number(2);
        scan.Take(':');
        var second = scan.Number(2);
        var fraction = scan.Takes('.') || scan.Takes(',') ? scan.Fraction() : 0;
        var zone = scan.Zone();
        if (scan.Wrong || !scan.IsOver || year is < 1970 or > 9998 || month is < 1 or > 12 || day < 1
            || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60) return false;
        // A leap second counts as the one before it: no clock that we compare with has it.
        ticks = new DateTime(year, month, day, hour, minute, Math.Min(second, 59), DateTimeKind.Utc).Ticks
            + fraction - zone * TimeSpan.TicksPerMinute;
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (!TrySeconds(text, out var number)) return false;
        var seconds = number / (number switch { < 1e11 => 1, < 1e14 => 1e3, < 1e17 => 1e6, _ => 1e9 });
        if (seconds > 2e11) return false;
        ticks = DateTime.UnixEpoch.Ticks + (long)Math.Round(seconds * TimeSpan.TicksPerSecond);
        return true;
    }

    private ref struct Scan(ReadOnlySpan<byte> text)
    {
        private ReadOnlySpan<byte> _left = text;

        public bool Wrong { get; private set; }
        public readonly bool IsOver => _left.IsEmpty;

        public bool Takes(char one)
        {
            if (_left.IsEmpty || _left[0] != one) return false;
            _left = _left[1..];
            return true;
        }

        public void Take(char one) => Wrong |= !Takes(one);

        public int Number(int digits)
        {
            var number = 0;
            for (; digits > 0; digits--)
            {
                if (_left.IsEmpty || !char.IsAsciiDigit((char)_left[0]))
                {
                    Wrong = true;
                    return 0;
                }
                number = number * 10 + (_left[0] - '0');
                _left = _left[1..];
            }
            return number;
        }

        /// <summary>Digits of a second, in ticks; what is finer is cut.</summary>
        public long Fraction()
        {
            var (ticks, unit, any) = (0L, TimeSpan.TicksPerSecond / 10, false);
            for (; !_left.IsEmpty && char.IsAsciiDigit((char)_left[0]); _left = _left[1..])
            {
                ticks += (_left[0] - '0') * unit;
                unit /= 10;
                any = true;
            }
            Wrong |= !any;
            return ticks;
        }

        public int Month()
        {
            if (_left.Length < 3)
            {
                Wrong = true;
                return 0;
            }
            var at = Months.AsSpan().IndexOf(_left[..3]);
            Wrong |= at < 0 || at % 3 != 0;
            _left = _left[3..];
            return at / 3 + 1;
        }

        /// <summary>Minutes that are ahead of UTC.</summary>
        public int Zone()
        {
            Takes(' ');
            if (IsOver || Takes('Z') || Takes('z')) return 0;
            var behind = Takes('-');
            if (!behind) Take('+');
            var hours = Number(2);
            Takes(':');
            var minutes = Number(2);
            Wrong |= hours > 23 || minutes > 59;
            return (behind ? -1 : 1) * (hours * 60 + minutes);
        }
    }
}
