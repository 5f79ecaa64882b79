using System.Net.Sockets;

namespace Tangram.Routing.Sockets;

/// <summary>Finds out whether a machine is there. Its kernel answers an attempt to connect at once, whatever its
/// programs do; several attempts, because a packet may be lost.</summary>
internal static class Knock
{
    /// <summary>Where every tenth packet is lost in each direction, all are once in four thousand times.</summary>
    private const int Times = 5;

    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(15);

    /// <summary>False: nothing came back, not even a refusal, until <paramref name="patience"/> after the last
    /// attempt.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task<bool> IsAnsweredAsync(
        string host, int port, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var attempts = new List<Task<bool>>();
        while (attempts.Count < Times)
        {
            attempts.Add(TryAsync(host, port, over.Token));
            if (await AnyAsync(attempts, attempts.Count < Times ? Apart : Apart + patience, time, cancellation)
                .ConfigureAwait(false)) break;
        }
        // Who comes about while it is given up is told too: a process that gets no time hears of both too late.
        await over.CancelAsync().ConfigureAwait(false);
        var answered = await Task.WhenAll(attempts).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return answered.Contains(true);
    }

    private static async Task<bool> AnyAsync(
        List<Task<bool>> attempts, TimeSpan within, TimeProvider time, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var waited = Task.Delay(within, time, enough.Token);
        var open = new List<Task>(attempts.Where(attempt => !attempt.IsCompleted)) { waited };
        while (!attempts.Exists(attempt => attempt is { IsCompletedSuccessfully: true, Result: true })
            && !waited.IsCompleted)
            open.Remove(await Task.WhenAny(open).ConfigureAwait(false));
        await enough.CancelAsync().ConfigureAwait(false);
        return attempts.Exists(attempt => attempt is { IsCompletedSuccessfully: true, Result: true });
    }

    private static async Task<bool> TryAsync(string host, int port, CancellationToken over)
    {
        try
        {
            (await PolledSocket.ConnectAsync(host, port, over).ConfigureAwait(false)).Dispose();
            return true;
        }
        catch (Exception e) when (AttemptEnd.IsUnreachable(e))
        {
            return false;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It refuses, so its machine lives and has said so on the open connections too; or we have no more room.
            return true;
        }
    }
}
