using System.Buffers.Binary;

namespace Tangram.Deploying;

/// <summary>How a process ended, as waitpid's status word.</summary>
internal static unsafe class ExitStatus
{
    // struct pidfd_info, version 0: mask u64, cgroup u64, eleven u32 ids, exit code s32.
    private const int InfoSize = 64, ExitAt = 60;
    private const ulong HasExit = 1 << 3;
    private const nuint GetInfo = 0xC040FF0B;

    /// <summary>Reaps exactly this child. Null when it is not ours to reap, or still runs.</summary>
    public static int? Reap(int pid)
    {
        int status;
        return Native.WaitPid(pid, &status, Native.WaitNoHang) == pid ? status : null;
    }

    /// <summary>Of a process that has ended and that someone else reaps: while it waits for that, its zombie tells;
    /// afterwards, from Linux 6.15 on, the pidfd does. Waits for the reaping at most
    /// <paramref name="milliseconds"/> when needed. Null when it cannot be known.</summary>
    public static int? Ask(int pid, int pidfd, int milliseconds = 200)
    {
        // The kernel shows 0 to those who may not know.
        var trusted = Native.EffectiveUser() == 0;
        if (ProcessStat.Read(pid) is { Ended: true, ExitStatus: var shown } && (trusted || shown != 0)) return shown;
        var reaped = new PollEntry { Descriptor = pidfd };
        Native.Poll(&reaped, 1, milliseconds);
        byte* info = stackalloc byte[InfoSize];
        var bytes = new Span<byte>(info, InfoSize);
        bytes.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, HasExit);
        if (Native.Ioctl(pidfd, GetInfo, info) != 0) return null;
        var known = (BinaryPrimitives.ReadUInt64LittleEndian(bytes) & HasExit) != 0;
        return known ? BinaryPrimitives.ReadInt32LittleEndian(bytes[ExitAt..]) : null;
    }
}
