namespace Tangram.Proving;

/// <summary>A connection that tells a lost answer from an idle connection's end. By itself the platform's HTTP
/// client repeats a GET when a reused connection ends before its answer; an instrument must see that, not hide it.
/// So when bytes were written and none have come back, the end of the stream is an <see
/// cref="AnswerLostException"/>.</summary>
internal sealed class LoadConnection(Stream inner) : Stream
{
    private volatile bool _awaiting;
    private volatile bool _ended;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        try
        {
            var count = await inner.ReadAsync(buffer, cancellation);
            if (buffer.IsEmpty) return count;
            if (count > 0) _awaiting = false;
            else
            {
                _ended = true;
                if (_awaiting) throw new AnswerLostException(null);
            }
            return count;
        }
        catch (IOException e)
        {
            _ended = true;
            if (_awaiting) throw new AnswerLostException(e);
            throw;
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellation = default)
    {
        _awaiting = true;
        // The end may have been read while nothing was due, too late for the client to choose another connection.
        if (_ended) throw new AnswerLostException(null);
        try
        {
            await inner.WriteAsync(buffer, cancellation);
        }
        catch (IOException e)
        {
            throw new AnswerLostException(e);
        }
    }

    public override Task FlushAsync(CancellationToken cancellation) => inner.FlushAsync(cancellation);
    public override async ValueTask DisposeAsync() => await inner.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw Synchronous();
    public override void Write(byte[] buffer, int offset, int count) => throw Synchronous();
    public override void Flush() => throw Synchronous();
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private static NotSupportedException Synchronous() => new("only asynchronous calls are expected here");
}
