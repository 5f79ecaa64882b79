using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Tangram.Model;

namespace Tangram.Routing.Tcp;

/// <summary>What is read of a connection before it is known where it goes; nothing where nothing must be.</summary>
internal sealed class TcpOpening : IDisposable
{
    private byte[] _buffer = [];
    private int _from, _to;
    private ProxyHeader? _said;

    public TcpSpec? Spec { get; private set; }

    /// <summary>False: it begins otherwise than it should, ends before, or nobody is for it.</summary>
    public async ValueTask<bool> ReadAsync(Socket client, TcpChoice choice, CancellationToken cancellation)
    {
        if (choice.AcceptsProxy || choice.ReadsName)
            _buffer = ArrayPool<byte>.Shared.Rent(ProxyHeader.Longest + ClientHello.Longest);
        string? name = null;
        if (choice.AcceptsProxy && !await UntilAsync(client, ReadProxy, cancellation).ConfigureAwait(false))
            return false;
        if (choice.ReadsName && !await UntilAsync(client, () =>
                ClientHello.Read(_buffer.AsSpan(_from, _to - _from), out name), cancellation).ConfigureAwait(false))
            return false;
        return (Spec = choice.Choose(name)) is not null;
    }

    /// <summary>Tells the server of the client if it shall know, and then what the client has said so far.</summary>
    public async Task PassOnAsync(Socket client, Socket server, CancellationToken cancellation)
    {
        if (Spec!.SendProxy is { } version)
        {
            var header = _said is { Source: not null } said ? said
                : new ProxyHeader(client.RemoteEndPoint as IPEndPoint, client.LocalEndPoint as IPEndPoint);
            var bytes = new byte[128];
            await TcpPump.SendAsync(server, bytes.AsMemory(0, header.Write(bytes, version)), cancellation)
                .ConfigureAwait(false);
        }
        if (_to > _from)
            await TcpPump.SendAsync(server, _buffer.AsMemory(_from, _to - _from), cancellation).ConfigureAwait(false);
        Dispose();
    }

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _from, _to) = ([], 0, 0);
    }

    private Begun ReadProxy()
    {
        var begun = ProxyHeader.Read(_buffer.AsSpan(_from, _to - _from), out var said, out var length);
        if (begun == Begun.Whole) (_said, _from) = (said, _from + length);
        return begun;
    }

    private async ValueTask<bool> UntilAsync(Socket client, Func<Begun> read, CancellationToken cancellation)
    {
        while (true)
        {
            var begun = read();
            if (begun != Begun.More) return begun == Begun.Whole;
            // What is read never asks for more than there is room for; a stream that goes on is not of the form.
            if (_to == _buffer.Length) return false;
            var got = await client.ReceiveAsync(_buffer.AsMemory(_to), cancellation).ConfigureAwait(false);
            if (got == 0) return false;
            _to += got;
        }
    }
}
