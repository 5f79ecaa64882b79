using System.Globalization;

namespace Tangram.ClusterTests.Lab;

/// <summary>A disk of a machine's own: an ext4 filesystem of a given size in a file, behind a loop device. It can be
/// full, and it can be slow: the kernel throttles what the machine's processes wait for from it (cgroup v1,
/// blkio).</summary>
internal sealed class LabDisk
{
    private const string Controller = "/sys/fs/cgroup/blkio", Filler = "filler";
    private readonly string _folder, _device;

    public LabDisk(string folder, long bytes)
    {
        _folder = folder;
        var image = folder + ".ext4";
        Directory.CreateDirectory(folder);
        using (var file = File.Create(image)) file.SetLength(bytes);
        Command.Run("mkfs.ext4", "-q", "-m", "0", image);
        // The loop device goes when the mount does.
        Command.Run("mount", "-o", "loop", image, folder);
        var mounts = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' '));
        var source = mounts.Last(mount => mount[1] == folder)[0];
        _device = File.ReadAllText($"/sys/block/{Path.GetFileName(source)}/dev").Trim();
        if (CanBeSlow) Directory.CreateDirectory(GroupOf(folder));
    }

    /// <summary>Where a process enters to be throttled with all that it starts; null where none can be.</summary>
    public string? Processes => CanBeSlow ? Path.Combine(GroupOf(_folder), "cgroup.procs") : null;

    private static bool CanBeSlow => File.Exists(Path.Combine(Controller, "cgroup.procs"));

    /// <summary>At most so many writes a second reach the disk; an fsync of a small file takes one to three. Writes
    /// that nobody waits for (the page cache's own) are not slowed. Zero: as fast as it is.</summary>
    public void Throttle(int writesPerSecond)
    {
        Needs.That(CanBeSlow, $"needs the blkio controller of cgroups, version 1, at {Controller}");
        var line = string.Create(CultureInfo.InvariantCulture, $"{_device} {writesPerSecond}");
        File.WriteAllText(Path.Combine(GroupOf(_folder), "blkio.throttle.write_iops_device"), line);
    }

    /// <summary>Not a byte is free afterwards.</summary>
    public void Fill()
    {
        try
        {
            using var file = new FileStream(Path.Combine(_folder, Filler), FileMode.Append, FileAccess.Write,
                FileShare.None, bufferSize: 0);
            // Down to single bytes: the last blocks are given in pieces.
            for (var length = 1 << 20; length > 0; length /= 16) Grow(file, new byte[length]);
        }
        catch (IOException e) when (IsFull(e)) { }
    }

    public void Empty() => File.Delete(Path.Combine(_folder, Filler));

    /// <summary>By its mount point alone; nothing may run on it any more.</summary>
    public static void Remove(string folder)
    {
        // Somebody outside may look into it still: then it goes when he does.
        if (!Command.Tried("umount", folder)) Command.Run("umount", "--lazy", folder);
        if (Directory.Exists(GroupOf(folder))) Directory.Delete(GroupOf(folder));
    }

    private static void Grow(FileStream file, byte[] piece)
    {
        try
        {
            while (true) file.Write(piece);
        }
        catch (IOException e) when (IsFull(e)) { }
    }

    /// <summary>ENOSPC.</summary>
    private static bool IsFull(IOException e) => e.HResult == 28;

    /// <summary>LAB/MACHINE/disk is LAB.MACHINE's.</summary>
    private static string GroupOf(string folder)
    {
        var machine = Path.GetDirectoryName(folder)!;
        return Path.Combine(Controller,
            $"{Path.GetFileName(Path.GetDirectoryName(machine))}.{Path.GetFileName(machine)}");
    }
}
