using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Tangram.Routing.Records;

/// <summary>Counts the bytes of an answer's body on their way to the client, by whichever door they leave.</summary>
internal sealed class CountedAnswer : Stream, IHttpResponseBodyFeature
{
    private readonly CountedWriter _writer;
    private IHttpResponseBodyFeature _inner = null!;
    private long _bytes;

    public CountedAnswer() => _writer = new CountedWriter(this);

    public long Bytes => _bytes;

    public IHttpResponseBodyFeature Around(IHttpResponseBodyFeature inner)
    {
        (_inner, _bytes) = (inner, 0);
        return this;
    }

    public void Release() => _inner = null!;

    Stream IHttpResponseBodyFeature.Stream => this;
    PipeWriter IHttpResponseBodyFeature.Writer => _writer;
    public void DisableBuffering() => _inner.DisableBuffering();
    public Task StartAsync(CancellationToken cancellationToken = default) => _inner.StartAsync(cancellationToken);
    public Task CompleteAsync() => _inner.CompleteAsync();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        _bytes += count ?? new FileInfo(path).Length - offset;
        return _inner.SendFileAsync(path, offset, count, cancellationToken);
    }

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => _inner.Stream.Flush();
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _inner.Stream.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count)
    {
        _bytes += count;
        _inner.Stream.Write(buffer, offset, count);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _bytes += count;
        return _inner.Stream.WriteAsync(buffer, offset, count, cancellationToken);
    }

    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _bytes += buffer.Length;
        return _inner.Stream.WriteAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private sealed class CountedWriter(CountedAnswer answer) : PipeWriter
    {
        private PipeWriter Inner => answer._inner.Writer;

        public override void Advance(int bytes)
        {
            answer._bytes += bytes;
            Inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => Inner.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => Inner.GetSpan(sizeHint);
        public override bool CanGetUnflushedBytes => Inner.CanGetUnflushedBytes;
        public override long UnflushedBytes => Inner.UnflushedBytes;
        public override void CancelPendingFlush() => Inner.CancelPendingFlush();
        public override void Complete(Exception? exception = null) => Inner.Complete(exception);
        public override ValueTask CompleteAsync(Exception? exception = null) => Inner.CompleteAsync(exception);
        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            Inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(
            ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            answer._bytes += source.Length;
            return Inner.WriteAsync(source, cancellationToken);
        }
    }
}
