using System.Text.Json.Serialization;

namespace Tangram.Proving;

public enum LoadRuling
{
    Passed,
    Failed,
    /// <summary>The run proves nothing: the generator did not do its part.</summary>
    Void,
}

/// <summary>Did it hold, and the sentence that says why.</summary>
public sealed record LoadVerdict(LoadRuling Ruling, string Because)
{
    /// <summary>Lateness counts as latency, so it can only make a server look worse. Beyond this at the 99th percentile
    /// the run says more about the machine that made the load than about the server.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromMilliseconds(100);

    /// <summary>As every command's: 0 done, 1 tried and failed.</summary>
    [JsonIgnore] public int ExitCode => Ruling is LoadRuling.Passed ? 0 : 1;

    /// <summary>Requests that failed did fail, however late they were begun; so failure is looked at first.</summary>
    public static LoadVerdict Of(
        LoadCounts total, LatencySummary lateness, long maxFailed, LoadEffort? generator = null)
    {
        if (total.Bad > maxFailed)
            return new(LoadRuling.Failed, $"{total.Bad} of {total.Due} requests failed: " +
                $"{string.Join(", ", total.Troubles)} ({Allowed(maxFailed)} allowed)");
        if (total.Sent == 0) return new(LoadRuling.Void, "nothing was sent");
        if (TooLate(lateness) is { } late) return late;
        if (generator?.Objection(total) is { } objection) return new(LoadRuling.Void, objection);
        return new(LoadRuling.Passed, $"{total.Bad} of {total.Due} requests failed ({Allowed(maxFailed)} allowed)");
    }

    /// <summary>Of a load that several machines made, given what it comes to as one. A machine that was lost may have
    /// counted anything; one that did not do its part makes all of it prove nothing.</summary>
    public LoadVerdict OfMachines(IReadOnlyCollection<LoadMachine> machines)
    {
        if (machines.FirstOrDefault(one => one.Lost is not null) is { } gone)
            return new(LoadRuling.Void, $"{gone.Name} was lost: {gone.Lost}. What it had counted is unknown");
        if (Ruling == LoadRuling.Failed) return this;
        return machines.FirstOrDefault(one => one.Void is not null) is { } bad
            ? new(LoadRuling.Void, $"on {bad.Name}, {bad.Void}") : this;
    }

    internal static LoadVerdict? TooLate(LatencySummary lateness) => lateness.P99 <= Late ? null
        : new(LoadRuling.Void, "the generator was late: 1 % of the requests began " +
            $"{lateness.P99.TotalMilliseconds:0} ms or more after their time, so this machine was " +
            "too busy to offer the load");

    private static string Allowed(long most) => most == 0 ? "none is" : most == 1 ? "1 is" : $"{most} are";
}
