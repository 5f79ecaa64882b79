namespace Tangram.Model;

/// <summary>What becomes of an occurrence while a run still goes on; Kubernetes' <c>concurrencyPolicy</c>.</summary>
public enum Overlap
{
    /// <summary>It is skipped.</summary>
    Forbid,
    /// <summary>It runs beside the other.</summary>
    Allow,
    /// <summary>The other is ended, and then it runs.</summary>
    Replace,
}

/// <summary>What becomes of an occurrence that nobody saw in time: no server ran, or its clock jumped ahead.</summary>
public enum Missed
{
    /// <summary>The newest of them runs, late, once.</summary>
    RunOnce,
    Skip,
}

/// <summary>When a job runs: <c>x-tangram.schedule</c>.</summary>
public sealed record ScheduleSpec
{
    /// <summary>Five fields, or six that begin with seconds.</summary>
    public required string Cron { get; init; }

    /// <summary>As the tz database names it.</summary>
    public string TimeZone { get; init; } = "UTC";
    public Overlap Overlap { get; init; }
    public Missed Missed { get; init; }

    /// <summary>How late an occurrence may start at most. Null: however late.</summary>
    public TimeSpan? StartingDeadline { get; init; }

    /// <summary>How many runs that have ended are remembered.</summary>
    public int History { get; init; } = JobRuns.UsualHistory;

    /// <summary>What says which occurrences there are.</summary>
    public string Times => $"{Cron} ({TimeZone})";
}
