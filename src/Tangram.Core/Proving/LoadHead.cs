using System.Buffers;
using System.Text;
using Tangram.Routing.Http1;

namespace Tangram.Proving;

/// <summary>What a load has to know of an answer's head: its status, and how its body ends. It reads heads as <see
/// cref="AnswerHead"/> does and refuses the same, but makes nothing of the fields, so it costs no memory.</summary>
public readonly record struct LoadHead(int Status, BodyFraming Framing, long Length, bool Stays)
{
    public const int MostBytes = AnswerHead.MostBytes;

    private static readonly SearchValues<byte> NotInValue = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(b => b != '\t').Select(b => (byte)b), 127]);

    /// <summary>A 1xx other than 101: the answer itself is still to come.</summary>
    public bool Interim => Status is >= 100 and < 200 and not 101;

    /// <param name="bytes">From the answer's beginning, as many as have arrived.</param>
    /// <param name="isHead">It answers a HEAD request.</param>
    /// <param name="length">Of the head, when it is whole.</param>
    public static HeadRead Read(ReadOnlySpan<byte> bytes, bool isHead, out LoadHead head, out int length)
    {
        (head, length) = (default, 0);
        if (bytes.IndexOf("\n\r\n"u8) < 0 && bytes.IndexOf("\n\n"u8) < 0)
            return bytes.Length >= MostBytes ? HeadRead.Bad : HeadRead.More;
        var said = new Said();
        if (!said.Status(Line(bytes, ref length))) return HeadRead.Bad;
        for (var line = Line(bytes, ref length); !line.IsEmpty; line = Line(bytes, ref length))
            if (length > MostBytes || !said.Field(line)) return HeadRead.Bad;
        if (length > MostBytes || said.HasNoEnd) return HeadRead.Bad;
        head = said.Head(isHead);
        return HeadRead.Whole;
    }

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> bytes, ref int at)
    {
        var rest = bytes[at..];
        var end = rest.IndexOf((byte)'\n');
        if (end < 0) return default;
        at += end + 1;
        return end > 0 && rest[end - 1] == '\r' ? rest[..(end - 1)] : rest[..end];
    }

    /// <summary>What the lines so far have said.</summary>
    private struct Said()
    {
        private int _status;
        private long? _length;
        private bool _is10, _close, _keepAlive, _coded, _chunked;

        /// <summary>A coding that we cannot end.</summary>
        public readonly bool HasNoEnd => _coded && (!_chunked || _is10);

        /// <summary>RFC 9112, 6.3.</summary>
        public readonly LoadHead Head(bool isHead)
        {
            var framing = isHead || _status is < 200 or 204 or 304 ? BodyFraming.None
                : _chunked ? BodyFraming.Chunked
                : _length is { } length ? length == 0 ? BodyFraming.None : BodyFraming.Length
                : BodyFraming.UntilClose;
            var stays = !_close && (!_is10 || _keepAlive) && !(_chunked && _length is not null)
                && !(_status == 204 && (_chunked || _length > 0));
            return new(_status, framing, framing == BodyFraming.Length ? _length!.Value : 0, stays);
        }

        public bool Status(ReadOnlySpan<byte> line)
        {
            if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[8] != ' ') return false;
            if (!IsDigit(line[7]) || !IsDigit(line[9]) || !IsDigit(line[10]) || !IsDigit(line[11])) return false;
            _is10 = line[7] == '0';
            _status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
            if (line.Length > 12 && line[12] != ' ') return false;
            return _status >= 100 && !line[12..].ContainsAny(NotInValue);
        }

        public bool Field(ReadOnlySpan<byte> line)
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0 || !FieldNames.IsToken(line[..colon])) return false;
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (value.ContainsAny(NotInValue)) return false;
            var name = line[..colon];
            return name.Length switch
            {
                10 when Ascii.EqualsIgnoreCase(name, "connection"u8) => Connection(value),
                14 when Ascii.EqualsIgnoreCase(name, "content-length"u8) => Length(value),
                17 when Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8) => Coding(value),
                _ => true,
            };
        }

        private bool Length(ReadOnlySpan<byte> value) => FieldValues.TryLength(value, ref _length);

        private bool Coding(ReadOnlySpan<byte> value)
        {
            if (_coded) return false;
            _coded = true;
            _chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
            return true;
        }

        private bool Connection(ReadOnlySpan<byte> value)
        {
            while (!value.IsEmpty)
            {
                var option = FieldValues.Next(ref value);
                if (Ascii.EqualsIgnoreCase(option, "close"u8)) _close = true;
                else if (Ascii.EqualsIgnoreCase(option, "keep-alive"u8)) _keepAlive = true;
            }
            return true;
        }

        private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';
    }
}

/// <summary>Reads heads, and knows the one before again: a server's answers are alike but for the second in their
/// date, and comparing costs a tenth of reading. Not safe for several threads at once.</summary>
public sealed class LoadHeads
{
    /// <summary>Longer ones are read each time.</summary>
    private const int MostKept = 4096;

    private readonly byte[] _last = new byte[MostKept];
    private int _length;
    private bool _isHead;
    private LoadHead _head;

    public HeadRead Read(ReadOnlySpan<byte> bytes, bool isHead, out LoadHead head, out int length)
    {
        if (_length > 0 && isHead == _isHead && bytes.StartsWith(_last.AsSpan(0, _length)))
        {
            (head, length) = (_head, _length);
            return HeadRead.Whole;
        }
        var read = LoadHead.Read(bytes, isHead, out head, out length);
        if (read != HeadRead.Whole || length > MostKept) return read;
        bytes[..length].CopyTo(_last);
        (_length, _isHead, _head) = (length, isHead, head);
        return read;
    }
}
