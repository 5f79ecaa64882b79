using Tangram.Model;

namespace Tangram.Observing.Doctoring;

/// <summary>Memory and cores, against what a file gives its services.</summary>
internal static class MemoryChecks
{
    /// <summary>An idle daemon takes up to 150 MB, and a busy gateway some more.</summary>
    private const long Least = 256L << 20, Enough = 512L << 20;

    public static IEnumerable<Finding> Of(MemoryFacts memory, int cores, FileDemand? demand)
    {
        var (total, available) = (memory.Total, memory.Available);
        if (memory.Limit is { } limit)
            (total, available) =
                (Math.Min(total, limit.Most), Math.Min(available, Math.Max(0, limit.Most - limit.Used)));
        var where = memory.Limit?.Most < memory.Total ? " (the cgroup's limit counts)" : "";
        if (available < Enough)
            yield return new Finding("memory", available < Least ? Gravity.Error : Gravity.Warn,
                $"{Doctor.Size(available)} of {Doctor.Size(total)} memory can be had{where}",
                "Tangram itself takes up to 150 MB; when memory ends, the kernel kills whom it likes",
                new Remedy("ps -eo pid,rss,comm --sort=-rss | head   # then end what is not needed", false));
        else
            yield return Finding.Good("memory",
                $"{Doctor.Size(available)} of {Doctor.Size(total)} memory can be had{where}");
        if (demand is null) yield break;
        foreach (var finding in Demand("memory", demand.Limits.Memory, demand.Reservations.Memory, total,
            n => Doctor.Size(n), "the kernel ends replicas that are within their limits when all use what they may"))
            yield return finding;
        foreach (var finding in Demand("cpus", demand.Limits.Cpus, demand.Reservations.Cpus, cores,
            n => Doctor.Text($"{n:0.##}"), "busy replicas slow each other down"))
            yield return finding;
    }

    private static IEnumerable<Finding> Demand(string what, double limits, double reservations, double there,
        Func<double, string> text, string why)
    {
        if (reservations > there)
            yield return new Finding($"file-{what}", Gravity.Warn,
                $"the file reserves {text(reservations)} {Unit(what)}, and there are {text(there)}",
                $"what is reserved is not there: {why}", Lower(what, "reservations"));
        else if (limits > there)
            yield return new Finding($"file-{what}", what == "cpus" ? Gravity.Note : Gravity.Warn,
                $"all limits of the file together are {text(limits)} {Unit(what)}, and there are {text(there)}", why,
                Lower(what, "limits"));
        else if (limits > 0 || reservations > 0)
            yield return Finding.Good($"file-{what}",
                $"the file's limits, {text(Math.Max(limits, reservations))} {Unit(what)}, fit into {text(there)}");
    }

    private static string Unit(string what) => what == "cpus" ? "cores" : "of memory";

    private static Remedy Lower(string what, string kind) => new(
        $"lower deploy.resources.{kind}.{what} or deploy.replicas in the file, or use several machines", false);
}
