using System.Runtime.InteropServices;

namespace Tangram.Deploying;

/// <summary>The system calls that .NET has no word for. Linux, glibc or musl; the numbers are the same on x64 and
/// arm64. Each returns -1 and leaves errno in <see cref="Errno"/> on failure, unless it says otherwise.</summary>
internal static unsafe partial class Native
{
    public const int SigKill = 9, SigTerm = 15;
    public const int NoSuchProcess = 3, NoChild = 10, NotPermitted = 1, WouldBlock = 11;

    public const int WriteOnly = 0x1, Create = 0x40, Append = 0x400, NonBlocking = 0x800, CloseOnExec = 0x80000;
    public const int ReadEnd = 0, WriteEnd = 1;

    public const int LockExclusive = 2, LockNoWait = 4;
    public const int KeepSize = 1, PunchHole = 2;
    public const int SeekEnd = 2, SeekToContent = 3;
    public const int WaitNoHang = 1;

    public const int EpollAdd = 1, EpollDelete = 2;
    public const uint EpollIn = 1, EpollOut = 4, EpollError = 8, EpollHangUp = 0x10, EpollPeerHangUp = 0x2000;
    public const uint EpollEdges = 1u << 31;

    public static int Errno => Marshal.GetLastPInvokeError();

    /// <summary>The system's own words for the last error.</summary>
    public static string Why => Marshal.GetLastPInvokeErrorMessage();

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int PosixSpawn(
        int* pid, byte* path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int SpawnAttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int SpawnAttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int SpawnAttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int SpawnAttributesSetDefaultSignals(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int SpawnAttributesSetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int SpawnActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int SpawnActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int SpawnActionsAddDup2(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np")]
    public static partial int SpawnActionsAddChdir(byte* actions, byte* folder);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SigEmptySet(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int SigFillSet(byte* signals);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    /// <summary>For calls that the C library of an older system has no name for.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Call(nint number, nint first, nint second, nint third);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* bytes, nint length);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(int descriptor, byte* buffer, nint length, long at);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint WriteAt(int descriptor, byte* bytes, nint length, long at);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Fallocate(int descriptor, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int NewSession();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* @event);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int descriptor, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* answer);

    /// <summary>Not a pipe, socket or device, nor a link: .NET calls all of these files.</summary>
    public static bool IsRegularFile(string path)
    {
        const int workingFolder = -100, noFollow = 0x100, modeAt = 28, typeMask = 0xF000, regular = 0x8000;
        byte* answer = stackalloc byte[256];
        return Statx(workingFolder, path, noFollow, 1, answer) == 0
            && (*(ushort*)(answer + modeAt) & typeMask) == regular;
    }

    /// <summary>Inodes that are free and all of them; zeros where the file system does not count them.</summary>
    public static (long Free, long All) Inodes(string path)
    {
        // struct statvfs, 64-bit, glibc and musl: bsize frsize blocks bfree bavail files ffree favail, 8 bytes each.
        long* answer = stackalloc long[32];
        return Statvfs(path, (byte*)answer) == 0 ? (answer[7], answer[5]) : (0, 0);
    }

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statvfs(string path, byte* answer);

    /// <summary>Whether something keeps the clock, and by how many microseconds it may be off; null when the kernel
    /// does not say.</summary>
    public static (bool Synchronised, long MaxError)? ClockState()
    {
        // struct timex, 64-bit: modes (0 asks only), offset, freq, maxerror, esterror, then status as an int.
        const int maxErrorAt = 3, statusAt = 5, unsynchronised = 0x40;
        long* answer = stackalloc long[32];
        new Span<long>(answer, 32).Clear();
        if (Adjtimex((byte*)answer) < 0) return null;
        return ((*(int*)(answer + statusAt) & unsynchronised) == 0, answer[maxErrorAt]);
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int Adjtimex(byte* timex);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int ProcessLimit(int pid, int resource, ulong* wanted, ulong* before);

    /// <summary>Of another process; <see cref="ulong.MaxValue"/> means none.</summary>
    public static bool SetLimit(int pid, int resource, ulong soft, ulong hard)
    {
        var wanted = stackalloc ulong[] { soft, hard };
        return ProcessLimit(pid, resource, wanted, null) == 0;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d);

    /// <summary>A descriptor that stands for this process and no later one of the same number (Linux 5.3). It is
    /// closed on exec by definition.</summary>
    public static int PidfdOpen(int pid) => (int)Syscall(434, pid, 0, 0, 0);

    /// <summary>A copy of a descriptor of that process, closed on exec (Linux 5.6). Needs what ptrace needs.</summary>
    public static int PidfdGetDescriptor(int pidfd, int descriptor) => (int)Syscall(438, pidfd, descriptor, 0, 0);

    /// <summary>With <paramref name="group"/>, to its whole process group (Linux 6.9; EINVAL before).</summary>
    public static int PidfdSendSignal(int pidfd, int signal, bool group = false) =>
        (int)Syscall(424, pidfd, signal, 0, group ? 4 : 0);
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public const short In = 1, HangUp = 0x10;

    public int Descriptor;
    public short Events;
    public short Returned;
}
