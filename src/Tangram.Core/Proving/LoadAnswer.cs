using Tangram.Routing.Http1;

namespace Tangram.Proving;

public enum AnswerRead
{
    /// <summary>It has not ended.</summary>
    More,
    Done,
    /// <summary>It is no HTTP/1 answer.</summary>
    Bad,
}

/// <summary>How far one answer has been read. A value, so that thousands of connections cost little.</summary>
public struct LoadAnswer(bool isHead)
{
    private readonly bool _isHead = isHead;
    private BodyFraming _framing;
    private bool _stays;
    private long _left;
    private ChunkReader _chunks;

    public int Status { get; private set; }

    /// <summary>The head has arrived.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The connection takes another request after this answer.</summary>
    public readonly bool Stays => _stays && Status != 101 && _framing != BodyFraming.UntilClose;

    /// <summary>Bytes of a body of known length that are still to come, and may be thrown away unseen.</summary>
    public readonly long Left => HasBegun && _framing == BodyFraming.Length ? _left : 0;

    /// <param name="bytes">What has arrived and was not used before.</param>
    /// <param name="used">The rest is either the beginning of a head, or does not belong to this answer.</param>
    public AnswerRead Read(ReadOnlySpan<byte> bytes, LoadHeads heads, out int used)
    {
        used = 0;
        while (!HasBegun)
        {
            var read = heads.Read(bytes[used..], _isHead, out var head, out var length);
            if (read != HeadRead.Whole) return read == HeadRead.Bad ? AnswerRead.Bad : AnswerRead.More;
            used += length;
            if (head.Interim) continue;
            (HasBegun, Status, _framing, _left, _stays) = (true, head.Status, head.Framing, head.Length, head.Stays);
        }
        return _framing switch
        {
            BodyFraming.None => AnswerRead.Done,
            BodyFraming.Length => ReadLength(bytes.Length - used, ref used),
            BodyFraming.Chunked => ReadChunks(bytes, ref used),
            _ => ReadAll(bytes.Length, ref used),
        };
    }

    /// <summary>So many bytes of <see cref="Left"/> were thrown away.</summary>
    public AnswerRead Skip(long count)
    {
        _left -= count;
        return _left == 0 ? AnswerRead.Done : AnswerRead.More;
    }

    /// <summary>The connection has ended in order: was that the answer's end too?</summary>
    public readonly bool EndsHere => HasBegun && _framing == BodyFraming.UntilClose;

    private AnswerRead ReadLength(int there, ref int used)
    {
        var taken = (int)Math.Min(_left, there);
        used += taken;
        return Skip(taken);
    }

    private AnswerRead ReadChunks(ReadOnlySpan<byte> bytes, ref int used)
    {
        while (true)
        {
            var read = _chunks.Read(bytes[used..], out var framed, out var data);
            used += framed + data;
            if (read == ChunkRead.Data) continue;
            return read switch
            {
                ChunkRead.End => AnswerRead.Done,
                ChunkRead.Bad => AnswerRead.Bad,
                _ => AnswerRead.More,
            };
        }
    }

    private static AnswerRead ReadAll(int length, ref int used)
    {
        used = length;
        return AnswerRead.More;
    }
}
