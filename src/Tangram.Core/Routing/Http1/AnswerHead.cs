using System.Buffers;
using System.Text;
using Tangram.Model;

namespace Tangram.Routing.Http1;

public enum HeadRead
{
    /// <summary>Its end has not arrived.</summary>
    More,
    Whole,
    /// <summary>It is no answer, or one whose end nobody could tell.</summary>
    Bad,
}

/// <summary>The head of a backend's answer in HTTP/1 (RFC 9112). One of it serves a connection: what an answer says as
/// the one before is not made again. A line may end without CR, as 2.2 allows; folded lines (5.2), control characters
/// and lengths that are no number or contradict each other are refused.</summary>
public sealed class AnswerHead
{
    public const int MostBytes = 64 * 1024;

    private static readonly SearchValues<byte> NotInValue = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(b => b != '\t').Select(b => (byte)b), 127]);

    private AnswerField[] _fields = new AnswerField[12];
    private int _count;
    private bool _says10, _saysClose, _saysKeepAlive, _coded;
    private HashSet<string>? _nominated;

    public int Status { get; private set; }

    /// <summary>What stands after the status; it means nothing to programs.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Without those that are between the backend and us alone (RFC 9110, 7.6.1), and without its
    /// length.</summary>
    public ReadOnlySpan<AnswerField> Fields => _fields.AsSpan(0, _count);

    /// <summary>As it was said; an answer to HEAD says it of a body that does not follow.</summary>
    public long? Length { get; private set; }

    public bool Chunked { get; private set; }

    /// <summary>Seconds for which the backend keeps an idle connection, if it says so.</summary>
    public int? KeptFor { get; private set; }

    /// <summary>A 1xx other than 101: the answer itself is still to come.</summary>
    public bool Interim => Status is >= 100 and < 200 and not 101;

    /// <summary>Another request may follow on the connection, when the body's end is known.</summary>
    /// <remarks>A 204 with a body, which it must not have, may be followed by that.</remarks>
    public bool Stays => !_saysClose && (!_says10 || _saysKeepAlive) && !(Chunked && Length is not null)
        && !(Status == 204 && (Chunked || Length > 0));

    /// <summary>RFC 9112, 6.3.</summary>
    /// <param name="isHead">It answers a HEAD request.</param>
    public BodyFraming Body(bool isHead) =>
        isHead || Status is < 200 or 204 or 304 ? BodyFraming.None
        : Chunked ? BodyFraming.Chunked
        : Length is { } length ? length == 0 ? BodyFraming.None : BodyFraming.Length
        : BodyFraming.UntilClose;

    public string? Find(string name)
    {
        foreach (var field in Fields)
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return field.Value;
        return null;
    }

    /// <param name="bytes">From the answer's beginning, as many as have arrived.</param>
    /// <param name="length">Of the head, when it is whole.</param>
    public HeadRead Read(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (!HasEnd(bytes)) return bytes.Length >= MostBytes ? HeadRead.Bad : HeadRead.More;
        (_count, Length, Chunked, _coded, KeptFor) = (0, null, false, false, null);
        (_saysClose, _saysKeepAlive, _nominated) = (false, false, null);
        if (!ReadStatus(Line(bytes, ref length))) return HeadRead.Bad;
        for (var line = Line(bytes, ref length); !line.IsEmpty; line = Line(bytes, ref length))
            if (length > MostBytes || !ReadField(line)) return HeadRead.Bad;
        // A coding that we cannot end has no end that we could tell.
        if (length > MostBytes || (_coded && (!Chunked || _says10))) return HeadRead.Bad;
        if (_nominated is { } names) Forget(names);
        return HeadRead.Whole;
    }

    private static bool HasEnd(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOf("\n\r\n"u8) >= 0 || bytes.IndexOf("\n\n"u8) >= 0;

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> bytes, ref int at)
    {
        var rest = bytes[at..];
        var end = rest.IndexOf((byte)'\n');
        if (end < 0) return default;
        at += end + 1;
        return end > 0 && rest[end - 1] == '\r' ? rest[..(end - 1)] : rest[..end];
    }

    private bool ReadStatus(ReadOnlySpan<byte> line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || !char.IsAsciiDigit((char)line[7]) || line[8] != ' ')
            return false;
        _says10 = line[7] == '0';
        var status = 0;
        foreach (var digit in line[9..12])
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            status = status * 10 + digit - '0';
        }
        Status = status;
        if (line.Length > 12 && line[12] != ' ') return false;
        var reason = line.Length > 13 ? line[13..] : default;
        if (reason.ContainsAny(NotInValue)) return false;
        if (!Ascii.Equals(reason, Reason)) Reason = Encoding.Latin1.GetString(reason);
        return status >= 100;
    }

    private bool ReadField(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0 || !FieldNames.IsToken(line[..colon])) return false;
        var name = FieldNames.Of(line[..colon]);
        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (value.ContainsAny(NotInValue)) return false;
        switch (name)
        {
            case FieldNames.ContentLength: return ReadLength(value);
            case FieldNames.TransferEncoding: return ReadCoding(value);
            case FieldNames.Connection: return ReadConnection(value);
            case FieldNames.KeepAlive: return ReadKeepAlive(value);
            default:
                if (!HeaderRules.BelongsToConnection(name)) Keep(name, value);
                return true;
        }
    }

    private void Keep(string name, ReadOnlySpan<byte> value)
    {
        if (_count == _fields.Length) Array.Resize(ref _fields, _count * 2);
        ref var field = ref _fields[_count++];
        if (ReferenceEquals(field.Name, name) && Ascii.Equals(value, field.Value)) return;
        field = new AnswerField(name, Encoding.Latin1.GetString(value));
    }

    private bool ReadLength(ReadOnlySpan<byte> value)
    {
        var length = Length;
        if (!FieldValues.TryLength(value, ref length)) return false;
        Length = length;
        return true;
    }

    private bool ReadCoding(ReadOnlySpan<byte> value)
    {
        if (_coded) return false;
        _coded = true;
        Chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
        return true;
    }

    private bool ReadConnection(ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty)
        {
            var option = FieldValues.Next(ref value);
            if (Ascii.EqualsIgnoreCase(option, "close"u8)) _saysClose = true;
            else if (Ascii.EqualsIgnoreCase(option, "keep-alive"u8)) _saysKeepAlive = true;
            else if (!option.IsEmpty)
                (_nominated ??= new(StringComparer.OrdinalIgnoreCase)).Add(Encoding.Latin1.GetString(option));
        }
        return true;
    }

    private bool ReadKeepAlive(ReadOnlySpan<byte> value)
    {
        var at = value.IndexOf("timeout="u8);
        if (at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(value[(at + 8)..], out int seconds, out _))
            KeptFor = Math.Max(0, seconds);
        return true;
    }

    /// <summary>What the backend says is for us only.</summary>
    private void Forget(HashSet<string> names)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (names.Contains(_fields[i].Name)) continue;
            _fields[kept++] = _fields[i];
        }
        _count = kept;
    }
}

/// <summary>By what the end of a body is known.</summary>
public enum BodyFraming { None, Length, Chunked, UntilClose }
