namespace Tangram.Model;

/// <summary>Key <c>jobs/SERVICE</c>: what a job has done and is doing. Written by the leader only. Times are wall time
/// in UTC, of whichever server led: for people, and to name occurrences.</summary>
public sealed record JobRuns
{
    public const int UsualHistory = 10;

    /// <summary>Of one run: all of them are remembered in one document.</summary>
    public const int MostCompletions = 1000;

    public static readonly JobRuns None = new();

    /// <summary>Oldest first.</summary>
    public EquatableArray<JobRun> Runs { get; init; }

    /// <summary>The number of the last run that was begun.</summary>
    public long Last { get; init; }

    /// <summary>The run that does what the revision in force asks for. 0: none; so for a scheduled job.</summary>
    public long Stands { get; init; }

    /// <summary>See <see cref="ScheduleSpec.Times"/>: the schedule to which <see cref="Handled"/> belongs.</summary>
    public string? Times { get; init; }

    /// <summary>Every occurrence up to this one has been decided: run, or skipped.</summary>
    public DateTimeOffset? Handled { get; init; }

    /// <summary>Occurrences that were skipped since the schedule is what it is.</summary>
    public long Skipped { get; init; }
    public Skip? LastSkip { get; init; }

    /// <summary>The last <see cref="RunAsked.Number"/> that was begun.</summary>
    public long Asked { get; init; }
}

public sealed record Skip(DateTimeOffset Occurrence, string Because);

public enum RunCause { Revision, Schedule, Hand }

public enum RunOutcome
{
    Running,
    Succeeded,
    /// <summary>A replica failed and its restart policy gave up.</summary>
    Failed,
    /// <summary>It was ended for another run.</summary>
    Replaced,
}

public sealed record JobRun
{
    public required long Number { get; init; }

    /// <summary>Whose content runs.</summary>
    public required int Revision { get; init; }
    public RunCause Cause { get; init; }

    /// <summary>Of the schedule: it names the run. No other run ever has it.</summary>
    public DateTimeOffset? Occurrence { get; init; }

    /// <summary>Of a run by hand: see <see cref="RunAsked.Number"/>.</summary>
    public long? Asked { get; init; }

    /// <summary>Null where the wall time was not known.</summary>
    public DateTimeOffset? Began { get; init; }
    public DateTimeOffset? Ended { get; init; }
    public RunOutcome Outcome { get; init; }

    /// <summary>Of the replica that decided the outcome.</summary>
    public int? Exit { get; init; }
    public ReplicaName? Replica { get; init; }
    public string Because { get; init; } = "";

    /// <summary>How many completions it takes; of a global job one for each node that it may run on.</summary>
    public int Replicas { get; init; }

    /// <summary>Sorted by replica.</summary>
    public EquatableArray<Completion> Completed { get; init; }

    public bool Running => Outcome == RunOutcome.Running;
}

/// <summary>A replica did its work and ended with exit code 0.</summary>
public sealed record Completion(ReplicaName Replica, NodeName Node);
