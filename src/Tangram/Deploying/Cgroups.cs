using System.Globalization;
using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Limits for replicas, under <c>tangram/CLUSTER/REPLICA.START</c> below a cgroup that we may write: our own
/// with v1, so that no limit that was put on us is lifted; with v2, where a cgroup with processes can have no limited
/// children, our own if that is allowed, else its parent.</summary>
/// <param name="controllers">With v1, the folder for each controller.</param>
/// <param name="unified">With v2, where to try, in order.</param>
internal sealed class Cgroups(
    string cluster, IReadOnlyDictionary<string, string> controllers, IReadOnlyList<string> unified)
{
    private readonly record struct Setting(string File, string Value, bool Needed = true);

    private sealed record Limit(string Controller, string Words, Setting[] V1, Setting[] V2);

    // Linux's own default, in microseconds; a quota below 1 ms is refused.
    private const long Period = 100_000, LeastQuota = 1_000;

    /// <summary>Reads where the cgroups of this process are mounted.</summary>
    public static Cgroups Detect(string cluster)
    {
        var mounts = CgroupMounts.Read("/proc/self/mountinfo", "/proc/self/cgroup");
        return new Cgroups(cluster, mounts.Controllers, mounts.Unified);
    }

    /// <summary>Makes the cgroup of one start. What cannot be limited here is said in a warning, one sentence each, and
    /// the replica runs without that limit.</summary>
    public (ReplicaCgroup Cgroup, IReadOnlyList<string> Warnings) Create(
        ReplicaName replica, int start, Resources limits)
    {
        var (folders, warnings) = (new List<string>(), new List<string>());
        foreach (var limit in Wanted(limits))
        {
            var name = $"{replica}.{start}";
            var refused = "no cgroup controller for it is mounted";
            var folder = controllers.TryGetValue(limit.Controller, out var own)
                ? V1(limit, own, name, ref refused)
                : V2(limit, name, ref refused);
            if (folder is null) warnings.Add($"{limit.Words} of {replica} is not enforced: {refused}");
            else if (!folders.Contains(folder)) folders.Add(folder);
        }
        return (folders.Count == 0 ? ReplicaCgroup.None : new ReplicaCgroup(folders), warnings);
    }

    private static IEnumerable<Limit> Wanted(Resources limits)
    {
        if (limits.Memory > 0)
        {
            var bytes = limits.Memory.ToString(CultureInfo.InvariantCulture);
            yield return new Limit("memory", $"the memory limit of {limits.Memory / 1048576.0:0.#} MiB",
                [new("memory.limit_in_bytes", bytes), new("memory.memsw.limit_in_bytes", bytes, Needed: false)],
                [new("memory.max", bytes), new("memory.swap.max", "0", Needed: false)]);
        }
        if (limits.Cpus > 0)
        {
            var quota = Math.Max(LeastQuota, (long)(limits.Cpus * Period)).ToString(CultureInfo.InvariantCulture);
            yield return new Limit("cpu", $"the limit of {limits.Cpus:0.###} cpus",
                [new("cpu.cfs_period_us", $"{Period}"), new("cpu.cfs_quota_us", quota)],
                [new("cpu.max", $"{quota} {Period}")]);
        }
        if (limits.Pids > 0)
        {
            var most = limits.Pids.ToString(CultureInfo.InvariantCulture);
            yield return new Limit("pids", $"the limit of {limits.Pids} processes",
                [new("pids.max", most)], [new("pids.max", most)]);
        }
    }

    private string? V1(Limit limit, string own, string name, ref string refused)
    {
        var folder = Path.Combine(own, "tangram", cluster, name);
        return Try(folder, () => Set(folder, limit.V1), ref refused) ? folder : null;
    }

    private string? V2(Limit limit, string name, ref string refused)
    {
        foreach (var top in unified)
        {
            var folder = Path.Combine(top, "tangram", cluster, name);
            var made = Try(folder, () =>
            {
                Enable(top, limit.Controller);
                Enable(Path.Combine(top, "tangram"), limit.Controller);
                Enable(Path.Combine(top, "tangram", cluster), limit.Controller);
                Set(folder, limit.V2);
            }, ref refused);
            if (made) return folder;
        }
        return null;
    }

    private static void Enable(string folder, string controller)
    {
        var file = Path.Combine(folder, "cgroup.subtree_control");
        var enabled = File.ReadAllText(file).Split((char[])[' ', '\n']);
        if (!enabled.Contains(controller)) File.WriteAllText(file, "+" + controller);
    }

    private static void Set(string folder, IReadOnlyList<Setting> settings)
    {
        foreach (var (file, value, needed) in settings)
            if (needed || File.Exists(Path.Combine(folder, file))) File.WriteAllText(Path.Combine(folder, file), value);
    }

    private static bool Try(string folder, Action set, ref string refused)
    {
        // Another limit may already hold in it.
        var existed = Directory.Exists(folder);
        try
        {
            Directory.CreateDirectory(folder);
            set();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            refused = e is UnauthorizedAccessException
                ? $"{folder} may not be written (run as root, or in a delegated systemd unit)"
                : $"{folder} refused it ({e.Message})";
            if (!existed) new ReplicaCgroup([folder]).Remove();
            return false;
        }
    }
}
