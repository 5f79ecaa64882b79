using System.Globalization;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>Which limits could be set here, and which are set on us.</summary>
internal static class CgroupReading
{
    private static readonly string[] Wanted = ["cpu", "memory", "pids"];

    public static CgroupFacts Of()
    {
        var mounts = Mounts();
        var version = Wanted.Any(mounts.Controllers.ContainsKey) ? 1 : mounts.Unified.Count > 0 ? 2 : 0;
        return new CgroupFacts(version, Wanted.Select(controller => (controller,
            mounts.Controllers.TryGetValue(controller, out var own) ? RefusedByOne(own)
                : RefusedByTwo(mounts.Unified, controller))).ToEquatableArray());
    }

    /// <summary>The limit with the least room, of our own cgroup and those above it; null when there is none.</summary>
    public static (long Most, long Used)? Tightest(string controller, string limit, string used)
    {
        var mounts = Mounts();
        var folder = mounts.Controllers.TryGetValue(controller, out var own) ? own
            : mounts.Unified.Count > 0 ? mounts.Unified[0] : null;
        (long Most, long Used)? tightest = null;
        for (; folder is { Length: > 1 }; folder = Path.GetDirectoryName(folder))
            if (MachineReading.Number(Path.Combine(folder, limit)) is { } most && most < long.MaxValue / 2
                && MachineReading.Number(Path.Combine(folder, used)) is { } taken
                && (tightest is not { } known || most - taken < known.Most - known.Used))
                tightest = (most, taken);
        return tightest;
    }

    /// <summary>Without what the kernel would give back: files that nobody has touched lately.</summary>
    public static (long Most, long Used)? Memory() =>
        Tightest("memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
        ?? Tightest("memory", "memory.max", "memory.current");

    private static CgroupMounts Mounts() => CgroupMounts.Read("/proc/self/mountinfo", "/proc/self/cgroup");

    private static string? RefusedByOne(string own)
    {
        var folder = Path.Combine(own, string.Create(CultureInfo.InvariantCulture,
            $"tangram-doctor-{Environment.ProcessId}"));
        try
        {
            Directory.CreateDirectory(folder);
            Directory.Delete(folder);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{own} may not be written";
        }
    }

    /// <summary>A cgroup with processes can have no limited children, unless it is the root; then its parent has to
    /// do.</summary>
    private static string? RefusedByTwo(IReadOnlyList<string> tops, string controller)
    {
        var refused = "no controller for it is mounted";
        foreach (var top in tops)
        {
            var there = (MachineReading.Text(Path.Combine(top, "cgroup.controllers")) ?? "").Split(' ');
            if (!there.Contains(controller)) refused = $"{top} has no such controller";
            else if (!MayWrite(Path.Combine(top, "cgroup.subtree_control"))) refused = $"{top} may not be written";
            else if (File.Exists(Path.Combine(top, "cgroup.type"))
                && MachineReading.Text(Path.Combine(top, "cgroup.procs")) is { Length: > 0 })
                refused = $"{top} has processes of its own";
            else return null;
        }
        return refused;
    }

    private static bool MayWrite(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
