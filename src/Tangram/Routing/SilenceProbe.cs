using System.Net.Sockets;
using Tangram.Routing.Sockets;

namespace Tangram.Routing;

/// <summary>Tries a connection to backends that owe answers and give none. When none comes about, everything that waits
/// there and is safe to repeat goes elsewhere.</summary>
internal sealed class SilenceProbe(Routes routes, GatewayOptions options, TimeProvider time)
{
    /// <summary>Half of <see cref="SilenceWatch.Silence"/>: a silence is noticed after one and a half of it at
    /// most.</summary>
    private static readonly TimeSpan Every = SilenceWatch.Silence / 2;

    private readonly SilenceWatch _watch = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, time);
        var (asking, ask) = (new List<Task>(), new List<Backend>());
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                asking.RemoveAll(task => task.IsCompletedSuccessfully);
                ask.Clear();
                _watch.Look(routes.Table.All(), routes.Now, ask);
                foreach (var backend in ask) asking.Add(AskAsync(backend, cancellation));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Task.WhenAll(asking).ConfigureAwait(false);
        }
    }

    private async Task AskAsync(Backend backend, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var (host, port) = routes.Detours.To(backend);
        try { (await PolledSocket.ConnectAsync(host, port, either.Token).ConfigureAwait(false)).Dispose(); }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { /* The gateway ends. */ }
        catch (Exception e) when (AttemptEnd.IsUnreachable(e)) { routes.Lose(backend); }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It refuses, so its machine lives and has said so on the open connections too; or we have no more room.
        }
    }
}
