using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>The kernel's ends of a switch for packets: a TUN device, from which what this machine sends is read, and a
/// raw socket, by which it is sent on. IPv4.</summary>
internal static unsafe partial class PacketNative
{
    public const int Busy = 16;

    private const string TunPath = "/dev/net/tun";
    private const nuint SetInterface = 0x400454ca;
    private const short Tun = 0x0001, NoHead = 0x1000;
    private const int NameLength = 16, RequestLength = 40, FlagsAt = 16;
    private const int Internet = 2, RawSocket = 3, RawProtocol = 255, CloseOnExec = 0x80000;
    private const int SocketLevel = 1, SendBuffer = 7, MarkOption = 36;

    /// <summary>A device of this name, which the kernel takes away when the handle is closed, however we end. Without
    /// a virtio head the kernel cuts segments to the device's size and completes checksums before we read
    /// them. Null: there is such a device already.</summary>
    public static SafeFileHandle? OpenTun(string name)
    {
        SafeFileHandle file;
        try { file = Descriptors.Opened(TunPath, 2 | Native.NonBlocking); }
        catch (IOException e) { throw new FaultMissedException($"packets cannot be had: {e.Message}. {Remedy}"); }
        var request = stackalloc byte[RequestLength];
        new Span<byte>(request, RequestLength).Clear();
        for (var i = 0; i < name.Length && i < NameLength - 1; i++) request[i] = (byte)name[i];
        *(short*)(request + FlagsAt) = Tun | NoHead;
        if (Native.Ioctl(file.Number(), SetInterface, request) == 0) return file;
        var (error, why) = (Native.Errno, Native.Why);
        file.Dispose();
        return error == Busy ? null
            : throw new FaultMissedException($"a device for packets cannot be made: {why}. {Remedy}");
    }

    /// <summary>What is sent by it has its head already and bears the mark.</summary>
    public static SafeFileHandle OpenRaw(uint mark)
    {
        var descriptor = NewSocket(Internet, RawSocket | CloseOnExec, RawProtocol);
        if (descriptor < 0)
            throw new FaultMissedException($"packets cannot be sent on: {Native.Why}. {Remedy}");
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var room = 4 << 20;
        _ = SetOption(descriptor, SocketLevel, SendBuffer, (byte*)&room, sizeof(int));
        if (SetOption(descriptor, SocketLevel, MarkOption, (byte*)&mark, sizeof(uint)) == 0) return handle;
        var why = Native.Why;
        handle.Dispose();
        throw new FaultMissedException($"packets cannot be marked: {why}. {Remedy}");
    }

    /// <summary>To the address in its head. False: the kernel did not take it.</summary>
    public static bool Send(int raw, byte* packet, int length)
    {
        // struct sockaddr_in: family, port, address; the address stands at 16 in the packet.
        var address = stackalloc byte[16];
        new Span<byte>(address, 16).Clear();
        *(short*)address = Internet;
        *(uint*)(address + 4) = *(uint*)(packet + 16);
        return SendTo(raw, packet, length, 0, address, 16) == length;
    }

    /// <summary>Waits until there is a packet, to the microsecond and not only to the millisecond.</summary>
    public static bool Wait(int tun, TimeSpan most)
    {
        var entry = new PollEntry { Descriptor = tun, Events = PollEntry.In };
        var time = stackalloc long[2];
        time[0] = most.Ticks / TimeSpan.TicksPerSecond;
        time[1] = most.Ticks % TimeSpan.TicksPerSecond * 100;
        return PreciselyPoll(&entry, 1, time, null) > 0 && (entry.Returned & PollEntry.In) != 0;
    }

    private const string Remedy = "Faults of links need /dev/net/tun, CAP_NET_ADMIN and CAP_NET_RAW: run as root";

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int NewSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int socket, int level, int option, byte* value, uint length);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(int socket, byte* packet, nint length, int flags, byte* address, uint size);

    [LibraryImport("libc", EntryPoint = "ppoll", SetLastError = true)]
    private static partial int PreciselyPoll(PollEntry* entries, nuint count, long* time, byte* signals);
}
