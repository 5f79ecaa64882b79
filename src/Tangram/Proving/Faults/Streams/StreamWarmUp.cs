using System.Net;
using System.Net.Sockets;
using Tangram.Model;

namespace Tangram.Proving.Faults.Streams;

/// <summary>Passes something through a proxy of its own, before anything of the gateway's comes: what runs for the
/// first time takes tens of milliseconds, and the gateway would leave the replica for that and not for the
/// fault.</summary>
internal static class StreamWarmUp
{
    private const int Rounds = 30;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private static readonly byte[] Request = "GET / HTTP/1.1\r\nHost: tangram\r\n\r\n"u8.ToArray();
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    public static async Task RunAsync(FaultKind kind, ImpairmentSpec spec, TimeProvider time)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var proxy = new StreamProxy(((IPEndPoint)listener.LocalEndPoint!).Port,
            new ImpairedPath(kind, spec, new Rng(0), new StreamTally(time), time), time);
        await using var disposing = proxy.ConfigureAwait(false);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(Longest, time);
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, proxy.Port, patience.Token).ConfigureAwait(false);
            using var server = await listener.AcceptAsync(patience.Token).ConfigureAwait(false);
            var room = new byte[1024];
            for (var i = 0; i < Rounds; i++)
            {
                await client.SendAsync(Request, patience.Token).ConfigureAwait(false);
                await server.ReceiveAsync(room, patience.Token).ConfigureAwait(false);
                await server.SendAsync(Answer, patience.Token).ConfigureAwait(false);
                await client.ReceiveAsync(room, patience.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // On a machine that has so much to do nothing is quick anyway.
        }
    }
}
