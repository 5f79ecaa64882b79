using System.Globalization;

namespace Tangram.Model;

// The documents that the store holds, one per key. DESIGN's "Who writes what" says who may write each.

/// <summary>Key <c>asked</c>: what people want. Written by a server for a command.</summary>
public sealed record Asked
{
    /// <summary>The wanted revision; its content is under <c>revisions/N</c>.</summary>
    public required int Revision { get; init; }

    /// <summary>Counts that people set by <c>scale</c>. A deploy whose file asks for another count removes the
    /// entry.</summary>
    public EquatableArray<Scale> Scale { get; init; }
    public EquatableArray<NodeName> Drained { get; init; }

    /// <summary>What people had run by <c>tangram run</c>: the last of each job.</summary>
    public EquatableArray<RunAsked> Runs { get; init; }

    /// <summary>By which gateways sign the cookies of sticky services: random, and the same for the cluster's
    /// life.</summary>
    public string? CookieKey { get; init; }

    /// <summary>What people asked of gateways for single replicas, by <c>tangram backend</c>; sorted. An entry says
    /// nothing once its replica is gone, since names do not come again.</summary>
    public EquatableArray<BackendAsked> Backends { get; init; }

    /// <summary>Identifies the command, so that a write whose answer was lost can be recognised.</summary>
    public string Command { get; init; } = "";

    public int ReplicasOf(ServiceSpec service)
    {
        var replicas = service.Deploy.Replicas;
        foreach (var scale in Scale) if (scale.Service == service.Name) replicas = scale.Replicas;
        return service.Singleton ? Math.Min(1, replicas) : replicas;
    }
}

public sealed record Scale(ServiceName Service, int Replicas);

public enum BackendMode
{
    Normal,
    /// <summary>No new requests, but for those of clients that stay with it by a cookie.</summary>
    Drain,
    /// <summary>No new requests at all.</summary>
    Maintenance,
}

/// <param name="Weight">Of what it would get; 1 is its whole share.</param>
public sealed record BackendAsked(ReplicaName Replica, BackendMode Mode, double Weight = 1)
{
    public bool IsUsual => Mode == BackendMode.Normal && Weight == 1;

    /// <summary>In a word or two; empty when it is as usual.</summary>
    public string Words => Mode switch
    {
        BackendMode.Drain => "drain",
        BackendMode.Maintenance => "maintenance",
        _ => Weight == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"weight {Weight * 100:0.##}%"),
    };
}

/// <param name="Number">Grows with each.</param>
public sealed record RunAsked(ServiceName Service, long Number);

/// <summary>Key <c>revisions/N</c>: immutable.</summary>
public sealed record Revision
{
    public required int Number { get; init; }
    public required ClusterSpec Spec { get; init; }

    /// <summary>The revision in force when this one was asked for; 0: none. A rollback goes back to it.</summary>
    public int Replaces { get; init; }

    /// <summary>The revision whose content <c>tangram rollback</c> brought back; 0: it is no rollback.</summary>
    public int BringsBack { get; init; }

    /// <summary>Only for people; nothing compares it.</summary>
    public DateTimeOffset At { get; init; }
    public string Origin { get; init; } = "";
}

/// <summary>Key <c>term</c>, under the leader's lease. The term's number is the revision at which the key was created:
/// it only grows, and a write that compares it is fenced. <paramref name="Id"/> tells two processes of one name
/// apart.</summary>
public sealed record Term(string Leader, string Id);

public enum Intent { Run, Drain, Stop }

/// <summary>What a node shall do with one replica.</summary>
public sealed record Assignment
{
    public required ReplicaName Replica { get; init; }
    public required ServiceName Service { get; init; }
    public required int Revision { get; init; }
    public Intent Intent { get; init; }

    /// <summary>The replica whose place it takes for a better spread; that one runs until this one serves. Null: it
    /// relieves none.</summary>
    public ReplicaName? Relieves { get; init; }
    public string Because { get; init; } = "";

    /// <summary>Of a job: the run that it belongs to.</summary>
    public long? Run { get; init; }

    /// <summary>Of a job that its schedule runs: see <see cref="JobRun.Occurrence"/>.</summary>
    public DateTimeOffset? Occurrence { get; init; }

    /// <summary>Of a job: how it ended, once the leader has taken note of it. It is never started again.</summary>
    public Phase? Ended { get; init; }
}

/// <summary>Key <c>assigned/NODE</c>: written by the leader only, sorted by replica.</summary>
public sealed record Assigned
{
    public EquatableArray<Assignment> Replicas { get; init; }
}

public enum Phase
{
    /// <summary>Accepted, its process not yet started.</summary>
    Pending,
    /// <summary>Its process runs and has not been ready since it started.</summary>
    Starting,
    Ready,
    /// <summary>It was ready and its probe now fails.</summary>
    Unready,
    /// <summary>It ended and will be started again after a delay.</summary>
    Waiting,
    Stopping,
    /// <summary>It was asked to end and has ended.</summary>
    Stopped,
    /// <summary>It ended by itself with exit code 0 and its restart policy lets it rest.</summary>
    Completed,
    /// <summary>It ended and its restart policy gave up.</summary>
    Failed,
}

public sealed record SeenReplica
{
    public required ReplicaName Replica { get; init; }
    public Phase Phase { get; init; }
    public int? Port { get; init; }
    public int? Pid { get; init; }

    /// <summary>Counts every start of its process, so a gateway can tell a new process on the same port.</summary>
    public int Starts { get; init; }

    /// <summary>Starts that ended before they were ever ready, in a row.</summary>
    public int FailedStarts { get; init; }

    /// <summary>Ends of its process, as far as this agent saw them, but for those of a singleton whose node lost the
    /// right to run it: these say nothing of the revision.</summary>
    public int Ends { get; init; }
    public bool EverReady { get; init; }

    /// <summary>Of the last process that ended. Null: none has, or it is unknown.</summary>
    public int? Exit { get; init; }
    public string Because { get; init; } = "";

    public int Restarts => Math.Max(0, Starts - 1);
}

/// <summary>Key <c>seen/NODE</c>, under the agent's lease: written by that agent, on change only.</summary>
public sealed record Seen
{
    public required long Incarnation { get; init; }
    public required ZoneName Zone { get; init; }
    public EquatableArray<Variable> Labels { get; init; }

    /// <summary>The host part at which gateways reach its replicas. Null: this machine, by loopback.</summary>
    public string? Address { get; init; }

    /// <summary>HOST:PORT at which its agent hears its neighbours; null where all agents share a process.</summary>
    public string? Link { get; init; }

    /// <summary>Of the state folder: tells a restarted agent from another machine with the same name.</summary>
    public string Instance { get; init; } = "";

    /// <summary>What the node offers. 0 means not limited.</summary>
    public Resources Capacity { get; init; } = new();
    public EquatableArray<SeenReplica> Replicas { get; init; }

    /// <summary>Its agent has ended, to be followed by another, and its replicas run on: silence means nothing as long
    /// as this key lasts.</summary>
    public bool Away { get; init; }
}

/// <summary>Key <c>dead/NODE</c>: written by the leader; removed when a live agent of that name is heard
/// again.</summary>
public sealed record Dead(ZoneName Zone, long Incarnation, string Because);

public enum RolloutStage { Rolling, Watching, RollingBack, Paused, Done, RolledBack, Failed }

/// <summary>Key <c>rollout</c>: the leader's only memory that must outlive it.</summary>
public sealed record Rollout
{
    /// <summary>The last revision that was watched to its end. 0: none yet.</summary>
    public int Current { get; init; }

    /// <summary>The revision that is going out, or went out last.</summary>
    public int Target { get; init; }
    public RolloutStage Stage { get; init; }

    /// <summary>Services whose first batch has been watched and may go on.</summary>
    public EquatableArray<ServiceName> Admitted { get; init; }

    /// <summary>Why it failed, was rolled back or waits; for people.</summary>
    public string Because { get; init; } = "";

    /// <summary>The next serial of each service; serials never go back.</summary>
    public EquatableArray<NextSerial> Serials { get; init; }

    public bool Ended => Stage is RolloutStage.Done or RolloutStage.RolledBack or RolloutStage.Failed;

    /// <summary>The revision that replicas shall run now.</summary>
    public int Effective => Stage is RolloutStage.RollingBack or RolloutStage.RolledBack ? Current : Target;
}

public sealed record NextSerial(ServiceName Service, long Next);

/// <summary>Key <c>gateways/G</c>, under the gateway's lease.</summary>
public sealed record GatewaySeen
{
    public EquatableArray<string> Addresses { get; init; }

    /// <summary>The store revision of the newest key that its routes take into account.</summary>
    public long Applied { get; init; }

    /// <summary>Draining replicas that still have requests in flight here.</summary>
    public EquatableArray<ReplicaName> Busy { get; init; }

    /// <summary>Requests since the rollout began, per service and revision; reported only while one runs.</summary>
    public EquatableArray<Outcomes> Outcomes { get; init; }

    /// <summary>How often the busiest keys of rate limits come here, for gateways that share these limits.</summary>
    public EquatableArray<RateUse> Rates { get; init; }

    /// <summary>Certificates and authorities that its spec names and that it could not take, as sentences.</summary>
    public EquatableArray<string> Troubles { get; init; }

    /// <summary>As <see cref="Seen.Instance"/>: tells a restarted gateway from another of its name.</summary>
    public string Instance { get; init; } = "";
}

/// <param name="Key">Of a limit and a client or caller: a hash, of which nobody learns who it is.</param>
public sealed record RateUse(ulong Key, int PerSecond);

/// <summary>Attempts that reached a replica of this revision, and those of them that failed (5xx, reset,
/// cut).</summary>
public sealed record Outcomes(ServiceName Service, int Revision, long Requests, long Failures);
