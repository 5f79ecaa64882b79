using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Tangram.Proving.Faults.Streams;

/// <summary>One connection of the gateway, and the one to the replica that belongs to it.</summary>
internal sealed class StreamConnection(Socket client, int port, ImpairedPath path)
{
    private readonly Socket _replica = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _cut = new();

    private ImpairedAnswers? _answers;

    /// <summary>It speaks something else than what is struck.</summary>
    public bool Untouched => _answers is { Passes: true };

    /// <summary>To its end, however that comes.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "one connection ends, and the other side is told as it would")]
    public async Task RunAsync()
    {
        StreamPump[] pumps = [];
        Task<bool>[] ways = [];
        try
        {
            client.NoDelay = true;
            await _replica.ConnectAsync(IPAddress.Loopback, port, _cut.Token).ConfigureAwait(false);
            var answers = _answers = path.NewAnswers();
            pumps =
            [
                new StreamPump(client, _replica, StreamDirection.To, path, answers),
                new StreamPump(_replica, client, StreamDirection.From, path, answers),
            ];
            ways = [.. pumps.Select(pump => pump.RunAsync(_cut.Token))];
            await EndedAsync(ways).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // One side has reset it, or there is nobody, or we cut it: to the other it is a reset too.
            Abandon(client);
            Abandon(_replica);
        }
        finally
        {
            await _cut.CancelAsync().ConfigureAwait(false);
            client.Dispose();
            _replica.Dispose();
            await Task.WhenAll((Task[])ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(pumps.Select(pump => pump.Taking)).ConfigureAwait(false);
        }
    }

    /// <summary>Resets both sides.</summary>
    public void Reset()
    {
        Abandon(client);
        Abandon(_replica);
        _cut.Cancel();
    }

    /// <summary>Closing it from now on is a reset: nothing lingers.</summary>
    public static void Abandon(Socket socket)
    {
        try { socket.LingerState = new LingerOption(true, 0); }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    /// <summary>Both ways, or as soon as one of them ends the connection.</summary>
    private static async Task EndedAsync(Task<bool>[] ways)
    {
        var first = await Task.WhenAny(ways).ConfigureAwait(false);
        if (await first.ConfigureAwait(false)) return;
        await ways[first == ways[0] ? 1 : 0].ConfigureAwait(false);
    }
}
