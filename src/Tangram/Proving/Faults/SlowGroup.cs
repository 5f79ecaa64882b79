using System.Globalization;
using Tangram.Deploying;

namespace Tangram.Proving.Faults;

/// <summary>A cgroup whose processes may read and write a disk only so often a second. With v1 it is made below the
/// one that they are in, and they are led into it. With v2 a group with processes can have no such children: so it is
/// theirs, if nobody else is in it.</summary>
internal sealed class SlowGroup
{
    private const int MostLooks = 20;
    private const string Made = "tangram-slow-", Max = "io.max", Members = "cgroup.procs";
    private static readonly string[] Throttles =
        ["blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"];

    private readonly bool _isMade;

    private SlowGroup(string folder, bool isMade) => (Folder, _isMade) = (folder, isMade);

    public string Folder { get; }

    /// <summary>The whole disks of this machine, MAJOR:MINOR. What stands on them is slow as they are.</summary>
    public static IReadOnlyList<string> Disks =>
    [
        .. Directory.GetDirectories("/sys/block").Where(disk => Path.GetFileName(disk) is var name
                && !name.StartsWith("ram", StringComparison.Ordinal)
                && !name.StartsWith("zram", StringComparison.Ordinal)
                // One way of several to a disk has none.
                && File.Exists(Path.Combine(disk, "dev"))
                && File.ReadAllText(Path.Combine(disk, "size")).Trim() != "0")
            .Select(disk => File.ReadAllText(Path.Combine(disk, "dev")).Trim()),
    ];

    /// <summary>That for one process. Nothing is done yet.</summary>
    /// <param name="name">Of a group that is made.</param>
    /// <param name="others">The processes that are meant, with this one.</param>
    /// <exception cref="FaultMissedException">There can be none.</exception>
    public static SlowGroup Of(ProcessStat process, string name, IReadOnlyCollection<int> others)
    {
        var mounts = CgroupMounts.Read("/proc/self/mountinfo", $"/proc/{process.Pid}/cgroup");
        if (mounts.Controllers.GetValueOrDefault("blkio") is { } parent)
            return new SlowGroup(Path.GetFileName(parent).StartsWith(Made, StringComparison.Ordinal) ? parent
                : Path.Combine(parent, Made + name), isMade: true);
        if (mounts.Unified.Count == 0)
            throw new FaultMissedException("neither a cgroup of v1 with blkio is mounted here nor one of v2");
        var own = mounts.Unified[0];
        if (MembersOf(own).Exists(pid => !others.Contains(pid)))
            throw new FaultMissedException($"the process {process.Pid} shares the cgroup {own} with others: give " +
                "its service a limit (deploy.resources.limits), so that it has one of its own");
        var file = Path.Combine(own, Max);
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } limits)
            throw new FaultMissedException($"the cgroup {own} has limits already ({limits})");
        return new SlowGroup(own, isMade: false);
    }

    /// <exception cref="FaultMissedException">It is refused.</exception>
    public void Begin(int rate)
    {
        try
        {
            if (_isMade) Directory.CreateDirectory(Folder);
            else if (!File.Exists(Path.Combine(Folder, Max)))
                File.WriteAllText(Path.Combine(Path.GetDirectoryName(Folder)!, "cgroup.subtree_control"), "+io");
            foreach (var disk in Disks) Limit(Folder, disk, rate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaultMissedException($"a disk cannot be slowed down for the cgroup {Folder}: {e.Message} (it " +
                "takes root)");
        }
    }

    public void Enter(int pid)
    {
        if (_isMade) Lead(pid, Folder);
    }

    private static void Lead(int pid, string folder)
    {
        try { File.WriteAllText(Path.Combine(folder, Members), Number(pid)); }
        // It has ended.
        catch (IOException) { }
    }

    /// <summary>Lifts the limit, and leads the processes out of a group that was made. False: there is no such
    /// group.</summary>
    /// <exception cref="IOException">The limit is lifted, and there is a group too many.</exception>
    public static async Task<bool> EndAsync(string folder, TimeProvider time)
    {
        if (!Directory.Exists(folder)) return false;
        foreach (var disk in Disks)
            try { Limit(folder, disk, null); }
            // A disk that is gone; or there never was a limit.
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
        if (!Path.GetFileName(folder).StartsWith(Made, StringComparison.Ordinal)) return true;
        var parent = Path.GetDirectoryName(folder)!;
        for (var looks = 1; ; looks++)
        {
            foreach (var pid in MembersOf(folder)) Lead(pid, parent);
            try
            {
                Directory.Delete(folder);
                return true;
            }
            // Somebody was forked meanwhile, or has ended and is there still.
            catch (IOException) when (looks < MostLooks) { }
            await Task.Delay(TimeSpan.FromMilliseconds(10), time).ConfigureAwait(false);
        }
    }

    /// <param name="rate">Null: as often as it likes.</param>
    private static void Limit(string folder, string disk, int? rate)
    {
        if (File.Exists(Path.Combine(folder, Max)))
        {
            var most = rate is { } r ? Number(r) : "max";
            File.WriteAllText(Path.Combine(folder, Max), $"{disk} riops={most} wiops={most}");
        }
        else
            foreach (var file in Throttles)
                File.WriteAllText(Path.Combine(folder, file), $"{disk} {Number(rate ?? 0)}");
    }

    private static List<int> MembersOf(string folder) =>
    [
        .. File.ReadLines(Path.Combine(folder, Members)).Select(
            line => int.Parse(line, CultureInfo.InvariantCulture)),
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
