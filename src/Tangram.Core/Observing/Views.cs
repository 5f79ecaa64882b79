using Tangram.Model;

namespace Tangram.Observing;

// What people and programs see: the shapes of `--json` and of the HTTP API. Other tools build on them: add, never
// rename.

public sealed record StatusView
{
    public required string Cluster { get; init; }

    /// <summary>Every desired replica is ready, on the content of the revision in force, and known to every live
    /// gateway, and no rollout is in progress or has failed.</summary>
    public required bool Ready { get; init; }

    /// <summary>Null while there is none.</summary>
    public required string? Leader { get; init; }

    /// <summary>The revision that replicas shall run now. 0: none.</summary>
    public required int Revision { get; init; }
    public required RolloutView? Rollout { get; init; }
    public EquatableArray<ServiceView> Services { get; init; }
    public EquatableArray<NodeView> Nodes { get; init; }
    public EquatableArray<GatewayView> Gateways { get; init; }

    /// <summary>Certificates and authorities of clients that the file names and that a gateway could not
    /// take.</summary>
    public EquatableArray<GatewayTroubleView> GatewayTroubles { get; init; }

    /// <summary>Certificates that the cluster has issued to itself, in the order of the file.</summary>
    public EquatableArray<AcmeView> Acme { get; init; }

    /// <summary>Null: this is how things stand now.</summary>
    public StaleView? Stale { get; init; }
}

/// <summary>The store does not answer the server that was asked, so what it says is old.</summary>
/// <param name="AsOf">UTC: when the store answered last; null: never since this server was started.</param>
public sealed record StaleView(DateTimeOffset? AsOf, string Because);

/// <param name="Stage">pending, rolling, watching, rollingBack, paused, done, rolledBack or failed.</param>
/// <param name="Target">The revision that is going out, or went out last.</param>
/// <param name="Current">The last revision that was watched to its end; 0: none.</param>
public sealed record RolloutView(string Stage, int Target, int Current, string Because)
{
    /// <summary>Nothing more happens to it by itself.</summary>
    public bool Ended() => Stage is "done" or "rolledBack" or "failed" or "paused";
}

/// <param name="Desired">With scale and drained nodes taken into account.</param>
/// <param name="Ready">Ready replicas, and those that did their work and ended, of any revision.</param>
/// <param name="Updated">Of these, those that have the content of the revision in force.</param>
/// <param name="Revision">The newest revision among its running replicas; 0 when none runs.</param>
public sealed record ServiceView(string Name, int Desired, int Ready, int Updated, int Revision);

/// <param name="State">ready, drained, restarting (its agent is being replaced), silent (nothing is heard, not yet
/// declared dead) or dead.</param>
public sealed record NodeView(string Name, string? Zone, string State, int Replicas, string Because);

/// <param name="From">UTC. Null: there is no certificate yet.</param>
/// <param name="Failures">Orders that failed, in a row: 0 when the last one did not.</param>
/// <param name="Because">Why the last one failed; empty when it did not.</param>
public sealed record AcmeView(
    string Domain, DateTimeOffset? From, DateTimeOffset? Until, int Failures, string Because);

/// <param name="What">A sentence, without a stop.</param>
public sealed record GatewayTroubleView(string Gateway, string What);

/// <param name="Gateway">Its name; it has one entry for each address.</param>
public sealed record GatewayView(string Address, string Gateway);

/// <param name="State">pending, starting, ready, unready, waiting, draining, stopping, stopped, completed, failed, or
/// lost when its node is silent or dead.</param>
/// <param name="Revision">The newest revision whose content it has: a revision that does not touch a service leaves its
/// replicas running, and they are then replicas of that revision too.</param>
/// <param name="Restarts">Starts after the first one.</param>
/// <param name="Asked">What people asked of gateways for it: drain, maintenance or weight N%; null: nothing.</param>
/// <param name="Address">The host at which its port is; null: this machine, by loopback.</param>
public sealed record ReplicaView(
    string Replica, string Service, string Node, string? Zone, string State, bool Ready, int? Pid, int? Port,
    int Revision, int Restarts, string Because, string? Asked = null, string? Address = null);

/// <param name="Number">Grows by one for each event of this cluster's log.</param>
/// <param name="At">UTC.</param>
/// <param name="Subject">A replica, service, node or revision, or the cluster.</param>
public sealed record EventView(long Number, DateTimeOffset At, string Subject, string What);

public sealed record WhyView(string Subject, EquatableArray<string> Sentences, EquatableArray<EventView> Events);

/// <param name="Origin">Who asked for it, in words.</param>
/// <param name="Replaces">The revision that was in force then; 0: none.</param>
/// <param name="State">in force, going out, rolled back, or nothing.</param>
/// <param name="Changed">The services that differ from that revision; none when it is no longer kept.</param>
public sealed record HistoryView(
    int Revision, DateTimeOffset At, string Origin, int Replaces, string State, EquatableArray<string> Changed);

/// <summary>A value that differs between two specs.</summary>
/// <param name="Path">Such as services.order.deploy.replicas.</param>
/// <param name="Before">A text, or JSON; null: it was not there. So for the other.</param>
public sealed record ChangeView(string Path, string? Before, string? After);

/// <param name="Times">Cron and time zone; null: it runs when a revision brings or changes it.</param>
/// <param name="Next">UTC; null without a schedule, and where it never comes.</param>
/// <param name="State">running, succeeded, failed, replaced, or waiting when it never ran.</param>
/// <param name="Skipped">Occurrences that did not run.</param>
/// <param name="Runs">Newest first.</param>
public sealed record JobView(
    string Job, string? Times, DateTimeOffset? Next, string State, long Skipped, DateTimeOffset? LastSkipped,
    string SkippedBecause, EquatableArray<RunView> Runs);

/// <param name="Cause">revision, schedule or hand.</param>
/// <param name="Request">Of a run by hand: see <see cref="DoneView"/>.</param>
/// <param name="Outcome">running, succeeded, failed or replaced.</param>
/// <param name="Exit">Of the replica that decided the outcome.</param>
public sealed record RunView(
    long Run, int Revision, string Cause, long? Request, DateTimeOffset? Occurrence, DateTimeOffset? Began,
    DateTimeOffset? Ended, string Outcome, int? Exit, int Completed, int Replicas, string? Replica, string Because);

/// <summary>The answer to a command that was carried out.</summary>
/// <param name="Changed">False when it was so already.</param>
/// <param name="Request">Of `run`: what the run will say that it was asked for by.</param>
public sealed record DoneView(int Revision, bool Changed, string What, long? Request = null);

/// <param name="Kind">arguments, conflict, unavailable (it did not happen) or unknown (it may have).</param>
public sealed record ErrorView(string Error, string Kind)
{
    public const string Arguments = "arguments", Conflict = "conflict", Unavailable = "unavailable",
        Unknown = "unknown";
}

/// <summary>One line of what a replica wrote.</summary>
public sealed record LogLineView(string Replica, string Line);
