using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Tangram.Deploying;

namespace Tangram.Routing.Sockets;

/// <summary>A connected socket that is read and written by tries, and waited for by a <see cref="SocketPoller"/>. One
/// reads and one writes at a time; closing is for everybody.</summary>
internal sealed class PolledSocket : IDisposable
{
    private const uint Gone = Native.EpollHangUp | Native.EpollError;

    /// <summary>In one call; the rest follows in another.</summary>
    private const int MostPieces = 32;

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly SocketPoller _poller = SocketPoller.Next();
    private readonly Readiness _read = new(), _write = new();
    private readonly long _token;
    private volatile bool _hungUp;
    private int _closed;

    /// <summary>Takes the socket over; the platform must not wait for it too.</summary>
    public PolledSocket(Socket socket)
    {
        (_socket, _handle) = (socket, socket.SafeHandle);
        _token = _poller.Add(this, _handle);
    }

    public EndPoint? LocalEndPoint => _socket.LocalEndPoint;
    public EndPoint? RemoteEndPoint => _socket.RemoteEndPoint;

    /// <summary>Bytes, the end, or an error may be there.</summary>
    public bool IsReadable => _read.IsReady;

    /// <summary>A connection that has come about when the wait is cancelled is returned nevertheless: a process that
    /// gets no time from its machine hears of both too late, and would take its own want for the other's.</summary>
    /// <exception cref="SocketException">It cannot be reached, or refuses.</exception>
    /// <exception cref="OperationCanceledException">It was not worth waiting for.</exception>
    public static async ValueTask<PolledSocket> ConnectAsync(string host, int port, CancellationToken cancellation)
    {
        var address = IPAddress.TryParse(host, out var known)
            ? known
            : (await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false))[0];
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            Blocking = false, NoDelay = true,
        };
        PolledSocket? polled = null;
        try
        {
            Begin(socket, new IPEndPoint(address, port));
            polled = new PolledSocket(socket);
            await using (cancellation.UnsafeRegister(static one => ((PolledSocket)one!).GiveUp(), polled)
                .ConfigureAwait(false)) await polled.WritableAsync().ConfigureAwait(false);
            if (Volatile.Read(ref polled._closed) != 0) cancellation.ThrowIfCancellationRequested();
            var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            return error == 0 ? polled : throw new SocketException(error);
        }
        catch
        {
            polled?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private static void Begin(Socket socket, IPEndPoint to)
    {
        try { socket.Connect(to); }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // It is under way.
        }
    }

    /// <summary>Closes it, unless the system has its connection and only nobody has been told yet.</summary>
    private void GiveUp()
    {
        try { if (_socket.Poll(0, SelectMode.SelectWrite)) return; }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
        Dispose();
    }

    /// <summary>Done when <see cref="TryReceive"/> is worth a try.</summary>
    public ValueTask ReadableAsync() => _read.WaitAsync();

    /// <summary>Done when sending is worth a try.</summary>
    public ValueTask WritableAsync() => _write.WaitAsync();

    /// <summary>How many it received, 0 at the end, or <see cref="Calls.NotNow"/>.</summary>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">It was closed here.</exception>
    public int TryReceive(Span<byte> into)
    {
        _read.Clear();
        var received = Calls.Receive(_handle, into);
        // Fewer than there was room for: nothing is left. The end may have come together with them, unannounced.
        if (received == into.Length || received == 0 || _hungUp) _read.Mark();
        return received;
    }

    /// <summary>Sends all of it. Throws as <see cref="TryReceive"/> does.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (true)
        {
            _write.Clear();
            var sent = Calls.Send(_handle, bytes.Span);
            if (sent == bytes.Length)
            {
                _write.Mark();
                return;
            }
            if (sent != Calls.NotNow) bytes = bytes[sent..];
            else await WritableAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The same of bytes in several places.</summary>
    public async ValueTask SendAsync(ReadOnlySequence<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            _write.Clear();
            var sent = Send(in bytes);
            if (sent == Calls.NotNow)
            {
                await WritableAsync().ConfigureAwait(false);
                continue;
            }
            bytes = bytes.Slice(sent);
            _write.Mark();
        }
    }

    /// <summary>From the poller: something has changed.</summary>
    public void Tell(uint events)
    {
        if ((events & (Native.EpollPeerHangUp | Gone)) != 0) _hungUp = true;
        if ((events & (Native.EpollOut | Gone)) != 0) _write.Tell();
        if ((events & (Native.EpollIn | Native.EpollPeerHangUp | Gone)) != 0) _read.Tell();
    }

    /// <summary>Says goodbye in order (FIN), if the other side listens still.</summary>
    public void Shutdown()
    {
        try { _socket.Shutdown(SocketShutdown.Both); }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
        Dispose();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _poller.Remove(_token);
        _socket.Dispose();
        _read.Close();
        _write.Close();
    }

    private unsafe int Send(in ReadOnlySequence<byte> bytes)
    {
        Span<Calls.Piece> pieces = stackalloc Calls.Piece[MostPieces];
        var pins = new MemoryHandle[MostPieces];
        var count = 0;
        try
        {
            foreach (var memory in bytes)
            {
                if (memory.IsEmpty) continue;
                pins[count] = memory.Pin();
                pieces[count] = new Calls.Piece { First = (byte*)pins[count].Pointer, Length = (nuint)memory.Length };
                if (++count == MostPieces) break;
            }
            return Calls.Send(_handle, pieces[..count]);
        }
        finally
        {
            for (var i = 0; i < count; i++) pins[i].Dispose();
        }
    }
}
