using System.Net;
using System.Net.Sockets;

namespace Tangram.ClusterTests.Drilling;

/// <summary>Ports of 127.0.0.1 on which something is about to listen. They lie where neither the kernel takes those of
/// outgoing connections nor a cluster those of its replicas, and none is given twice: what is free now is free when it
/// is used.</summary>
internal static class FreePort
{
    private const int Lowest = 10_000, Count = 10_000;

    /// <summary>Two runs at a time seldom meet.</summary>
    private static int _given = Random.Shared.Next(Count);

    public static int Take()
    {
        for (var tried = 0; tried < Count; tried++)
        {
            var port = Lowest + (int)((uint)Interlocked.Increment(ref _given) % Count);
            if (IsFree(port)) return port;
        }
        throw new InvalidOperationException($"no port from {Lowest} to {Lowest + Count - 1} is free");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
