using Microsoft.AspNetCore.Http;

namespace Tangram.Routing;

/// <summary>Passes a request's body on and counts what was taken of it: what has been taken cannot be sent again.</summary>
internal sealed class BodyCounter(Stream inner) : Stream
{
    public long Taken { get; private set; }

    /// <summary>Puts the counter in front of the body, if there can be one.</summary>
    public static BodyCounter Watch(HttpContext context)
    {
        var counter = new BodyCounter(context.Request.Body);
        if (context.Request.ContentLength is not 0 && !RetryPolicy.IsSafe(context.Request.Method)) context.Request.Body = counter;
        return counter;
    }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        var read = await inner.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        Taken += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellation) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellation).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("the body is read asynchronously");

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
