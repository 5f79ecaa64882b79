using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Tangram.Routing;

/// <summary>One listening socket. Its connections carry it as a feature, so that a request knows where it came
/// in.</summary>
internal sealed class OpenListener : IAsyncDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan OutOfDescriptors = TimeSpan.FromMilliseconds(50);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private Task _accepting = Task.CompletedTask;

    private OpenListener(Listener listener, Socket socket, TimeProvider time) =>
        (Listener, _socket, _time) = (listener, socket, time);

    public Listener Listener { get; }

    /// <summary>False once it takes no new connections; those that it has taken may still be open.</summary>
    public bool Open => !_closing.IsCancellationRequested;
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Throws <see cref="SocketException"/> when the address or port cannot be had.</summary>
    public static OpenListener Bind(Listener listener, TimeProvider time)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(listener.Address), listener.Port);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return new OpenListener(listener, socket, time);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Accept(SocketConnectionContextFactory connections, ChannelWriter<ConnectionContext> accepted) =>
        _accepting = AcceptAsync(connections, accepted);

    private async Task AcceptAsync(
        SocketConnectionContextFactory connections, ChannelWriter<ConnectionContext> accepted)
    {
        while (Open)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_closing.Token).ConfigureAwait(false);
                socket.NoDelay = true;
                var connection = connections.Create(socket);
                connection.Features.Set(this);
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

    /// <summary>Waits for room. Before the server has started nobody makes any, and closing must not wait for
    /// that.</summary>
    private async ValueTask HandOnAsync(ConnectionContext connection, ChannelWriter<ConnectionContext> accepted)
    {
        try
        {
            await accepted.WriteAsync(connection, _closing.Token).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
    }
}
