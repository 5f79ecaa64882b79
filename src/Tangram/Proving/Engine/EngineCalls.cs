using System.Runtime.InteropServices;

namespace Tangram.Proving.Engine;

/// <summary>The system calls of the engine, on bare descriptors: each of them belongs to one thread, which closes it.
/// Linux; the numbers are the same on x64 and arm64. Each returns -1 and leaves errno on failure.</summary>
internal static unsafe partial class EngineCalls
{
    public const int Stream = 1, NonBlocking = 0x800, CloseOnExec = 0x80000;
    public const int DontWait = 0x40, NoSignal = 0x4000, Throw = 0x20;
    public const int SocketLevel = 1, SocketError = 4, IpLevel = 0, BindAddressNoPort = 24, TcpLevel = 6, NoDelay = 1;
    public const int CloneFiles = 0x400, TimerSlack = 29, DescriptorLimit = 7, ThreadCpu = 3, Monotonic = 1;
    public const int NoCall = 38;

    /// <summary>epoll_pwait2: waits by the nanosecond. Not in every libc.</summary>
    private const int EpollWaitNumber = 441;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int socket, byte* address, int length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, byte* address, int length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int name, int* value, int length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(int socket, int level, int name, int* value, int* length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int socket, byte* into, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int socket, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint EpollWait(
        nint number, nint epoll, byte* events, nint most, TimeSpec* timeout, nint signals, nint size);

    /// <summary>For this thread alone.</summary>
    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Control(int option, nuint value, nuint second, nuint third, nuint fourth);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, Limit* limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, Limit* limit);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int Clock(int clock, TimeSpec* time);

    /// <param name="nanoseconds">The longest that it waits.</param>
    public static int Wait(int epoll, byte* events, int most, long nanoseconds)
    {
        var timeout = new TimeSpec((nint)(nanoseconds / 1_000_000_000), (nint)(nanoseconds % 1_000_000_000));
        return (int)EpollWait(EpollWaitNumber, epoll, events, most, &timeout, 0, 0);
    }

    /// <summary>What the calling thread has used of a processor.</summary>
    public static TimeSpan CpuOfThisThread() => Read(ThreadCpu);

    /// <summary>The monotonic clock, as the kernel counts a thread's time by it.</summary>
    public static TimeSpan Uptime() => Read(Monotonic);

    private static TimeSpan Read(int clock)
    {
        TimeSpec time;
        return Clock(clock, &time) == 0
            ? TimeSpan.FromTicks(time.Seconds * TimeSpan.TicksPerSecond + time.Nanoseconds / 100)
            : TimeSpan.Zero;
    }

    /// <summary>How many descriptors a process may have, or a thread with a table of its own; raised as far as is
    /// allowed.</summary>
    public static long Descriptors(long wanted)
    {
        Limit limit;
        if (GetLimit(DescriptorLimit, &limit) != 0) return 1024;
        if ((long)limit.Soft >= wanted || limit.Soft == nuint.MaxValue) return wanted;
        var more = new Limit { Soft = (nuint)wanted, Hard = Math.Max((nuint)wanted, limit.Hard) };
        if (SetLimit(DescriptorLimit, &more) == 0) return wanted;
        more = limit with { Soft = limit.Hard };
        return SetLimit(DescriptorLimit, &more) == 0 ? (long)limit.Hard : (long)limit.Soft;
    }

    public struct Limit
    {
        public nuint Soft, Hard;
    }

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
