using System.Net;
using System.Net.Sockets;
using Tangram.Routing.Sockets;

namespace Tangram.ClusterTests.Routing;

/// <summary>A time-out of our own is told from a machine that gives no sign.</summary>
public sealed class PolledSocketTests
{
    private static readonly CancellationToken Over = new(canceled: true);

    [Fact]
    public async Task A_connection_that_is_there_counts_though_the_wait_is_over()
    {
        using var listener = Listening(backlog: 8);
        using var socket = await PolledSocket.ConnectAsync("127.0.0.1", PortOf(listener), Over);
        Assert.Equal(PortOf(listener), ((IPEndPoint)socket.RemoteEndPoint!).Port);
    }

    [Fact]
    public async Task Where_nothing_comes_back_the_wait_ends_without_one()
    {
        // A queue that is full drops what comes, as a machine without power does
        using var listener = Listening(backlog: 0);
        using var inTheWay = await PolledSocket.ConnectAsync("127.0.0.1", PortOf(listener), default);
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            (await PolledSocket.ConnectAsync("127.0.0.1", PortOf(listener), Over)).Dispose());
    }

    [Fact]
    public async Task A_refusal_is_a_refusal_though_the_wait_is_over()
    {
        using var listener = Listening(backlog: 8);
        var port = PortOf(listener);
        listener.Dispose();
        var refused = await Assert.ThrowsAsync<SocketException>(async () =>
            (await PolledSocket.ConnectAsync("127.0.0.1", port, Over)).Dispose());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    private static Socket Listening(int backlog)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    private static int PortOf(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;
}
