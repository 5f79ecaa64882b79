using System.Buffers;

namespace Tangram.Routing;

/// <summary>A stream of which a beginning is read ahead. For one reader.</summary>
/// <param name="buffer">Rented; given back with the stream.</param>
internal sealed class HeldStream(Stream source, byte[] buffer) : ReadingStream
{
    private byte[]? _buffer = buffer;
    private Task<int>? _reading;
    private int _filled, _taken;
    private bool _ended;

    /// <summary>What was read ahead, as long as nothing was taken of it.</summary>
    public ReadOnlyMemory<byte> Filled => _buffer.AsMemory(0, _filled);

    /// <summary>Reads ahead to the source's end, but no more than the buffer holds and no longer than this. True when
    /// that is all of it. Throws what the source throws.</summary>
    /// <param name="length">How much there is; null when that is not known.</param>
    public async ValueTask<bool> FillAsync(
        long? length, TimeSpan atMost, TimeProvider time, CancellationToken cancellation)
    {
        Task? late = null;
        while (!_ended && _filled < (length ?? _buffer!.Length))
        {
            var read = source.ReadAsync(_buffer.AsMemory(_filled), cancellation);
            if (!read.IsCompleted)
            {
                _reading = read.AsTask();
                late ??= Task.Delay(atMost, time, cancellation);
                if (await Task.WhenAny(_reading, late).ConfigureAwait(false) == late) return false;
                read = new ValueTask<int>(_reading);
                _reading = null;
            }
            Add(await read.ConfigureAwait(false));
        }
        return _ended || _filled == length;
    }

    public override async ValueTask<int> ReadAsync(
        Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        if (destination.IsEmpty) return 0;
        if (_taken == _filled && _reading is { } reading)
        {
            Add(await reading.WaitAsync(cancellationToken).ConfigureAwait(false));
            _reading = null;
        }
        if (_taken == _filled)
            return _ended ? 0 : await source.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
        var some = _buffer.AsMemory(_taken, Math.Min(_filled - _taken, destination.Length));
        some.CopyTo(destination);
        _taken += some.Length;
        return some.Length;
    }

    private void Add(int read)
    {
        _filled += read;
        _ended = read == 0;
    }

    protected override void Dispose(bool disposing)
    {
        // A read that is still under way may write to it.
        if (_buffer is { } buffer && _reading is null or { IsCompleted: true }) ArrayPool<byte>.Shared.Return(buffer);
        _buffer = null;
        base.Dispose(disposing);
    }
}
