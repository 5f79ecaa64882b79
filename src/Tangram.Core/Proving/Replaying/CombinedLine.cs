namespace Tangram.Proving.Replaying;

/// <summary>Lines of Apache's common and combined format, which are nginx's too, with whatever stands before the time
/// and behind the status: `… [30/Nov/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 …`.</summary>
internal static class CombinedLine
{
    public static LineRead Read(ReadOnlySpan<byte> line, Span<byte> room, out LogLine read)
    {
        read = new LogLine { Why = LogLine.NoTime };
        while (line.IndexOf((byte)'[') is >= 0 and var at)
        {
            line = line[(at + 1)..];
            // Bounded, so that a line of brackets does not take its length squared.
            var end = line[..Math.Min(line.Length, LogTime.Longest + 1)].IndexOf((byte)']');
            if (end < 0 || !LogTime.TryRead(line[..end], out var ticks)) continue;
            var rest = line[(end + 1)..];
            if (!rest.StartsWith(" \""u8))
            {
                read.Why = "no request in quotes follows its time";
                continue;
            }
            read.Ticks = ticks;
            return Request(rest[2..], room, ref read);
        }
        return LineRead.Unreadable;
    }

    private static LineRead Request(ReadOnlySpan<byte> rest, Span<byte> room, ref LogLine read)
    {
        var used = Unescape(rest, room, out var length);
        if (used < 0)
        {
            read.Why = "the quotes around its request do not end";
            return LineRead.Unreadable;
        }
        rest = rest[used..].TrimStart((byte)' ');
        var end = rest.IndexOf((byte)' ');
        if (!read.TakeStatus(end < 0 ? rest : rest[..end]))
        {
            read.Why = "no status of three digits follows its request";
            return LineRead.Unreadable;
        }
        read.Why = null;
        return read.TakeRequest(room[..length]) ? LineRead.Request : LineRead.NoRequest;
    }

    /// <summary>Undoes what Apache and nginx do to a text in quotes.</summary>
    /// <returns>How many bytes it took, with the quote at the end; -1 when there is none.</returns>
    private static int Unescape(ReadOnlySpan<byte> text, Span<byte> room, out int length)
    {
        length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"') return i + 1;
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                room[length++] = text[i];
                continue;
            }
            var known = "bnrtv\"\\"u8.IndexOf(text[i + 1]);
            if (known >= 0)
            {
                room[length++] = "\b\n\r\t\v\"\\"u8[known];
                i++;
            }
            else if (text[i + 1] == 'x' && i + 3 < text.Length && char.IsAsciiHexDigit((char)text[i + 2])
                && char.IsAsciiHexDigit((char)text[i + 3]))
            {
                room[length++] = (byte)(Digit(text[i + 2]) << 4 | Digit(text[i + 3]));
                i += 3;
            }
            else room[length++] = text[i];
        }
        return -1;
    }

    private static int Digit(byte hex) => hex <= '9' ? hex - '0' : (hex | 0x20) - 'a' + 10;
}
