using System.Net;
using System.Threading.Channels;
using Tangram.Routing.Http1;
using Tangram.Routing.Sockets;

namespace Tangram.Routing;

/// <summary>Finds out whether anybody is where a backend is: when its machine acknowledges nothing, when it owes
/// answers and gives none, and when another backend of its machine was lost. When no connection comes about, everything
/// that waits there and is safe to repeat goes elsewhere. New requests go elsewhere too, until somebody is there
/// again.</summary>
internal sealed class SilenceProbe
{
    /// <summary>Half of <see cref="SilenceWatch.Silence"/>: that silence is noticed after one and a half of it at
    /// most.</summary>
    private static readonly TimeSpan Every = SilenceWatch.Silence / 2;

    /// <summary>When a lost backend is asked again: soon, for packets may just have been lost, then after twice the
    /// time each.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100), Rarest = TimeSpan.FromSeconds(2);

    private readonly Routes _routes;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly SilenceWatch _watch = new();

    /// <summary>Each pool is in here once at the most: who has taken it by <see cref="BackendPool.TryAsk"/>.</summary>
    private readonly Channel<(BackendPool Pool, bool IsLost)> _questions =
        Channel.CreateUnbounded<(BackendPool, bool)>();

    public SilenceProbe(Routes routes, ConnectionWatch connections, GatewayOptions options, TimeProvider time)
    {
        (_routes, _options, _time) = (routes, options, time);
        routes.Lost += backend => Ask(routes.PoolOf(backend), isLost: true);
        connections.Doubted += pool => Ask(pool, isLost: false);
    }

    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(LookAsync(cancellation), AnswerAsync(cancellation));

    private async Task LookAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, _time);
        var ask = new List<Backend>();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                ask.Clear();
                _watch.Look(_routes.Table.All(), _routes.Now, ask);
                foreach (var backend in ask) Ask(_routes.PoolOf(backend), isLost: false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The gateway ends.
        }
    }

    private async Task AnswerAsync(CancellationToken cancellation)
    {
        var asking = new List<Task>();
        try
        {
            await foreach (var (pool, isLost) in _questions.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                asking.RemoveAll(task => task.IsCompletedSuccessfully);
                asking.Add(AskAsync(pool, isLost, cancellation));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Task.WhenAll(asking).ConfigureAwait(false);
        }
    }

    private void Ask(BackendPool? pool, bool isLost)
    {
        if (pool?.TryAsk() == true) _questions.Writer.TryWrite((pool, isLost));
    }

    private async Task AskAsync(BackendPool pool, bool isLost, CancellationToken cancellation)
    {
        try
        {
            if (!isLost) isLost = await LosesAsync(pool, cancellation).ConfigureAwait(false);
            if (isLost) await FollowAsync(pool, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The gateway ends.
        }
        finally
        {
            pool.EndAsking();
        }
    }

    /// <summary>A program that takes connections too slowly lets attempts wait as well, but it answers.</summary>
    private async Task<bool> LosesAsync(BackendPool pool, CancellationToken cancellation)
    {
        if (_routes.Of(pool) is not { } backend) return false;
        var answers = backend.Counters.Successes;
        if (await IsThereAsync(backend, pool, cancellation).ConfigureAwait(false)
            || backend.Counters.Successes != answers) return false;
        _routes.Lose(backend);
        return true;
    }

    /// <summary>No request is to try a lost backend before somebody is there: it would wait in vain.</summary>
    private async Task FollowAsync(BackendPool pool, CancellationToken cancellation)
    {
        if (_routes.Of(pool) is { } lost) AskNeighbours(lost);
        for (var pause = Again; _routes.Of(pool) is { Counters.Ejected: true } backend;
            pause = pause * 2 < Rarest ? pause * 2 : Rarest)
        {
            backend.Counters.TryAgainAt(_routes.Now + pause + _options.ConnectTimeout * 2);
            await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
            if (!await IsThereAsync(backend, pool, cancellation).ConfigureAwait(false)) continue;
            backend.Counters.TryAgainAt(_routes.Now);
            return;
        }
    }

    private void AskNeighbours(Backend lost)
    {
        // This machine is not gone.
        if (IPAddress.TryParse(lost.Host, out var address) && IPAddress.IsLoopback(address)) return;
        foreach (var other in _routes.Table.All())
            if (other.Host == lost.Host && !other.Counters.Gone) Ask(_routes.PoolOf(other), isLost: false);
    }

    private Task<bool> IsThereAsync(Backend backend, BackendPool pool, CancellationToken cancellation)
    {
        var (host, port) = _routes.Detours.To(backend);
        var patience = pool.RoundTrip is { } trip ? 2 * trip : _options.ConnectTimeout;
        return Knock.IsAnsweredAsync(host, port, patience, _time, cancellation);
    }
}
