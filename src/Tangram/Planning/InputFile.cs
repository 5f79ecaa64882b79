using System.Diagnostics;
using Tangram.Deploying;

namespace Tangram.Planning;

internal enum InputFault { None, Missing, Folder, TooLarge, Silent, Unreadable }

/// <param name="Bytes">Null when there is a fault.</param>
/// <param name="Why">The system's own words; empty when the fault says it all.</param>
internal readonly record struct InputAnswer(byte[]? Bytes, InputFault Fault, string Why);

/// <summary>Reads files that people name. Whatever stands there, it ends: a file is read up to a size, and a pipe or a
/// device for a time, which all that one command reads share.</summary>
internal sealed class InputFile(TimeSpan patience)
{
    /// <summary>A program that writes into a pipe may have to ask its user for a password first.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const int NoEntry = 2, Interrupted = 4, NotAFolder = 20, IsAFolder = 21, NoSeeking = 29;
    private const int SeekStart = 0, NoTerminal = 0x100, FirstBuffer = 1 << 16;

    private TimeSpan _left = patience;

    public InputAnswer Read(string path, int most)
    {
        if (path.Contains('\0', StringComparison.Ordinal)) return new InputAnswer(null, InputFault.Missing, "");
        // Without NonBlocking, opening a pipe that nobody writes into would never return.
        var descriptor = Native.Open(path, Native.NonBlocking | Native.CloseOnExec | NoTerminal, 0);
        if (descriptor < 0) return Failed();
        try
        {
            return All(descriptor, most);
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }

    private static InputAnswer Failed() => Native.Errno switch
    {
        NoEntry or NotAFolder => new InputAnswer(null, InputFault.Missing, ""),
        IsAFolder => new InputAnswer(null, InputFault.Folder, ""),
        _ => new InputAnswer(null, InputFault.Unreadable, char.ToLowerInvariant(Native.Why[0]) + Native.Why[1..]),
    };

    private unsafe InputAnswer All(int descriptor, int most)
    {
        var size = Native.Seek(descriptor, 0, Native.SeekEnd);
        // What has no place to seek to is a pipe or a terminal.
        var pipe = size < 0 && Native.Errno == NoSeeking;
        if (size >= 0) _ = Native.Seek(descriptor, 0, SeekStart);
        // One byte of a file that is too large tells that it is no folder, whose size means nothing.
        var (buffer, length) = (new byte[size > most ? 1 : size > 0 ? size + 1 : Math.Min(FirstBuffer, most + 1)], 0);
        while (true)
        {
            if (length > most || (size > most && length > 0)) return new InputAnswer(null, InputFault.TooLarge, "");
            if (length == buffer.Length) Array.Resize(ref buffer, (int)Math.Min(2L * length, most + 1L));
            nint got;
            fixed (byte* to = &buffer[length]) got = Native.Read(descriptor, to, buffer.Length - length);
            length += (int)Math.Max(0, got);
            if (got > 0) continue;
            var errno = got < 0 ? Native.Errno : 0;
            if (errno == Interrupted) continue;
            // A pipe that nobody has opened yet seems to be at its end.
            if (errno == Native.WouldBlock || (got == 0 && pipe && length == 0))
            {
                var found = Waited(descriptor);
                if ((found & PollEntry.In) != 0 || (found != 0 && got < 0)) continue;
                return found != 0
                    ? new InputAnswer([], InputFault.None, "") : new InputAnswer(null, InputFault.Silent, "");
            }
            return got < 0 ? Failed() : new InputAnswer(buffer[..length], InputFault.None, "");
        }
    }

    /// <summary>Waits for something to read, or for its writer to go, and says which; 0 when the time is over.
    /// </summary>
    private unsafe short Waited(int descriptor)
    {
        if (_left <= TimeSpan.Zero) return 0;
        var begun = Stopwatch.GetTimestamp();
        var entry = new PollEntry { Descriptor = descriptor, Events = PollEntry.In };
        var got = Native.Poll(&entry, 1, (int)Math.Ceiling(_left.TotalMilliseconds));
        _left -= Stopwatch.GetElapsedTime(begun);
        return got < 0 && Native.Errno == Interrupted ? PollEntry.In : entry.Returned;
    }
}
