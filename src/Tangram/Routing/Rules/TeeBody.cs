namespace Tangram.Routing.Rules;

/// <summary>A request's body that keeps a copy of what is read, and hands it over at the end. A body that is too long,
/// or for which there is no room, is passed on all the same and no copy is made.</summary>
internal sealed class TeeBody(Stream body, int longest, MirrorRoom room, Action<byte[]> whole) : ReadingStream
{
    private MemoryStream? _copy = new();

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

    /// <summary>Gives back what it holds, unless that was handed over.</summary>
    public void GiveUp()
    {
        if (_copy is null) return;
        room.Give((int)_copy.Length);
        _copy = null;
    }
}
