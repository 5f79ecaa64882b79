using Microsoft.Win32.SafeHandles;
using Tangram.Deploying;

namespace Tangram.Routing.Records;

/// <summary>A file that is appended to, also where somebody else cuts it short.</summary>
internal sealed class LogOutput : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path, _opened;
    private bool _torn;

    private LogOutput(SafeFileHandle file, string path) =>
        (_file, _path, _opened) = (file, path, Name(file) ?? "");

    /// <summary>Throws <see cref="IOException"/>.</summary>
    public static LogOutput Open(string path) => new(Descriptors.Append(path), path);

    /// <summary>It is this file, and still lies where it was opened: neither moved nor removed.</summary>
    public bool IsAt(string path) => path == _path && Name(_file) == _opened;

    /// <summary>Throws <see cref="IOException"/>: some of it may have been written.</summary>
    public void Write(ReadOnlySpan<byte> lines)
    {
        try
        {
            // Of a line for which there was no room, a part may stand there.
            if (_torn) WriteAll("\n"u8);
            _torn = true;
            WriteAll(lines);
            _torn = false;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{_path}: {e.Message}", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private unsafe void WriteAll(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* all = bytes)
            for (var done = 0; done < bytes.Length;)
            {
                var written = Native.Write(_file.Number(), all + done, bytes.Length - done);
                if (written < 0 && Native.Errno != Interrupted) throw new IOException($"{_path}: {Native.Why}");
                if (written > 0) done += (int)written;
            }
    }

    private const int Interrupted = 4;

    /// <summary>As the kernel knows it: another one once the file is moved, with "(deleted)" once it is
    /// removed.</summary>
    private static string? Name(SafeFileHandle file)
    {
        try { return File.ResolveLinkTarget($"/proc/self/fd/{file.Number()}", returnFinalTarget: false)?.FullName; }
        catch (IOException) { return null; }
    }
}
