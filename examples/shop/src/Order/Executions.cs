using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Shop;

/// <summary>Counts what was executed: one line "ID REPLICA VERSION" per execution, appended to a file that all replicas
/// share, so that anybody can see whether a request was executed twice.</summary>
internal sealed partial class Executions : IDisposable
{
    private const int WriteOnly = 1, Create = 0x40, Append = 0x400;
    private readonly SafeFileHandle _file;

    public Executions(string path)
    {
        // With O_APPEND the kernel seeks and writes in one step, whoever else writes; .NET's own append mode does not.
        _file = Open(path, WriteOnly | Create | Append, 0x1A4 /* rw-r--r-- */);
        if (_file.IsInvalid) throw new IOException($"cannot open {path}: error {Marshal.GetLastPInvokeError()}");
    }

    public void Add(string id)
    {
        var line = Encoding.UTF8.GetBytes($"{id} {Replica.Name} {Build.Version}\n");
        if (Write(_file, line, line.Length) != line.Length)
            throw new IOException($"cannot note an execution: error {Marshal.GetLastPInvokeError()}");
    }

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, nint count);
}
