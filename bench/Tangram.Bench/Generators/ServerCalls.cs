using System.Runtime.InteropServices;

namespace Tangram.Bench.Generators;

/// <summary>The system calls of a server, and of who asks what a tool has used.</summary>
internal static unsafe partial class ServerCalls
{
    public const int ReuseAddress = 2, ReusePort = 15, Children = -1;

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    public static partial int Listen(int socket, int backlog);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static partial int Accept(int socket, byte* address, int* length, int flags);

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static partial int Usage(int who, long* usage);

    /// <summary>User and system time of all children that have ended, from their start to their end.</summary>
    public static TimeSpan CpuOfChildren()
    {
        // struct rusage begins with two struct timeval, and has 144 bytes.
        var usage = stackalloc long[18];
        return Usage(Children, usage) == 0
            ? TimeSpan.FromSeconds(usage[0] + usage[2]) + TimeSpan.FromMicroseconds(usage[1] + usage[3])
            : throw new InvalidOperationException("getrusage failed");
    }
}
