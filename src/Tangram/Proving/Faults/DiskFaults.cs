using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>A file without a name on the file system of the cluster's state: the kernel takes it away when it is
/// closed, however we end.</summary>
internal static class NamelessFile
{
    private const int ReadWrite = 2, Nameless = 0x410000, Create = 0x40, Exclusive = 0x80;
    public const int IsFull = 28, OverQuota = 122;

    public static SafeFileHandle Open(string folder)
    {
        var descriptor = Native.Open(folder, ReadWrite | Nameless | Native.CloseOnExec, 0x180);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        // Some file systems know no files without a name.
        var path = Path.Combine(folder, $".fault-{Environment.ProcessId}-{Guid.NewGuid():N}");
        var file = Descriptors.Opened(path, ReadWrite | Create | Exclusive);
        File.Delete(path);
        return file;
    }

    public static string Megabytes(double bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):0.##} MB");
}

/// <summary>Not a byte is free where the cluster has its state.</summary>
internal sealed class FullDisk(FaultPlace place, bool shared) : HeldFault
{
    private const long LargestPiece = 1L << 30;
    private const int Block = 4096, Smallest = 512;
    private static readonly TimeSpan AgainEvery = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _over = new();
    private Task _refilling = Task.CompletedTask;
    private SafeFileHandle? _file;
    private long _length;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        if (!shared && Sharing() is { } with)
            throw new FaultMissedException($"{place.Folder} lies on the file system of {with}: others than this " +
                "cluster would find it full. Give it a disk of its own (TANGRAM_STATE), or write shared: true");
        _file = NamelessFile.Open(place.Folder);
        var free = Free();
        Fill();
        if (Writable() is { } written) throw new FaultMissedException($"{written} could be written all the same");
        _refilling = RefillAsync(time);
        return Task.FromResult($"{NamelessFile.Megabytes(free)} were free on the disk of {place.Folder}, " +
            $"{NamelessFile.Megabytes(Free())} are; a file of {Block} bytes cannot be written there");
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _refilling.ConfigureAwait(false);
        _over.Dispose();
        if (_file is null) return "the disk was not touched";
        var least = Free();
        _file.Dispose();
        var took = await UntilAsync(() => Writable() is not null, "nothing can be written still", time)
            .ConfigureAwait(false);
        return $"{NamelessFile.Megabytes(least)} free at the end, {NamelessFile.Megabytes(Free())} and written to " +
            $"again after {Words(took)}";
    }

    /// <summary>Whose device this is too.</summary>
    private string? Sharing()
    {
        var own = DeviceOf(Path.GetFullPath(place.Folder));
        return ((string[])["/", Path.GetTempPath()]).FirstOrDefault(path => DeviceOf(path) == own);
    }

    /// <summary>By the mount that a path stands on: its device is the third word, its place the fifth.</summary>
    private static string DeviceOf(string path) => File.ReadLines("/proc/self/mountinfo")
        .Select(line => line.Split(' '))
        .Select(words => (Device: words[2], At: words[4].Replace("\\040", " ", StringComparison.Ordinal).TrimEnd('/')))
        .Where(mount => (path.TrimEnd('/') + "/").StartsWith(mount.At + "/", StringComparison.Ordinal))
        .OrderBy(mount => mount.At.Length).Last().Device;

    /// <summary>In pieces that become smaller until not a block is left.</summary>
    private void Fill()
    {
        for (var piece = LargestPiece; piece >= Smallest;)
            if (Native.Fallocate(_file!.Number(), 0, _length, piece) == 0) _length += piece;
            else if (Native.Errno is NamelessFile.IsFull or NamelessFile.OverQuota) piece /= 2;
            else
            {
                FillByWriting();
                return;
            }
    }

    /// <summary>Where the file system cannot give room beforehand.</summary>
    private void FillByWriting()
    {
        for (var piece = new byte[1 << 20]; piece.Length >= Smallest;)
            try
            {
                RandomAccess.Write(_file!, piece, _length);
                _length += piece.Length;
            }
            catch (IOException) { piece = new byte[piece.Length / 2]; }
    }

    /// <summary>Null: there is no room. What others free meanwhile is taken, too.</summary>
    private string? Writable()
    {
        using var probe = NamelessFile.Open(place.Folder);
        try
        {
            RandomAccess.Write(probe, new byte[Block], 0);
            return Native.Fsync(probe.Number()) == 0 ? $"{Block} bytes" : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private async Task RefillAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(AgainEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false)) Fill();
        }
        catch (OperationCanceledException) { }
    }

    private long Free() => new DriveInfo(place.Folder).AvailableFreeSpace;
}

/// <summary>Threads that write to the disk of the cluster's state and have it synced, over and over.</summary>
internal sealed class BusyDisk(FaultPlace place) : HeldFault
{
    private const int Writers = 4, Piece = 1 << 20, MostPieces = 32, Probe = 4096, Before = 20;
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(50);

    private readonly List<Thread> _threads = [];
    private readonly CancellationTokenSource _enough = new();
    private readonly List<TimeSpan> _before = [], _during = [];
    private Task _probing = Task.CompletedTask;
    private long _written, _begun;
    private volatile bool _over;

    public override Task<string> InjectAsync(TimeProvider time)
    {
        using (var file = NamelessFile.Open(place.Folder))
            for (var i = 0; i < Before; i++) _before.Add(Synced(file, time));
        // The disk is to be busy and not to be full.
        var room = new DriveInfo(place.Folder).AvailableFreeSpace / 4 / Writers / Piece;
        if (room == 0) throw new FaultMissedException($"the disk of {place.Folder} is nearly full");
        _begun = time.GetTimestamp();
        for (var i = 0; i < Writers; i++)
        {
            var thread = new Thread(() => Press(Math.Min(room, MostPieces))) { IsBackground = true, Name = "pressure" };
            _threads.Add(thread);
            thread.Start();
        }
        _probing = ProbeAsync(time);
        return Task.FromResult($"{Writers} threads write to the disk of {place.Folder}; {Probe} bytes were on it " +
            $"within {Words(Median(_before))} before");
    }

    public override async Task<string> RevertAsync(TimeProvider time)
    {
        _over = true;
        await _enough.CancelAsync().ConfigureAwait(false);
        var took = time.GetElapsedTime(_begun);
        foreach (var thread in _threads) thread.Join();
        await _probing.ConfigureAwait(false);
        _enough.Dispose();
        if (_threads.Count == 0) return "the disk was not touched";
        return string.Create(CultureInfo.InvariantCulture,
            $"{_written / took.TotalSeconds / (1 << 20):0} MB/s were written; {Probe} bytes were on the disk within ") +
            $"{Words(Median(_before))} before and {Words(Median(_during))} meanwhile (in the middle; at most " +
            $"{Words(_before.Max())} and {Words(_during.Append(TimeSpan.Zero).Max())})";
    }

    private void Press(long pieces)
    {
        using var file = NamelessFile.Open(place.Folder);
        var bytes = new byte[Piece];
        Random.Shared.NextBytes(bytes);
        try
        {
            for (var n = 0L; !_over; n++)
            {
                RandomAccess.Write(file, bytes, n % pieces * Piece);
                if (Native.Fsync(file.Number()) == 0) Interlocked.Add(ref _written, Piece);
            }
        }
        catch (IOException)
        {
            // Full, or gone: what was written tells.
        }
    }

    private async Task ProbeAsync(TimeProvider time)
    {
        using var file = NamelessFile.Open(place.Folder);
        using var timer = new PeriodicTimer(ProbeEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_enough.Token).ConfigureAwait(false))
                _during.Add(Synced(file, time));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException) { }
    }

    private static TimeSpan Synced(SafeFileHandle file, TimeProvider time)
    {
        var begun = time.GetTimestamp();
        RandomAccess.Write(file, new byte[Probe], 0);
        _ = Native.Fsync(file.Number());
        return time.GetElapsedTime(begun);
    }

    private static TimeSpan Median(List<TimeSpan> spans) =>
        spans.Count == 0 ? TimeSpan.Zero : spans.Order().ElementAt(spans.Count / 2);
}
