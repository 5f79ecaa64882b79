using Tangram.Model;
using Tangram.Proving.Drills;

namespace Tangram.Proving.Faults;

/// <summary>One fault of a drill: how far it is, and what the cluster made of it. A moment that was seen by looking is
/// known to the time between two looks.</summary>
public sealed class FaultTrace(int number, FaultSpec spec)
{
    public int Number => number;
    public FaultSpec Spec => spec;
    public FaultTarget? Target { get; private set; }
    public Instant? AskedAt { get; private set; }
    public Instant? StruckAt { get; private set; }

    /// <summary>When it was reverted; of a fault that strikes once, when it struck.</summary>
    public Instant? EndedAt { get; private set; }

    /// <summary>The cluster's own looks showed it.</summary>
    public Instant? DetectedAt { get; private set; }

    /// <summary>No gateway sent anything there any more.</summary>
    public Instant? LeftAt { get; private set; }

    /// <summary>Everything that is asked for was there again.</summary>
    public Instant? WholeAt { get; private set; }

    /// <summary>After its end, what it had put out was seen to be part of the cluster again.</summary>
    public Instant? ReturnedAt { get; private set; }

    /// <summary>Nothing is awaited any more.</summary>
    public bool Mended => WholeAt is not null && (ReturnedAt is not null || !PutsOut);

    /// <summary>Machines, or what runs on them, which have to come back by themselves.</summary>
    public bool PutsOut => Target is { Machines.Count: > 0 } && spec.Kind is FaultKind.NodeLost or FaultKind.NodePaused
        or FaultKind.ZoneLost or FaultKind.GatewayLost or FaultKind.LeaderLost or FaultKind.StoreLost;

    /// <summary>Why it was not injected.</summary>
    public string? Missed { get; private set; }

    /// <summary>As measured, when it struck and when it ended.</summary>
    public string Effect { get; private set; } = "";
    public string EndEffect { get; private set; } = "";

    public bool Waits => AskedAt is null && Missed is null;
    public bool InForce => (AskedAt ?? StruckAt) is not null && EndedAt is null && Missed is null;
    public bool Over => Missed is not null || EndedAt is not null;

    /// <summary>From when recovery counts.</summary>
    public Instant? MendingSince => spec.Form.Mends ? StruckAt : EndedAt;
    public TimeSpan? Recovery => WholeAt - MendingSince;

    /// <summary>"order-3", "zone b", or the kind when it has no target.</summary>
    public string Name => Target is { Name.Length: > 0 } target ? $"{spec.Form.Word} {target.Name}" : spec.ToString();

    public void Ask(FaultTarget target, Instant now) => (Target, AskedAt) = (target, now);

    public void Miss(string because) => Missed = because;

    public void Strike(string effect, Instant now)
    {
        (StruckAt, Effect) = (now, effect);
        if (!spec.Form.Lasts) EndedAt = now;
    }

    public void End(string effect, Instant now)
    {
        EndEffect = effect;
        EndedAt ??= now;
    }

    /// <summary>Returns what is new, in words. Once all is whole again, what happens is none of its doing.</summary>
    /// <param name="since">When the look began.</param>
    public IEnumerable<string> See(DrillSighting seen, Instant since, Instant now)
    {
        if (StruckAt is not { } struck || since < struck || !seen.Answers) yield break;
        if (PutsOut && ReturnedAt is null && EndedAt is { } ended && since >= ended && IsBack(seen))
        {
            ReturnedAt = now;
            yield return $"back after {DrillAim.Words(now - ended)} (since it ended)";
        }
        if (WholeAt is not null) yield break;
        if (DetectedAt is null && IsNoticed(seen))
        {
            DetectedAt = now;
            yield return $"detected after {DrillAim.Words(now - struck)}";
        }
        if (LeftAt is null && IsLeft(seen, now - struck))
        {
            LeftAt = now;
            yield return $"left by traffic after {DrillAim.Words(now - struck)}";
        }
        if (WholeAt is null && MendingSince is { } from && since >= from && IsWhole(seen))
        {
            WholeAt = now;
            yield return $"whole after {DrillAim.Words(now - from)}" + (spec.Form.Mends ? "" : " (since it ended)");
        }
    }

    private bool IsNoticed(DrillSighting seen) => spec.Form.Subject switch
    {
        FaultSubject.Replica => Target!.Replicas.Any(struck => IsOther(seen, struck)),
        // The replica is well, and only the gateway can tell that it does not get there.
        FaultSubject.Path => Target!.Replicas.Any(struck => !seen.Takes(struck.Replica)),
        FaultSubject.Node or FaultSubject.Zone => Target!.Nodes.All(name =>
            seen.Nodes.FirstOrDefault(node => node.Name == name) is null or { State: "silent" or "dead" }),
        FaultSubject.Service => seen.Rollout is { Stage: "rollingBack" or "rolledBack" or "failed" },
        _ when Target!.Machines.Count == 0 => false,
        _ => spec.Kind switch
        {
            FaultKind.LeaderLost => seen.Leader is { } leader && leader != Target!.Name,
            FaultKind.GatewayLost => !Target!.Gateways.Any(seen.Gateways.Contains),
            FaultKind.StoreLost => seen.Stale,
            _ => false,
        },
    };

    private bool IsBack(DrillSighting seen) => seen is { Ready: true, Stale: false, Leader: not null }
        && Target!.Nodes.All(name => seen.Nodes.Any(node => node.Name == name && node.State is "ready" or "drained"))
        && Target.Gateways.All(seen.Gateways.Contains);

    /// <summary>A backend that is back already says how long ago it came back: it was away then.</summary>
    private bool IsLeft(DrillSighting seen, TimeSpan passed) => Target!.Replicas.Count > 0
        && Target.Replicas.All(struck => !seen.Takes(struck.Replica) || seen.Backends.Any(b =>
            b.Backend == struck.Replica && b.Changed is { } ago && ago < passed.TotalSeconds));

    private bool IsWhole(DrillSighting seen) => seen is { Ready: true, Stale: false } && spec.Form.Subject switch
    {
        FaultSubject.Replica or FaultSubject.Path => Target!.Replicas.All(struck =>
            seen.Replica(struck.Replica) is not { } now
            || (now.Ready && seen.Takes(now.Replica) && (spec.Form.Lasts || IsOther(seen, struck)))),
        // One that is short is over before anybody notices it.
        FaultSubject.Node or FaultSubject.Zone => !spec.Form.Mends
            || ((DetectedAt ?? EndedAt) is not null && Target!.Replicas.All(struck => IsOther(seen, struck))),
        FaultSubject.Service => seen.Rollout is { Stage: "rolledBack" },
        _ => true,
    };

    private static bool IsOther(DrillSighting seen, StruckReplica struck) =>
        seen.Replica(struck.Replica) is not { Ready: true } now || now.Pid != struck.Pid
        || now.Restarts != struck.Restarts;
}
