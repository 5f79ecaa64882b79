using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Tangram.Routing.Sockets;
using Tangram.Routing.Tcp;

namespace Tangram.Routing;

/// <summary>One listening socket. Its connections carry it as a feature, so that a request knows where it came
/// in.</summary>
internal sealed class OpenListener
{
    /// <summary>What comes during a restart waits here. The kernel allows no more than net.core.somaxconn, which is
    /// this by default.</summary>
    private const int Backlog = 4096;
    private static readonly TimeSpan OutOfDescriptors = TimeSpan.FromMilliseconds(50);

    private readonly Socket _socket;
    private readonly Departure _departure;
    private readonly TimeProvider _time;
    private readonly TcpRelay? _relay;
    private readonly TcpChoice? _tcp;
    private readonly CancellationTokenSource _closing = new();
    private Task _accepting = Task.CompletedTask;

    /// <param name="relay">For TCP that goes on as it is.</param>
    public OpenListener(
        Listener listener, Socket socket, Departure departure, TimeProvider time, TcpRelay? relay = null)
    {
        (Listener, _socket, _departure, _time, _relay) = (listener, socket, departure, time, relay);
        _tcp = listener.Tcp.Count > 0 ? new TcpChoice(listener.Tcp) : null;
    }

    public Listener Listener { get; }

    /// <summary>False once its connections shall end after the request that they carry.</summary>
    public bool Stays => !_closing.IsCancellationRequested && !_departure.Begun.IsCancellationRequested;
    public Socket Socket => _socket;

    /// <summary>What answers say of HTTP/3 here (RFC 7838); null: nothing.</summary>
    public string? AltSvc
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Throws <see cref="SocketException"/> when the address or port cannot be had.</summary>
    public static Socket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Begins to take connections; call it only once somebody reads them, or closing waits for
    /// that.</summary>
    public void Accept(MemoryPool<byte> pool, ChannelWriter<ClientConnection> accepted) =>
        _accepting = AcceptAsync(pool, accepted);

    private async Task AcceptAsync(MemoryPool<byte> pool, ChannelWriter<ClientConnection> accepted)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_closing.Token).ConfigureAwait(false);
                socket.NoDelay = true;
                if (_tcp is not null && _relay is not null)
                {
                    _relay.Take(socket, _tcp);
                    continue;
                }
                var connection = new ClientConnection(new PolledSocket(socket), pool, _time);
                connection.Features.Set(this);
                _departure.Add(connection);
                await HandOnAsync(connection, accepted).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TooManyOpenSockets)
            {
                await Task.Delay(OutOfDescriptors, _time).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The client was gone before it was accepted.
            }
            catch (Exception e)
                when (e is OperationCanceledException or ObjectDisposedException or ChannelClosedException)
            {
                return;
            }
        }
    }

    /// <summary>Waits for room, also while it closes: what is accepted is answered.</summary>
    private static async ValueTask HandOnAsync(ClientConnection connection, ChannelWriter<ClientConnection> accepted)
    {
        try
        {
            await accepted.WriteAsync(connection).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes no new connections; those that it has taken may still be open. Returns the socket, which
    /// belongs to the caller from now on. It is closed only when no call uses it: to end such calls .NET would shut it
    /// down, and with it the copies of others.</summary>
    public async Task<Socket> StopAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        return _socket;
    }
}
