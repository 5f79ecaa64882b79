namespace Tangram.Model;

/// <summary>How much of a cluster a fault may strike at once. What is no part of a zone strikes all of it.</summary>
public enum BlastRadius { Replica, Node, Zone, Cluster }

/// <summary>A ready drill that a cluster holds by a calendar: one of <c>x-tangram.drills</c>.</summary>
public sealed record ScheduledDrillSpec
{
    /// <summary>How late it may begin when nothing is said.</summary>
    public static readonly TimeSpan UsualDeadline = TimeSpan.FromMinutes(5);

    public required string Drill { get; init; }

    /// <summary>Five fields, or six that begin with seconds.</summary>
    public required string Cron { get; init; }

    /// <summary>As the tz database names it.</summary>
    public string TimeZone { get; init; } = "UTC";
    public BlastRadius AtMost { get; init; } = BlastRadius.Zone;

    /// <summary>So long it waits for a cluster that is ready and left alone.</summary>
    public TimeSpan StartingDeadline { get; init; } = UsualDeadline;

    /// <summary>The times of it, as jobs have them.</summary>
    public ScheduleSpec Schedule => new() { Cron = Cron, TimeZone = TimeZone };
}
