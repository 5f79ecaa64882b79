using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Tangram.Deploying;

/// <summary>The log of one replica: one endless text, of which the file system keeps the last part. The process appends
/// to <c>NAME.log</c> and never knows; its head is copied to <c>NAME.log.OFFSET</c> and then punched out of the file,
/// so the file's apparent size grows while its disk use does not. A part's name and length say which bytes it holds, so
/// nothing else need be remembered and every step can be cut by a crash and repeated.</summary>
/// <remarks>Where the file system cannot punch holes, the file is emptied after the copy instead, and
/// <c>NAME.log.base</c> holds the offset of its first byte. Bytes written in the microseconds between the two would be
/// lost.</remarks>
internal sealed class LogFile(string folder, string name, LogFile.Punch? punch = null)
{
    /// <summary>Frees a range of a file. False: this file system cannot.</summary>
    internal delegate bool Punch(SafeFileHandle file, long offset, long length);

    internal readonly record struct Part(string Path, long Offset, long Length)
    {
        public long End => Offset + Length;
    }

    /// <summary>ENOSPC.</summary>
    private const int DiskIsFull = 28;
    private const int CopySize = 128 * 1024;

    private readonly Punch _punch = punch ?? PunchHole;
    private string BasePath => LivePath + ".base";

    public string LivePath { get; } = Path.Combine(folder, name + ".log");

    /// <summary>The copied parts, oldest first.</summary>
    public List<Part> Parts()
    {
        var parts = new List<Part>();
        if (!Directory.Exists(folder)) return parts;
        // The pattern ".log.*" would match the live file too, as DOS had it.
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles(name + ".log.?*"))
        {
            var suffix = file.Name.AsSpan(file.Name.LastIndexOf('.') + 1);
            if (!long.TryParse(suffix, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)) continue;
            try { parts.Add(new Part(file.FullName, offset, file.Length)); }
            catch (FileNotFoundException) { }
        }
        parts.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        return parts;
    }

    /// <summary>The offset of the live file's first byte in the whole text; 0 unless it was ever emptied.</summary>
    public long Base() =>
        File.Exists(BasePath) && long.TryParse(File.ReadAllText(BasePath), out var offset) ? offset : 0;

    /// <summary>Where the text ends now.</summary>
    public long End() => new FileInfo(LivePath) is { Exists: true } live ? Base() + live.Length : 0;

    /// <summary>Where the text that is kept begins.</summary>
    public long Start()
    {
        if (Parts() is [var oldest, ..]) return oldest.Offset;
        if (!File.Exists(LivePath)) return 0;
        using var live = File.OpenHandle(LivePath, share: FileShare.ReadWrite | FileShare.Delete);
        return Base() + Math.Max(0, Native.Seek(live.Number(), 0, Native.SeekToContent));
    }

    /// <summary>Moves what exceeds <paramref name="size"/> bytes into parts of about that size, cut at line ends, and
    /// keeps the newest <paramref name="files"/> - 1 of them. Returns the length of the live file at which the next
    /// rotation is due. One caller at a time.</summary>
    public long Rotate(long size, int files)
    {
        if (!File.Exists(LivePath)) return size;
        var parts = Parts();
        using var live = File.OpenHandle(
            LivePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var origin = Base();
        var end = origin + RandomAccess.GetLength(live);
        var from = Math.Max(origin, parts is [.., var newest] ? newest.End : origin + Content(live));
        if (end < from)
        {
            // Somebody has emptied or removed it under us: what it holds now follows the parts.
            DurableFile.Write(BasePath, from.ToString(CultureInfo.InvariantCulture), durable: false);
            (origin, end) = (from, from + end - origin);
        }
        // A crash may have come between the copy and the hole; punching again is free.
        if (from > origin) Free(live, origin, from);
        while (end - from >= size)
        {
            // What would be dropped in this very call need not be copied first.
            from += Math.Max(0, (end - from) / size - (files - 1)) * size;
            var cut = Cut(live, from - origin, from - origin + size) + origin;
            var part = new Part($"{LivePath}.{from}", from, cut - from);
            if (Kept(live, from - origin, part, parts)) parts.Add(part);
            from = cut;
        }
        var due = from - origin + size;
        if (!Free(live, origin, from))
        {
            Empty(live, origin, from);
            due = size;
        }
        for (var extra = parts.Count - (files - 1); extra > 0; extra--)
        {
            File.Delete(parts[0].Path);
            parts.RemoveAt(0);
        }
        return due;
    }

    public void Delete()
    {
        foreach (var part in Parts()) File.Delete(part.Path);
        File.Delete(BasePath);
        File.Delete(LivePath);
    }

    /// <summary>On a full disk older text makes room for newer, and when there is none left the text is dropped: the
    /// process shall be able to write on.</summary>
    private static bool Kept(SafeFileHandle live, long from, Part part, List<Part> parts)
    {
        while (true)
        {
            try
            {
                Copy(live, from, part.Length, part.Path);
                return true;
            }
            catch (IOException e) when (e.HResult == DiskIsFull)
            {
                File.Delete(part.Path + ".new");
                if (parts.Count == 0) return false;
                File.Delete(parts[0].Path);
                parts.RemoveAt(0);
            }
        }
    }

    /// <summary>Where the file's own content begins, after what was punched out.</summary>
    private static long Content(SafeFileHandle live) =>
        Native.Seek(live.Number(), 0, Native.SeekToContent) is >= 0 and var at ? at : RandomAccess.GetLength(live);

    private bool Free(SafeFileHandle live, long origin, long upTo) =>
        upTo <= origin || _punch(live, 0, upTo - origin);

    private void Empty(SafeFileHandle live, long origin, long copied)
    {
        var end = origin + RandomAccess.GetLength(live);
        if (end > copied) Copy(live, copied - origin, end - copied, $"{LivePath}.{copied}");
        DurableFile.Write(BasePath, end.ToString(CultureInfo.InvariantCulture), durable: false);
        RandomAccess.SetLength(live, 0);
    }

    // After the last line end before the limit; in the middle of a line that is longer than a whole part.
    private static long Cut(SafeFileHandle live, long from, long limit)
    {
        var buffer = new byte[CopySize];
        for (var block = Math.Max(from, limit - CopySize); ; block = Math.Max(from, block - CopySize))
        {
            var read = RandomAccess.Read(live, buffer.AsSpan(0, (int)Math.Min(CopySize, limit - block)), block);
            var at = buffer.AsSpan(0, read).LastIndexOf((byte)'\n');
            if (at >= 0) return block + at + 1;
            if (block == from) return limit;
        }
    }

    private static void Copy(SafeFileHandle live, long from, long length, string path)
    {
        var beside = path + ".new";
        using (var copy = File.OpenHandle(beside, FileMode.Create, FileAccess.Write))
        {
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var buffer = new byte[CopySize];
            for (long done = 0; done < length;)
            {
                var block = buffer.AsSpan(0, (int)Math.Min(CopySize, length - done));
                var read = RandomAccess.Read(live, block, from + done);
                if (read == 0) break;
                RandomAccess.Write(copy, buffer.AsSpan(0, read), done);
                done += read;
            }
        }
        File.Move(beside, path, overwrite: true);
    }

    private static bool PunchHole(SafeFileHandle file, long offset, long length) =>
        Native.Fallocate(file.Number(), Native.PunchHole | Native.KeepSize, offset, length) == 0;
}
