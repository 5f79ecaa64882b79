using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Tangram.Routing;
using Tangram.Routing.Sockets;

namespace Tangram.Proving;

/// <summary>Connections of clients that have another address to try: when the other machine's kernel acknowledges
/// nothing and several attempts to connect come to nothing, all to that address end. A server that is slow to answer
/// acknowledges. What was sent and acknowledged before is noticed by <see cref="LoadSocket"/>.</summary>
internal sealed class LoadSilence : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(25);

    private readonly TimeSpan _silence;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<Socket, DnsEndPoint> _open = [];
    private readonly ConcurrentDictionary<DnsEndPoint, TimeSpan> _trips = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _looking;

    /// <param name="silence">How long an address that has never been reached may take.</param>
    public LoadSilence(TimeSpan silence, TimeProvider time)
    {
        (_silence, _time) = (silence, time);
        _looking = Task.Run(LookAsync);
    }

    /// <exception cref="SocketException">It cannot be reached.</exception>
    public async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var to = context.DnsEndPoint;
        while (true)
        {
            var patience = _trips.TryGetValue(to, out var trip) ? LineFacts.Patience(trip) : _silence;
            using var soon = new CancellationTokenSource(patience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(soon.Token, cancellation);
            try
            {
                var socket = await LoadSocket.ConnectAsync(to, _silence, either.Token);
                if (Calls.Line(socket.SafeHandle)?.RoundTrip is { } took) _trips[to] = took;
                _open[socket] = to;
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                if (!await IsThereAsync(to, cancellation)) throw new SocketException((int)SocketError.TimedOut);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _looking;
        _ending.Dispose();
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(Every, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
                foreach (var address in Unheard())
                    if (!await IsThereAsync(address, _ending.Token)) End(address);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private HashSet<DnsEndPoint> Unheard()
    {
        var unheard = new HashSet<DnsEndPoint>();
        foreach (var (socket, address) in _open)
            try
            {
                if (Calls.Line(socket.SafeHandle) is { IsUnheard: true }) unheard.Add(address);
            }
            catch (ObjectDisposedException)
            {
                _open.TryRemove(socket, out _);
            }
        return unheard;
    }

    /// <summary>Not closed: who reads there sees the end, as of any connection.</summary>
    private void End(DnsEndPoint address)
    {
        foreach (var (socket, at) in _open)
            if (at.Equals(address))
                try { socket.Shutdown(SocketShutdown.Both); }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // It has ended already.
                }
    }

    private Task<bool> IsThereAsync(DnsEndPoint at, CancellationToken cancellation) => Knock.IsAnsweredAsync(
        at.Host, at.Port, _trips.TryGetValue(at, out var trip) ? 2 * trip : _silence, _time, cancellation);
}
