using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tangram.Routing.Sockets;

/// <summary>The system calls of sockets that never wait.</summary>
internal static unsafe partial class Calls
{
    public const int Interrupted = 4, Again = 11, BrokenPipe = 32, Reset = 104, NotConnected = 107;

    /// <summary>MSG_DONTWAIT; MSG_NOSIGNAL.</summary>
    private const int DontWait = 0x40, NoSignal = 0x4000;

    /// <summary>Not ready.</summary>
    public const int NotNow = -1;

    /// <summary>How many it received, 0 at the end, or <see cref="NotNow"/>.</summary>
    /// <exception cref="SocketException">The connection has failed.</exception>
    /// <exception cref="ObjectDisposedException">It was closed here.</exception>
    public static int Receive(SafeHandle socket, Span<byte> into)
    {
        fixed (byte* first = into)
            while (true)
            {
                var received = Receive(socket, first, (nuint)into.Length, DontWait);
                if (received >= 0) return (int)received;
                if (Failed() is { } error) return error;
            }
    }

    /// <summary>How many it took, or <see cref="NotNow"/>. Throws as <see cref="Receive(SafeHandle, Span{byte})"/>
    /// does.</summary>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
            while (true)
            {
                var sent = Send(socket, first, (nuint)bytes.Length, DontWait | NoSignal);
                if (sent >= 0) return (int)sent;
                if (Failed() is { } error) return error;
            }
    }

    /// <summary>Several pieces in one call.</summary>
    public static int Send(SafeHandle socket, ReadOnlySpan<Piece> pieces)
    {
        fixed (Piece* first = pieces)
        {
            var message = new Message { Pieces = first, Count = (nuint)pieces.Length };
            while (true)
            {
                var sent = Send(socket, &message, DontWait | NoSignal);
                if (sent >= 0) return (int)sent;
                if (Failed() is { } error) return error;
            }
        }
    }

    /// <summary>Null: once more.</summary>
    private static int? Failed() => Marshal.GetLastPInvokeError() switch
    {
        Interrupted => null,
        Again => NotNow,
        BrokenPipe or Reset => throw new SocketException((int)SocketError.ConnectionReset),
        NotConnected => throw new SocketException((int)SocketError.NotConnected),
        var errno => throw new SocketException((int)SocketError.SocketError, Marshal.GetPInvokeErrorMessage(errno)),
    };

    /// <summary>struct iovec.</summary>
    public struct Piece
    {
        public byte* First;
        public nuint Length;
    }

    /// <summary>struct msghdr, as 64-bit Linux has it.</summary>
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint Count;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeHandle socket, byte* into, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, Message* message, int flags);
}
