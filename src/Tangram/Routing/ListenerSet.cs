using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>All listening sockets, which Kestrel sees as one endpoint: so they come and go at run time without touching
/// each other, and a port that is taken is an answer rather than a failed start.</summary>
internal sealed class ListenerSet(TimeProvider time) : IConnectionListenerFactory, IConnectionListener
{
    /// <summary>Kestrel takes connections at once; a short queue suffices, and the kernel's backlog lies behind
    /// it.</summary>
    private const int MostWaiting = 64;

    private readonly Channel<ConnectionContext> _accepted = Channel.CreateBounded<ConnectionContext>(MostWaiting);
    private readonly SocketConnectionContextFactory _connections =
        new(new SocketConnectionFactoryOptions(), NullLogger.Instance);
    private readonly Dictionary<Listener, OpenListener> _open = [];
    private readonly SemaphoreSlim _changing = new(1);

    EndPoint IConnectionListener.EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>Opens what is wanted and not yet open, closes what is no longer wanted, and leaves the rest alone.
    /// Returns what could not be opened.</summary>
    public async Task<EquatableArray<TakenPort>> SetAsync(IReadOnlyCollection<Listener> wanted)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            foreach (var superfluous in _open.Keys.Except(wanted).ToArray())
            {
                await _open[superfluous].DisposeAsync().ConfigureAwait(false);
                _open.Remove(superfluous);
            }
            var taken = new List<TakenPort>();
            foreach (var listener in wanted.Except(_open.Keys))
                if (Open(listener) is { } problem) taken.Add(problem);
            return taken.ToEquatableArray();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>The port that a listener really has; null when it is not open.</summary>
    public async Task<int?> PortAsync(Listener listener)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try { return _open.GetValueOrDefault(listener)?.Port; }
        finally { _changing.Release(); }
    }

    private TakenPort? Open(Listener listener)
    {
        try
        {
            var open = OpenListener.Bind(listener, time);
            _open.Add(listener, open);
            open.Accept(_connections, _accepted.Writer);
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

    ValueTask<IConnectionListener> IConnectionListenerFactory.BindAsync(EndPoint point, CancellationToken cancel) =>
        ValueTask.FromResult<IConnectionListener>(point.Equals(Http2Branch.Silent) ? new SilentListener(point) : this);

    async ValueTask<ConnectionContext?> IConnectionListener.AcceptAsync(CancellationToken cancellation)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
            if (_accepted.Reader.TryRead(out var connection)) return connection;
        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await SetAsync([]).ConfigureAwait(false);
        _accepted.Writer.TryComplete();
    }

    public ValueTask DisposeAsync()
    {
        _connections.Dispose();
        return ValueTask.CompletedTask;
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
