using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Tangram.Proving.WebSockets;

/// <summary>Lets the platform compile what reads and writes messages, between two ends of its own.</summary>
internal static class WebSocketWarmUp
{
    private const int Rounds = 200;

    public static async Task RunAsync(TimeProvider time, CancellationToken cancellation)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await client.ConnectAsync(listener.LocalEndpoint, either.Token);
            using var server = await listener.AcceptSocketAsync(either.Token);
            using var here = Made(client, isServer: false);
            using var there = Made(server, isServer: true);
            var (message, room) = (new byte[16], new byte[64]);
            for (var i = 0; i < Rounds; i++)
            {
                await here.SendAsync(message.AsMemory(), WebSocketMessageType.Text, true, either.Token);
                await there.ReceiveAsync(room.AsMemory(), either.Token);
                await there.SendAsync(message.AsMemory(), WebSocketMessageType.Text, true, either.Token);
                await here.ReceiveAsync(room.AsMemory(), either.Token);
            }
        }
        catch (OperationCanceledException) { }
    }

    private static WebSocket Made(Socket socket, bool isServer) => WebSocket.CreateFromStream(
        new NetworkStream(socket, ownsSocket: false), isServer, null, Timeout.InfiniteTimeSpan);
}
