using System.Buffers;
using System.Net.Sockets;

namespace Tangram.Routing.Tcp;

/// <summary>Moves bytes both ways between two sockets. Each way ends by itself: where one end has said its last word,
/// it still hears the other (half-close).</summary>
internal static class TcpPump
{
    /// <summary>Two for each connection while it lasts.</summary>
    private const int BufferSize = 16 * 1024;

    /// <summary>Throws <see cref="OperationCanceledException"/> when nothing moved for so long, and what a socket
    /// throws that was cut.</summary>
    public static async Task RunAsync(
        Socket client, Socket server, TimeSpan idle, TimeProvider time, CancellationToken cut)
    {
        using var silence = new CancellationTokenSource(idle, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cut);
        var there = CopyAsync(client, server, silence, idle, end);
        var back = CopyAsync(server, client, silence, idle, end);
        await Task.WhenAll(there, back).ConfigureAwait(false);
    }

    public static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[(await to.SendAsync(bytes, cancellation).ConfigureAwait(false))..];
    }

    /// <summary>When it is disposed of, the other end shall see a cut (RST), and not take what it has for the
    /// whole.</summary>
    public static void Cut(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // It is cut already.
        }
    }

    private static async Task CopyAsync(
        Socket from, Socket to, CancellationTokenSource silence, TimeSpan idle, CancellationTokenSource end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int got;
            while ((got = await from.ReceiveAsync(buffer, end.Token).ConfigureAwait(false)) > 0)
            {
                silence.CancelAfter(idle);
                await SendAsync(to, buffer.AsMemory(0, got), end.Token).ConfigureAwait(false);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            await end.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
