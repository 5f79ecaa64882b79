using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tangram.Bench.Faults;

/// <summary>A process that answers every packet with whether it can still open a file and map memory, and with what
/// time it is.</summary>
internal static unsafe class FaultTarget
{
    /// <summary>So much is always mapped anew, whatever the C library keeps.</summary>
    private const nuint Piece = 64 << 20;

    public static int Run(string[] args)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture)));
        var packet = new byte[100];
        EndPoint who = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            socket.ReceiveFrom(packet, ref who);
            (packet[4], packet[5]) = ((byte)(Opens() ? 1 : 0), (byte)(Maps() ? 1 : 0));
            BitConverter.TryWriteBytes(packet.AsSpan(6), DateTime.UtcNow.Ticks);
            socket.SendTo(packet, 0, 14, SocketFlags.None, who);
        }
    }

    private static bool Opens()
    {
        try
        {
            using var file = File.OpenHandle("/dev/null");
            return true;
        }
        catch (IOException) { return false; }
    }

    private static bool Maps()
    {
        try
        {
            NativeMemory.Free(NativeMemory.Alloc(Piece));
            return true;
        }
        catch (OutOfMemoryException) { return false; }
    }
}
