namespace Tangram.Routing.Http1;

/// <summary>What is still to come of an answer's body.</summary>
public struct AnswerBody(BodyFraming framing, long length)
{
    private const long Long = 16 * 1024;

    /// <summary>An answer to HEAD, or a 304, says the length of a body that does not follow.</summary>
    private long _left = framing == BodyFraming.Length ? length : 0;
    private ChunkReader _chunks;

    public readonly BodyFraming Framing => framing;
    public readonly bool EndsWithConnection => framing == BodyFraming.UntilClose;
    public readonly bool IsLong => framing == BodyFraming.Length ? _left > Long : framing != BodyFraming.None;
    public readonly IReadOnlyList<AnswerField> Trailers => _chunks.Trailers;

    /// <summary>Whether these bytes hold all of it.</summary>
    public readonly bool IsWholeIn(ReadOnlySpan<byte> unread)
    {
        if (framing != BodyFraming.Chunked) return framing != BodyFraming.UntilClose && unread.Length >= _left;
        for (var look = _chunks.Apart(); ;)
        {
            var read = look.Read(unread, out var used, out var data);
            if (read is ChunkRead.End or ChunkRead.Bad) return true;
            if (read == ChunkRead.More) return false;
            unread = unread[(used + data)..];
        }
    }

    /// <summary>Takes the next piece.</summary>
    /// <param name="used">Of what is unread; the piece included.</param>
    /// <param name="data">The piece; it may be empty.</param>
    /// <returns><see cref="ChunkRead.Data"/>: there may be more already; <see cref="ChunkRead.More"/>: not
    /// yet.</returns>
    public ChunkRead Next(ReadOnlyMemory<byte> unread, out int used, out ReadOnlyMemory<byte> data)
    {
        if (framing == BodyFraming.Chunked)
        {
            var read = _chunks.Read(unread.Span, out var framed, out var length);
            (used, data) = (framed + length, unread.Slice(framed, length));
            return read;
        }
        used = framing == BodyFraming.UntilClose ? unread.Length : (int)Math.Min(_left, unread.Length);
        data = unread[..used];
        if (framing == BodyFraming.UntilClose) return ChunkRead.More;
        _left -= used;
        return _left == 0 ? ChunkRead.End : ChunkRead.More;
    }
}
