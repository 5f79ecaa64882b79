using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>All that is needed to start a replica's process.</summary>
internal sealed record ReplicaStart
{
    public required ReplicaName Replica { get; init; }
    public required ServiceName Service { get; init; }
    public required int Revision { get; init; }

    /// <summary>Recorded, so that it is known after a restart of ours. It reaches the process by the
    /// environment.</summary>
    public int? Port { get; init; }

    /// <summary>Which start of this replica it is, from 1.</summary>
    public required int Starts { get; init; }

    /// <summary>The program, looked up in the replica's PATH, and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }
    public required string WorkingDirectory { get; init; }

    /// <summary>Exactly these, over the few that <see cref="ReplicaEnvironment"/> inherits.</summary>
    public required IReadOnlyList<Variable> Environment { get; init; }
    public Resources Limits { get; init; } = new();
    public EquatableArray<UlimitSpec> Ulimits { get; init; }
    public int? OomScoreAdj { get; init; }

    /// <summary>Its program does not run before it has a guard.</summary>
    public bool Singleton { get; init; }
}

internal abstract record StartAnswer
{
    private StartAnswer() { }

    /// <param name="Warnings">Sentences: what was asked for and cannot be had here, such as limits without
    /// cgroups.</param>
    internal sealed record Started(int Pid, IReadOnlyList<string> Warnings) : StartAnswer;

    /// <summary>Nothing runs.</summary>
    internal sealed record Failed(string Because) : StartAnswer;
}

/// <param name="Starts">Of the start that ended, so that a late report is not taken for a later start's.</param>
/// <param name="Exit">128 + the signal when one ended it. Null: unknown, as for an adopted process before Linux
/// 6.15.</param>
/// <param name="Signal">The signal that ended it, or null.</param>
/// <param name="Because">A sentence for people.</param>
internal sealed record ReplicaExit(ReplicaName Replica, int Pid, int Starts, int? Exit, int? Signal, string Because)
{
    /// <param name="status">As waitpid gives it; null when unknown.</param>
    public static ReplicaExit Of(ReplicaRecord record, int? status, string? outOfMemory)
    {
        int? signal = status is { } s && (s & 0x7f) is var low and not 0 ? low : null;
        int? exit = signal is { } number ? 128 + number : status >> 8 & 0xff;
        var because = outOfMemory ?? exit switch
        {
            null => "it ended; its exit code is unknown, because it was started by an earlier Tangram",
            _ when signal is { } by => $"it was ended by {Signals.Name(by)}",
            127 => "it ended with exit code 127: the command was not found (see its log)",
            126 => "it ended with exit code 126: the command could not be executed (see its log)",
            var code => $"it ended with exit code {code}",
        };
        return new ReplicaExit(record.Replica, record.Pid, record.Starts, exit, signal, because);
    }
}

/// <param name="Running">Taken over: their exits will be reported.</param>
/// <param name="Gone">Those that ended while nobody watched, or whose end had been seen already; their records are
/// removed.</param>
/// <param name="Unreadable">Files that were no records, removed.</param>
internal sealed record Adopted(
    IReadOnlyList<ReplicaRecord> Running, IReadOnlyList<ReplicaRecord> Gone, IReadOnlyList<string> Unreadable);
