namespace Tangram.Routing.Rules;

/// <summary>A request's body that keeps a copy of what is read, and hands it over at the end. A body that is too long,
/// or for which there is no room, is passed on all the same and no copy is made.</summary>
internal sealed class TeeBody(Stream body, int longest, MirrorRoom room, Action<byte[]> whole) : Stream
{
    private MemoryStream? _copy = new();

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (_copy is null) return read;
        if (read > 0)
        {
            if (_copy.Length + read <= longest && room.TryTake(read)) _copy.Write(buffer.Span[..read]);
            else GiveUp();
            return read;
        }
        if (buffer.IsEmpty) return read;
        var bytes = _copy.ToArray();
        _copy = null;
        whole(bytes);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Gives back what it holds, unless that was handed over.</summary>
    public void GiveUp()
    {
        if (_copy is null) return;
        room.Give((int)_copy.Length);
        _copy = null;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
