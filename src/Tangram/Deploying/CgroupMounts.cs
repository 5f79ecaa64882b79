namespace Tangram.Deploying;

/// <summary>The folders of this process's own cgroups.</summary>
/// <param name="Controllers">v1: by controller.</param>
/// <param name="Unified">v2: our own, then its parent.</param>
internal sealed record CgroupMounts(IReadOnlyDictionary<string, string> Controllers, IReadOnlyList<string> Unified)
{
    public static CgroupMounts Read(string mountInfo, string ownCgroups)
    {
        var own = File.ReadAllLines(ownCgroups)
            .Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).ToList();
        var controllers = new Dictionary<string, string>();
        var unified = new List<string>();
        foreach (var line in File.ReadAllLines(mountInfo))
        {
            // proc(5): id parent major:minor ROOT MOUNTPOINT options … - TYPE source SUPEROPTIONS
            var halves = line.Split(" - ", 2);
            if (halves.Length != 2) continue;
            var (left, right) = (halves[0].Split(' '), halves[1].Split(' '));
            if (left.Length < 5 || right.Length < 3) continue;
            var (root, point) = (left[3], left[4]);
            if (right[0] == "cgroup2" && own.Find(parts => parts[1].Length == 0) is { } v2)
                unified.AddRange(Unify(point, Below(root, point, v2[2])));
            if (right[0] != "cgroup") continue;
            foreach (var parts in own.Where(parts => parts[1].Length > 0))
                foreach (var name in parts[1].Split(',').Intersect(right[2].Split(',')))
                    controllers.TryAdd(name, Below(root, point, parts[2]));
        }
        return new CgroupMounts(controllers, unified);
    }

    private static IEnumerable<string> Unify(string point, string own) =>
        own == point ? [own] : [own, Path.GetDirectoryName(own)!];

    // Inside a container the mount shows a part of the tree only, which begins at the mount's root.
    private static string Below(string root, string point, string cgroup)
    {
        var rest = cgroup.StartsWith(root, StringComparison.Ordinal) ? cgroup[root.Length..].Trim('/') : "";
        return rest.Length == 0 ? point : Path.Combine(point, rest);
    }
}
