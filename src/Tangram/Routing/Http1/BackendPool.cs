using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Security.Authentication;
using Tangram.Routing.Sockets;
using Tangram.Routing.Tls;

namespace Tangram.Routing.Http1;

/// <summary>Open connections to one backend that wait for a request; the one that was used last comes first.</summary>
internal sealed class BackendPool(
    ConnectionWatch watch, SecuredBackends secured, Detours detours, GatewayOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<BackendConnection> _idle = [];
    private bool _closed;
    private int _turn;

    /// <summary>One that is open, as far as one can know.</summary>
    public bool TryTake([NotNullWhen(true)] out BackendConnection? connection)
    {
        while ((connection = Last()) is not null)
        {
            if (connection.Quiet) return true;
            connection.Dispose();
        }
        return false;
    }

    /// <param name="backend">As it is in the table now: its node may have got another address since the
    /// first.</param>
    /// <exception cref="SocketException">None comes about.</exception>
    /// <exception cref="IOException">Or none with TLS, or not in time.</exception>
    /// <exception cref="AuthenticationException">The backend is not who it should be.</exception>
    /// <exception cref="OperationCanceledException">Nor in time: nothing came back. Or it is not worth waiting for any
    /// more.</exception>
    public async ValueTask<BackendConnection> ConnectAsync(Backend backend, CancellationToken abandon)
    {
        using var patience = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, abandon);
        // In this order: one that went the old way is of the old turn.
        var turn = Volatile.Read(ref _turn);
        var (host, port) = detours.To(backend);
        var socket = await PolledSocket.ConnectAsync(host, port, either.Token).ConfigureAwait(false);
        try
        {
            abandon.ThrowIfCancellationRequested();
            if (secured.ConnectorFor(backend) is not { } connector)
                return new BackendConnection(socket, this, watch) { Turn = turn };
            // It has a time of its own: that of the connection may be over.
            using var shaking = new CancellationTokenSource(options.ConnectTimeout, time);
            using var given = CancellationTokenSource.CreateLinkedTokenSource(shaking.Token, abandon);
            var secure = await connector.SecureAsync(
                new PolledStream(socket), backend.Authority, isHttp2: false, given.Token).ConfigureAwait(false);
            return new BackendConnection(socket, this, watch, secure) { Turn = turn };
        }
        catch (Exception e) when (e is ObjectDisposedException
            || (e is OperationCanceledException && !abandon.IsCancellationRequested))
        {
            socket.Dispose();
            throw new IOException("It is connected and says nothing.", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>It waits for another request from now on.</summary>
    public void Return(BackendConnection connection)
    {
        connection.Rest();
        lock (_gate)
        {
            if (!_closed && connection.Turn == _turn)
            {
                _idle.Add(connection);
                return;
            }
        }
        connection.Dispose();
    }

    /// <summary>It has waited too long, unless a request has it by now.</summary>
    public void End(BackendConnection connection)
    {
        bool wasIdle;
        lock (_gate) wasIdle = _idle.Remove(connection);
        if (wasIdle) connection.Dispose();
    }

    /// <summary>The way to the backend is another one from now on: no connection is used again that went the old
    /// one.</summary>
    public void Turn() => Empty(close: false);

    /// <summary>No connection waits any more; those in use end with their answers.</summary>
    public void Close() => Empty(close: true);

    private void Empty(bool close)
    {
        BackendConnection[] idle;
        lock (_gate)
        {
            _closed |= close;
            _turn++;
            idle = [.. _idle];
            _idle.Clear();
        }
        foreach (var connection in idle) connection.Dispose();
    }

    private BackendConnection? Last()
    {
        lock (_gate)
        {
            if (_idle.Count == 0) return null;
            var last = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            return last;
        }
    }
}
