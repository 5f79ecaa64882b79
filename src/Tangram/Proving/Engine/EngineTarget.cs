using System.Net;
using System.Net.Sockets;

namespace Tangram.Proving.Engine;

/// <summary>Where connections go, as the kernel wants it, and from where.</summary>
internal sealed class EngineTarget
{
    /// <summary>A source address has 28,000 ports by default, and the kernel looks long for one when half of them are
    /// taken.</summary>
    public const int PerSource = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly IPEndPoint _to;

    public EngineTarget(IPEndPoint to)
    {
        _to = to;
        Address = Bytes(to);
    }

    public byte[] Address { get; }
    public int Family => (int)(_to.AddressFamily == AddressFamily.InterNetwork ? 2 : 10);

    /// <summary>The source address of a connection, where one is not enough; null: the kernel's choice.</summary>
    /// <param name="number">Of the connection, among all of the run.</param>
    public byte[]? Source(int number, int all)
    {
        if (all <= PerSource || !IPAddress.IsLoopback(_to.Address) || Family != 2) return null;
        return Bytes(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + number / PerSource)]), 0));
    }

    /// <summary>Null when the name has no address.</summary>
    public static async Task<EngineTarget?> FindAsync(Uri url, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            var addresses = IPAddress.TryParse(url.DnsSafeHost, out var one)
                ? [one]
                : await Dns.GetHostAddressesAsync(url.DnsSafeHost, cancellation);
            if (addresses.Length == 0) return null;
            foreach (var address in addresses.Length > 1 ? addresses : [])
                if (await AnswersAsync(address, url.Port, time, cancellation)) return Of(address);
            return Of(addresses[0]);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;
        }

        EngineTarget Of(IPAddress address) => new(new IPEndPoint(address, url.Port));
    }

    private static async Task<bool> AnswersAsync(
        IPAddress address, int port, TimeProvider time, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port, either.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static byte[] Bytes(IPEndPoint end)
    {
        var address = end.Serialize();
        return address.Buffer[..address.Size].ToArray();
    }
}
