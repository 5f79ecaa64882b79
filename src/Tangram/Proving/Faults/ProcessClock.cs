using System.Buffers.Binary;
using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>The wall clock of another process, as it reads it from its vDSO (<see cref="ClockPatch"/>). Whoever asks
/// the kernel directly is told the truth, and so is a program that is started later. Each fault leaves a mark of its
/// own, by which what was forked meanwhile is found.</summary>
internal static class ProcessClock
{
    private const int Stop = 19, Continue = 18, ReadWrite = 2, MostTries = 100;

    private static readonly TimeSpan StillWithin = TimeSpan.FromSeconds(2);

    /// <summary>What every process on this machine has.</summary>
    private static readonly Lazy<byte[]> Own = new(() => ReadLibrary(Environment.ProcessId, out _));

    /// <exception cref="FaultMissedException">It cannot be done; nothing was changed.</exception>
    public static async Task MoveAsync(int pid, long seconds, long mark, TimeProvider time)
    {
        var patch = Patch(seconds, mark);
        try
        {
            var library = ReadLibrary(pid, out var at);
            if (library.Length != Own.Value.Length
                || !library.AsSpan(0, patch.CodeAt).SequenceEqual(Own.Value.AsSpan(0, patch.CodeAt)))
                throw new FaultMissedException($"the clock of {pid} is off already, or it is no program of 64 bits");
            await WhileStillAsync(pid, at, patch, memory =>
            {
                Write(memory, at + patch.CodeAt, patch.Code);
                for (var i = 0; i < patch.Entries.Count; i++) Write(memory, at + patch.Entries[i], patch.Jump(i));
            }, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaultMissedException($"the clock of {pid} cannot be moved: {e.Message} (it takes root, or the " +
                "same user and kernel.yama.ptrace_scope = 0, and a kernel that lets one write there)");
        }
    }

    /// <summary>Those whose clocks are off by the fault with this mark.</summary>
    public static IEnumerable<int> Moved(long mark) =>
        ProcessStat.All().Where(process => !process.Ended && IsMoved(process.Pid, mark)).Select(process => process.Pid);

    /// <summary>It is right again. The code that the jumps led to stays, for a thread may be in it.</summary>
    /// <exception cref="FaultMissedException">It is not, though it runs still.</exception>
    public static async Task RestoreAsync(int pid, long mark, TimeProvider time)
    {
        try
        {
            var patch = Patch(0, mark);
            _ = ReadLibrary(pid, out var at);
            await WhileStillAsync(pid, at, patch, memory =>
            {
                foreach (var entry in patch.Entries)
                    Write(memory, at + entry, Own.Value.AsSpan(entry, ClockPatch.JumpLength));
            }, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its number may be another's by now, whose clock is right.
            if (IsMoved(pid, mark)) throw new FaultMissedException($"the clock of {pid} is off still: {e.Message}");
        }
    }

    private static bool IsMoved(int pid, long mark)
    {
        try
        {
            var (patch, library) = (Patch(0, mark), ReadLibrary(pid, out _));
            return library.Length == Own.Value.Length
                && BinaryPrimitives.ReadInt64LittleEndian(library.AsSpan(patch.CodeAt + ClockPatch.MarkAt)) == mark
                && Enumerable.Range(0, patch.Entries.Count).Any(i =>
                    library.AsSpan(patch.Entries[i], ClockPatch.JumpLength).SequenceEqual(patch.Jump(i)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FaultMissedException)
        {
            return false;
        }
    }

    private static ClockPatch Patch(long seconds, long mark) =>
        ClockPatch.Of(Own.Value, seconds, out var why, mark) ?? throw new FaultMissedException(why);

    /// <summary>Does it while none of its threads runs or is within what is changed.</summary>
    private static async Task WhileStillAsync(
        int pid, long library, ClockPatch patch, Action<int> change, TimeProvider time)
    {
        using var memory = Descriptors.Opened($"/proc/{pid}/mem", ReadWrite);
        for (var tries = 1; ; tries++)
        {
            var stood = await StillAsync(pid, time).ConfigureAwait(false);
            try
            {
                _ = ReadLibrary(pid, out var at);
                if (at != library) throw new IOException("it runs another program by now");
                if (Threads(pid).All(thread => Next(thread) is { } next && !patch.Within(next - library)))
                {
                    change(memory.Number());
                    return;
                }
            }
            finally
            {
                if (!stood) Native.Kill(pid, Continue);
            }
            if (tries == MostTries)
                throw new FaultMissedException($"a thread of {pid} is in the middle of what would be changed");
            await Task.Delay(TimeSpan.FromMilliseconds(1), time).ConfigureAwait(false);
        }
    }

    /// <summary>Returns whether somebody else wants it to stand still, too: then it is not to be let go on.</summary>
    private static async Task<bool> StillAsync(int pid, TimeProvider time)
    {
        var begun = time.GetTimestamp();
        for (var stood = true; ; )
        {
            // Looked at and asked each time: who had stopped it may let it go on meanwhile.
            stood &= ProcessStat.Read(pid) is { State: 'T' };
            Native.Kill(pid, Stop);
            if (IsStill([.. Threads(pid).Select(StateOf)])) return stood;
            if (time.GetElapsedTime(begun) > StillWithin)
            {
                if (!stood) Native.Kill(pid, Continue);
                throw new FaultMissedException($"the process {pid} does not stand still");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(1), time).ConfigureAwait(false);
        }
    }

    /// <summary>Once one has stopped, one that waits for a disk (D) stops before it runs again.</summary>
    private static bool IsStill(char[] threads) => threads.All(state => state is 'T' or 't' or 'D' or 'Z' or 'X')
        && (threads.Length == 1 || threads.Any(state => state is 'T' or 't'));

    private static string[] Threads(int pid) => Directory.GetDirectories($"/proc/{pid}/task");

    private static char StateOf(string thread)
    {
        try { return ProcessStat.Parse(0, File.ReadAllText(thread + "/stat"))?.State ?? 'X'; }
        // It has ended.
        catch (IOException) { return 'X'; }
    }

    /// <summary>Where a thread that stands still goes on. proc(5): the last word, in hexadecimal; beside it stands the
    /// number of a system call that it is in. Null: it runs.</summary>
    private static long? Next(string thread)
    {
        try
        {
            var last = File.ReadAllText(thread + "/syscall").TrimEnd().Split(' ')[^1];
            return last.StartsWith("0x", StringComparison.Ordinal)
                && long.TryParse(last.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var next)
                    ? next : null;
        }
        // It has ended.
        catch (IOException) { return 0; }
    }

    private static byte[] ReadLibrary(int pid, out long at)
    {
        var line = File.ReadLines($"/proc/{pid}/maps")
            .FirstOrDefault(mapping => mapping.EndsWith("[vdso]", StringComparison.Ordinal))
            ?? throw new IOException("it has no vDSO");
        var bounds = line[..line.IndexOf(' ')].Split('-');
        at = long.Parse(bounds[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var bytes = new byte[long.Parse(bounds[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) - at];
        using var memory = Descriptors.Opened($"/proc/{pid}/mem", 0);
        unsafe
        {
            fixed (byte* start = bytes)
                if (Native.ReadAt(memory.Number(), start, bytes.Length, at) != bytes.Length)
                    throw new IOException(Native.Why);
        }
        return bytes;
    }

    private static unsafe void Write(int memory, long at, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            if (Native.WriteAt(memory, start, bytes.Length, at) != bytes.Length) throw new IOException(Native.Why);
    }
}
