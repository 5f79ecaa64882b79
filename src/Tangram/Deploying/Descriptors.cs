using Microsoft.Win32.SafeHandles;

namespace Tangram.Deploying;

/// <summary>Raw descriptors, all closed on exec, as handles that cannot leak.</summary>
internal static class Descriptors
{
    public static unsafe (SafeFileHandle Read, SafeFileHandle Write) Pipe(bool nonBlockingRead = false)
    {
        int* ends = stackalloc int[2];
        if (Native.Pipe(ends, Native.CloseOnExec) != 0) throw new IOException($"no pipe could be made: {Native.Why}");
        var read = new SafeFileHandle(ends[Native.ReadEnd], ownsHandle: true);
        var write = new SafeFileHandle(ends[Native.WriteEnd], ownsHandle: true);
        if (nonBlockingRead) SetNonBlocking(ends[Native.ReadEnd]);
        return (read, write);
    }

    /// <summary>Opens for appending: every write lands at the end, whoever else writes or cuts the file.</summary>
    public static SafeFileHandle Append(string path) => Opened(path, Native.WriteOnly | Native.Append | Native.Create);

    public static SafeFileHandle Null() => Opened("/dev/null", 2);

    public static SafeFileHandle Opened(string path, int flags)
    {
        var descriptor = Native.Open(path, flags | Native.CloseOnExec, 0x180);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path} could not be opened: {Native.Why}");
    }

    /// <summary>What the one who started this process left open ends with this process: a daemon or a replica that had
    /// it too would hold it for ever, as the lock of a script that brings a cluster up. Kernels before 5.11 refuse, and
    /// leave it as it is.</summary>
    public static void KeepInherited()
    {
        const nint closeRange = 436, first = 3, closeOnExec = 4;
        _ = Native.Call(closeRange, first, int.MaxValue, closeOnExec);
    }

    public static int Number(this SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    // Of this end alone: pipe2's flag would hold for both, and programs do not expect it of their output.
    private static unsafe void SetNonBlocking(int descriptor)
    {
        const nuint fionbio = 0x5421;
        var on = 1;
        if (Native.Ioctl(descriptor, fionbio, (byte*)&on) != 0) throw new IOException(Native.Why);
    }
}
