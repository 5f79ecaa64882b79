namespace Tangram.Routing;

/// <summary>Writes on, and remembers what was written as long as it is not too much.</summary>
/// <param name="worth">Asked once, when the answer's head is known: false, and nothing is remembered.</param>
internal sealed class AnswerTee(Stream to, int most, Func<bool> worth) : Stream
{
    private MemoryStream? _kept = new(0);
    private bool _asked;

    public Stream To => to;

    /// <summary>Null: it was too much.</summary>
    public ReadOnlyMemory<byte>? Kept => _kept is null ? null : _kept.GetBuffer().AsMemory(0, (int)_kept.Length);

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Nothing of it shall be remembered.</summary>
    public void Forget() => _kept = null;

    public override void Write(byte[] buffer, int offset, int count)
    {
        Remember(buffer.AsSpan(offset, count));
        to.Write(buffer, offset, count);
    }

    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Remember(buffer.Span);
        return to.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => to.Flush();
    public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private void Remember(ReadOnlySpan<byte> bytes)
    {
        if (!_asked && !worth()) _kept = null;
        _asked = true;
        if (_kept is null) return;
        if (_kept.Length + bytes.Length > most) _kept = null;
        else _kept.Write(bytes);
    }
}
