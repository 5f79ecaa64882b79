using System.Net.Http;
using System.Net.Sockets;

namespace Tangram.Proving;

/// <summary>Connections that notice a machine that is gone: it says nothing, so only its silence tells.</summary>
internal static class LoadSocket
{
    /// <summary>TCP_USER_TIMEOUT, RFC 5482: how long what was sent may be unacknowledged, in milliseconds.</summary>
    private const int Tcp = 6, UserTimeout = 18;

    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Connecting(
        TimeSpan silence) => async (context, cancellation) =>
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            Watch(socket, silence);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    };

    /// <summary>While an answer is waited for nothing is unacknowledged, so the kernel asks, once a second at the
    /// most often that it can.</summary>
    private static void Watch(Socket socket, TimeSpan silence)
    {
        var seconds = Math.Max(1, (int)silence.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, seconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 1);
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes((int)silence.TotalMilliseconds));
    }
}
