using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

[assembly: AssemblyFixture(typeof(Tangram.OneAtATime))]

namespace Tangram;

/// <summary>`dotnet test` runs the test projects side by side. Real processes with deadlines beside 500 simulated
/// clusters on two cores would fail for want of a core, so each project takes this lock for its whole run. The kernel
/// gives it back when the process ends, however it ends.</summary>
public sealed partial class OneAtATime : IDisposable
{
    private const int ReadWrite = 2, Create = 0x40, CloseOnExec = 0x80000, OwnerOnly = 0x180;
    private const int Exclusive = 2;
    private readonly SafeFileHandle _file;

    public OneAtATime()
    {
        // By hand, because .NET's own way to open a file already takes a lock, and does not wait for it.
        var path = Path.Combine(Repository.Root, "artifacts", "tests.lock");
        _file = Open(path, ReadWrite | Create | CloseOnExec, OwnerOnly);
        if (_file.IsInvalid || Lock(_file, Exclusive) != 0)
            throw new IOException($"cannot lock {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);
}
