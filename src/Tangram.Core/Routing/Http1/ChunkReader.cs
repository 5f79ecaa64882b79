using System.Text;

namespace Tangram.Routing.Http1;

public enum ChunkRead
{
    /// <summary>All that was given is used up.</summary>
    More,
    /// <summary>Some of the body; call again with what comes after it.</summary>
    Data,
    /// <summary>The body's end, its trailers included.</summary>
    End,
    Bad,
}

/// <summary>Takes the chunked coding (RFC 9112, 7.1) off a body as it arrives, in pieces of any size. Every line ends
/// with CR LF; extensions are passed over.</summary>
public struct ChunkReader
{
    /// <summary>Of a size, in hexadecimal digits, leading zeros included.</summary>
    private const int MostDigits = 15;

    /// <summary>Of one line besides the size, and of all trailers.</summary>
    private const int MostLine = 8192;

    private enum At { Size, Extension, SizeLf, Data, DataCr, DataLf, Trailer, TrailerLf, End, Bad }

    private At _at;
    private long _left;
    private int _digits, _passed;
    private StringBuilder? _line;
    private List<AnswerField>? _trailers;

    public readonly IReadOnlyList<AnswerField> Trailers => _trailers ?? (IReadOnlyList<AnswerField>)[];

    /// <summary>Another one that reads on from here; this one does not notice.</summary>
    public readonly ChunkReader Apart()
    {
        var other = this;
        (other._line, other._trailers) = (_line is null ? null : new StringBuilder().Append(_line), null);
        return other;
    }

    /// <param name="used">Of the input, without the data.</param>
    /// <param name="data">Bytes of the body that follow what is used.</param>
    public ChunkRead Read(ReadOnlySpan<byte> input, out int used, out int data)
    {
        (used, data) = (0, 0);
        while (_at is not (At.End or At.Bad))
        {
            if (used == input.Length) return ChunkRead.More;
            if (_at == At.Data)
            {
                data = (int)Math.Min(_left, input.Length - used);
                _left -= data;
                if (_left == 0) _at = At.DataCr;
                return ChunkRead.Data;
            }
            _at = Step(input[used++]);
        }
        return _at == At.End ? ChunkRead.End : ChunkRead.Bad;
    }

    private At Step(byte next) => _at switch
    {
        At.Size => Size(next),
        At.Extension => next == '\r' ? At.SizeLf
            : next is (byte)'\n' or 0 || ++_passed > MostLine ? At.Bad : At.Extension,
        At.SizeLf => next != '\n' ? At.Bad : Sized(),
        At.DataCr => next == '\r' ? At.DataLf : At.Bad,
        At.DataLf => next == '\n' ? At.Size : At.Bad,
        At.Trailer => Trailer(next),
        At.TrailerLf => next == '\n' ? TrailerEnd() : At.Bad,
        _ => At.Bad,
    };

    private At Size(byte next)
    {
        if (char.IsAsciiHexDigit((char)next))
        {
            if (++_digits > MostDigits) return At.Bad;
            _left = _left * 16 + Value(next);
            return At.Size;
        }
        if (_digits == 0) return At.Bad;
        return next == '\r' ? At.SizeLf : next is (byte)';' or (byte)' ' or (byte)'\t' ? At.Extension : At.Bad;
    }

    private static int Value(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private At Sized()
    {
        (_digits, _passed) = (0, 0);
        return _left > 0 ? At.Data : At.Trailer;
    }

    private At Trailer(byte next)
    {
        if (next == '\r') return At.TrailerLf;
        if (++_passed > MostLine || next != '\t' && next is < 32 or 127) return At.Bad;
        (_line ??= new StringBuilder()).Append((char)next);
        return At.Trailer;
    }

    private At TrailerEnd()
    {
        if (_line is not { Length: > 0 } line) return At.End;
        var bytes = Encoding.Latin1.GetBytes(line.ToString()).AsSpan();
        line.Clear();
        var colon = bytes.IndexOf((byte)':');
        if (colon < 0 || !FieldNames.IsToken(bytes[..colon])) return At.Bad;
        var value = Encoding.Latin1.GetString(bytes[(colon + 1)..].Trim(" \t"u8));
        (_trailers ??= []).Add(new AnswerField(FieldNames.Of(bytes[..colon]), value));
        return At.Trailer;
    }
}
