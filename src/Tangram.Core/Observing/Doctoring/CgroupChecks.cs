namespace Tangram.Observing.Doctoring;

internal static class CgroupChecks
{
    public static IEnumerable<Finding> Of(CgroupFacts cgroups, FileDemand? demand)
    {
        if (cgroups.Version == 0)
        {
            yield return Missing("no cgroups are mounted", demand is { Limited.Count: > 0 });
            yield break;
        }
        var refused = cgroups.Refused.Where(c => c.Refused is not null).ToList();
        var good = cgroups.Refused.Where(c => c.Refused is null).Select(c => c.Controller).ToList();
        if (good.Count > 0)
            yield return Finding.Good("cgroups",
                $"limits of {string.Join(", ", good)} can be set (version {cgroups.Version})");
        foreach (var reason in refused.GroupBy(c => c.Refused!))
        {
            var controllers = reason.Select(c => c.Controller).ToList();
            yield return Missing(
                $"limits of {string.Join(", ", controllers)} cannot be set (version {cgroups.Version}): {reason.Key}",
                demand is not null && controllers.Any(demand.Limited.Contains));
        }
    }

    /// <summary>A file that asks for limits is let down; without one nobody is.</summary>
    private static Finding Missing(string what, bool asked) => new("cgroups", asked ? Gravity.Warn : Gravity.Note, what,
        asked ? "the file has limits, and they are not enforced: one replica can take the machine from all"
            : "deploy.resources.limits would not be enforced",
        new Remedy("systemd-run --user --scope -p Delegate=yes tangram up   # or run as root", false));
}
