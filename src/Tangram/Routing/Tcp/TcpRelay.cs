using System.Collections.Concurrent;
using System.Net.Sockets;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Routing.Tcp;

/// <summary>Passes connections on to backends as they are, and counts each in at its backend until it has
/// ended.</summary>
internal sealed class TcpRelay(Routes routes, GatewayOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<long, Task> _running = [];
    private readonly CancellationTokenSource _cut = new();
    private readonly int _most = OpenFiles.Quarter(options.MostConnections);
    private long _last;

    /// <summary>Connections that are open.</summary>
    public int Open => _running.Count;

    /// <summary>Takes the socket over. Beyond the limit it is closed at once.</summary>
    public void Take(Socket client, TcpChoice choice)
    {
        if (_running.Count >= _most || _cut.IsCancellationRequested)
        {
            client.Dispose();
            return;
        }
        var id = Interlocked.Increment(ref _last);
        var running = RunAsync(id, client, choice);
        _running[id] = running;
        if (running.IsCompleted) _running.TryRemove(id, out _);
    }

    /// <summary>Waits for those that run, and then cuts them.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        await Task.WhenAny(Task.WhenAll(_running.Values), Task.Delay(patience, time)).ConfigureAwait(false);
        await _cut.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Values).ConfigureAwait(false);
    }

    private async Task RunAsync(long id, Socket client, TcpChoice choice)
    {
        await Task.Yield();
        try
        {
            await PassAsync(client, choice).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has cut it, or we have, or it was idle.
            TcpPump.Cut(client);
        }
        finally
        {
            client.Dispose();
            _running.TryRemove(id, out _);
        }
    }

    private async Task PassAsync(Socket client, TcpChoice choice)
    {
        using var opening = new TcpOpening();
        using (var patience = new CancellationTokenSource(options.HandshakeTime, time))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _cut.Token))
            if (!await opening.ReadAsync(client, choice, either.Token).ConfigureAwait(false)) return;
        if (await ConnectAsync(opening.Spec!.Service).ConfigureAwait(false) is not var (server, chosen)) return;
        chosen.Service.Counters.Enter();
        try
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(chosen.Abandon, _cut.Token);
            await opening.PassOnAsync(client, server, cut.Token).ConfigureAwait(false);
            await TcpPump.RunAsync(client, server, opening.Spec.Idle, time, cut.Token).ConfigureAwait(false);
        }
        catch
        {
            TcpPump.Cut(server);
            throw;
        }
        finally
        {
            server.Dispose();
            chosen.Service.Counters.Leave();
            routes.Leave(chosen.Backend);
        }
    }

    /// <summary>Each backend once, and again for as long as a request would wait. Nothing has been sent yet, so every
    /// failure may be repeated elsewhere.</summary>
    private async Task<(Socket Server, Choice Chosen)?> ConnectAsync(ServiceName name)
    {
        var (tried, until) = (default(Tried), routes.Now + options.QueueTime);
        while (true)
        {
            var published = routes.Published;
            while (routes.Choose(name, in tried) is { } choice)
            {
                tried.Add(choice.Backend);
                if (await ConnectAsync(choice.Backend).ConfigureAwait(false) is { } server) return (server, choice);
                Ejection.Report(choice.Service, choice.Backend, AttemptOutcome.NeverSent, routes.Now);
                routes.Leave(choice.Backend);
            }
            if (routes.Now >= until) return null;
            await Task.WhenAny(published, Task.Delay(options.QueueLook, time, _cut.Token)).ConfigureAwait(false);
            _cut.Token.ThrowIfCancellationRequested();
            tried.Clear();
        }
    }

    private async Task<Socket?> ConnectAsync(Backend backend)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var patience = new CancellationTokenSource(options.ConnectTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _cut.Token);
            var (host, port) = routes.Detours.To(backend);
            await server.ConnectAsync(host, port, either.Token).ConfigureAwait(false);
            return server;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            server.Dispose();
            return null;
        }
    }
}
