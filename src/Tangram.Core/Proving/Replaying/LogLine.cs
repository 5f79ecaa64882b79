using Tangram.Routing.Http1;

namespace Tangram.Proving.Replaying;

public enum LineRead
{
    Request,
    /// <summary>A line as it should be, of something that was no request: a port scan, a time-out before the first
    /// byte.</summary>
    NoRequest,
    Unreadable,
}

/// <summary>A line of an access log, as far as it says what was asked. Good until the room that it was read with is
/// used again.</summary>
public ref struct LogLine
{
    public const string NoTime = "it has no time, such as [30/Nov/2026:13:55:36 +0000]";

    /// <summary>In ticks of 100 ns since the year 1, UTC.</summary>
    public long Ticks { get; set; }
    public ReadOnlySpan<byte> Method { get; set; }

    /// <summary>As it was asked for, escapes of the log undone.</summary>
    public ReadOnlySpan<byte> Target { get; set; }

    /// <summary>0: there was none.</summary>
    public int Status { get; set; }

    /// <summary>Of an unreadable line.</summary>
    public string? Why { get; set; }

    /// <summary>By its first character, JSON or as Apache and nginx write.</summary>
    /// <param name="room">As long as the line, to undo its escapes.</param>
    public static LineRead Read(ReadOnlySpan<byte> line, Span<byte> room, out LogLine read) =>
        line is [(byte)'{', ..] ? JsonLine.Read(line, room, out read) : CombinedLine.Read(line, room, out read);

    /// <summary>`GET /a HTTP/1.1`; false when it is none. Spaces in between belong to the path, as the log's writer had
    /// them.</summary>
    internal bool TakeRequest(ReadOnlySpan<byte> text)
    {
        var space = text.IndexOf((byte)' ');
        if (space <= 0) return false;
        Method = text[..space];
        Target = text[(space + 1)..];
        var last = Target.LastIndexOf((byte)' ');
        if (last >= 0 && Target[(last + 1)..].StartsWith("HTTP/"u8)) Target = Target[..last];
        return IsRequest;
    }

    internal readonly bool IsRequest => Method.Length is > 0 and <= 20 && FieldNames.IsToken(Method)
        && !Target.IsEmpty;

    /// <summary>Three digits; 0 for what a log writes when there was no answer.</summary>
    internal bool TakeStatus(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("-"u8) || text.SequenceEqual("0"u8) || text.SequenceEqual("000"u8)) return true;
        if (text.Length != 3) return false;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            Status = Status * 10 + (digit - '0');
        }
        return Status >= 100;
    }
}
