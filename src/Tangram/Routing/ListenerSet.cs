using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing.Sockets;

namespace Tangram.Routing;

/// <summary>All listening sockets, which Kestrel sees as one endpoint: so they come and go at run time without touching
/// each other, and a port that is taken is an answer rather than a failed start.</summary>
internal sealed class ListenerSet(
    SocketKeeper? keeper, Departure departure, TimeProvider time, Tcp.TcpRelay relay, MemoryPool<byte> pool)
    : IConnectionListenerFactory, IConnectionListener
{
    /// <summary>Kestrel takes connections at once; a short queue suffices, and the kernel's backlog lies behind
    /// it.</summary>
    private const int MostWaiting = 64;

    private readonly Channel<ClientConnection> _accepted = Channel.CreateBounded<ClientConnection>(MostWaiting);
    private readonly Dictionary<Listener, OpenListener> _open = [];
    /// <summary>Open sockets that nobody accepts on: taken over and not wanted yet, or on the way to another
    /// listener.</summary>
    private readonly List<Socket> _spare = [];
    private readonly SemaphoreSlim _changing = new(1);
    private bool _tookOver, _started, _closed;

    EndPoint IConnectionListener.EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>Opens what is wanted and not yet open, closes what is no longer wanted, and leaves the rest alone. What
    /// a gateway before us left open is taken over. Returns what could not be opened. Does nothing after
    /// <see cref="CloseAsync"/>.</summary>
    public async Task<EquatableArray<TakenPort>> SetAsync(IReadOnlyCollection<Listener> wanted)
    {
        using var change = await ChangeAsync().ConfigureAwait(false);
        // Routes still come while the replicas of a cluster that goes down stop.
        if (_closed) return [];
        if (!_tookOver) foreach (var socket in keeper?.TakeOver() ?? []) _spare.Add(socket);
        _tookOver = true;
        foreach (var superfluous in _open.Keys.Except(wanted).ToArray())
        {
            _spare.Add(await _open[superfluous].StopAsync().ConfigureAwait(false));
            _open.Remove(superfluous);
        }
        var missing = wanted.Except(_open.Keys).ToList();
        missing.RemoveAll(TryUseSpare);
        if (_started || missing.Any(InTheWay)) LetGoOfSpare();
        var taken = missing.Select(Open).OfType<TakenPort>().ToEquatableArray();
        if (_started) Hold();
        return taken;
    }

    /// <summary>Begins to take connections, and from now on the sockets outlive us. Neither happens earlier: a gateway
    /// before us may still answer, and a start that fails must leave no port taken.</summary>
    public async Task StartAsync()
    {
        using var change = await ChangeAsync().ConfigureAwait(false);
        _started = true;
        foreach (var open in _open.Values) open.Accept(pool, _accepted.Writer);
        LetGoOfSpare();
    }

    /// <summary>Takes no new connections. Those that come wait for a gateway after us, as long as the keeper
    /// runs.</summary>
    public async Task CloseAsync()
    {
        using var change = await ChangeAsync().ConfigureAwait(false);
        _closed = true;
        foreach (var open in _open.Values) (await open.StopAsync().ConfigureAwait(false)).Dispose();
        foreach (var socket in _spare) socket.Dispose();
        _open.Clear();
        _spare.Clear();
        _accepted.Writer.TryComplete();
    }

    /// <summary>The port that a listener really has; null when it is not open.</summary>
    public async Task<int?> PortAsync(Listener listener)
    {
        using var change = await ChangeAsync().ConfigureAwait(false);
        return _open.GetValueOrDefault(listener)?.Port;
    }

    /// <summary>Those by https that clients use.</summary>
    public async Task<OpenListener[]> SecureAsync()
    {
        using var change = await ChangeAsync().ConfigureAwait(false);
        return [.. _open.Values.Where(open => open.Listener is { Secure: true, Tcp.Count: 0 })];
    }

    private async Task<IDisposable> ChangeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        return new Change(_changing);
    }

    private void Hold() => keeper?.Keep(_open.Values.Select(open => open.Socket).ToHashSet());

    /// <summary>A port is free only when the keeper has let go of it too.</summary>
    private void LetGoOfSpare()
    {
        foreach (var socket in _spare) socket.Dispose();
        _spare.Clear();
        Hold();
    }

    private bool TryUseSpare(Listener listener)
    {
        if (_spare.Find(s => s.LocalEndPoint!.Equals(EndPointOf(listener))) is not { } socket) return false;
        _spare.Remove(socket);
        Add(listener, socket);
        return true;
    }

    private bool InTheWay(Listener listener) =>
        _spare.Any(socket => ((IPEndPoint)socket.LocalEndPoint!).Port == listener.Port);

    private void Add(Listener listener, Socket socket)
    {
        var open = new OpenListener(listener, socket, departure, time, relay);
        _open.Add(listener, open);
        if (_started) open.Accept(pool, _accepted.Writer);
    }

    private TakenPort? Open(Listener listener)
    {
        try
        {
            Add(listener, OpenListener.Bind(EndPointOf(listener)));
            return null;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            var owner = PortOwner.Find(listener.Port);
            return new TakenPort(listener, owner?.Pid, owner?.Program, "the port is taken");
        }
        catch (SocketException e)
        {
            return new TakenPort(listener, null, null, e.SocketErrorCode switch
            {
                SocketError.AccessDenied => "this user may not listen on a port that low",
                SocketError.AddressNotAvailable => "this machine does not have that address",
                _ => e.Message,
            });
        }
    }

    private static IPEndPoint EndPointOf(Listener listener) => new(IPAddress.Parse(listener.Address), listener.Port);

    ValueTask<IConnectionListener> IConnectionListenerFactory.BindAsync(EndPoint point, CancellationToken cancel) =>
        ValueTask.FromResult<IConnectionListener>(
            IsSilent(point) ? new SilentListener(point) : this);

    private static bool IsSilent(EndPoint point) =>
        point.Equals(Http2Branch.Silent) || point.Equals(Tls.TlsBranch.Silent);

    async ValueTask<ConnectionContext?> IConnectionListener.AcceptAsync(CancellationToken cancellation)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
            if (_accepted.Reader.TryRead(out var connection))
            {
                connection.Start();
                return connection;
            }
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => new(CloseAsync());

    public ValueTask DisposeAsync()
    {
        return ValueTask.CompletedTask;
    }

    private sealed class Change(SemaphoreSlim changing) : IDisposable
    {
        public void Dispose() => changing.Release();
    }

    /// <summary>An endpoint at which nothing ever arrives.</summary>
    private sealed class SilentListener(EndPoint endPoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _unbound =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endPoint;
        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancel = default) => new(_unbound.Task);
        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _unbound.TrySetResult(null);
            return ValueTask.CompletedTask;
        }
        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
