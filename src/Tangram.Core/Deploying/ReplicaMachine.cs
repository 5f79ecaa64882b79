using Tangram.Model;

namespace Tangram.Deploying;

/// <summary>Something the agent does to one replica. The pump answers a launch by <see cref="ReplicaEvent.Launched"/>,
/// an ended process by <see cref="ReplicaEvent.Exited"/>, a check by <see cref="ReplicaEvent.Checked"/>.</summary>
public abstract record ReplicaEffect(ReplicaName Replica) : Coordinating.Effect
{
    /// <param name="Port">The port it had before; null for the first start.</param>
    public sealed record Launch(ReplicaName Replica, int Start, int Revision, ServiceSpec Spec, int? Port)
        : ReplicaEffect(Replica)
    {
        /// <summary>Of a job; see <see cref="Assignment"/>.</summary>
        public long? Run { get; init; }
        public DateTimeOffset? Occurrence { get; init; }
    }

    public sealed record Signal(ReplicaName Replica, string Name) : ReplicaEffect(Replica);
    public sealed record Kill(ReplicaName Replica) : ReplicaEffect(Replica);
    public sealed record Check(ReplicaName Replica, int Start, int Port, ServiceSpec Spec) : ReplicaEffect(Replica);

    /// <summary>It will not come back: its record and its port are free.</summary>
    public sealed record Forget(ReplicaName Replica) : ReplicaEffect(Replica);
}

public abstract record ReplicaEvent(ReplicaName Replica) : Coordinating.Event
{
    /// <param name="Error">Null when the process runs.</param>
    public sealed record Launched(ReplicaName Replica, int Start, int Pid, int Port, string? Error)
        : ReplicaEvent(Replica);

    /// <param name="Code">128 + n after signal n; null when unknown.</param>
    /// <param name="Because">What is known beyond the code, such as "out of memory".</param>
    public sealed record Exited(ReplicaName Replica, int Start, int? Code, string Because) : ReplicaEvent(Replica);

    public sealed record Checked(ReplicaName Replica, int Start, bool Ok, string Because) : ReplicaEvent(Replica);
}

/// <summary>A process that outlived the Tangram that started it, or its trace when it has ended.</summary>
/// <param name="Pid">0 when it has ended.</param>
/// <param name="Exit">Null when it runs, or nobody saw how it ended.</param>
public sealed record Survivor(ReplicaName Replica, ServiceName Service, int Revision, int Start, int Pid, int Port,
    bool Singleton = false, int? Exit = null);

/// <summary>Supervises one replica on its node: starts it, checks it, starts it again in place, ends it.</summary>
internal sealed class ReplicaMachine(ReplicaName replica, Tenure tenure)
{
    /// <summary>The first checks after a start come quickly, so that a fast starter serves at once.</summary>
    private static readonly TimeSpan StartingInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SteadyInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(60);

    /// <summary>A check whose answer is lost for this long is given up; the runner's own time-out is shorter.</summary>
    private static readonly TimeSpan LostCheck = TimeSpan.FromSeconds(60);

    private Assignment? _assignment;
    private ServiceSpec? _spec;
    private Instant _startedAt;
    private Instant _nextStart;
    private Instant _nextCheck;
    private Instant? _checkSince;
    private Instant? _killAt;
    private int _failedChecks;
    private int _attempts;
    private bool _running;
    private bool _suspended;
    private bool _remembered;
    private Instant? _readySince;

    public SeenReplica Seen { get; private set; } = new() { Replica = replica };

    /// <summary>It has ended and may be forgotten when nobody assigns it any more.</summary>
    public bool AtRest => !_running && Seen.Phase is Phase.Stopped or Phase.Completed or Phase.Failed or Phase.Pending;

    /// <summary>It may run only while the node has the right to; see <see cref="Tenure"/>.</summary>
    public bool Singleton { get; private set; }

    public void Adopt(Survivor survivor, Instant now)
    {
        Singleton = survivor.Singleton;
        Seen = Seen with
        {
            Phase = Phase.Starting, Starts = survivor.Start, Pid = survivor.Pid, Port = survivor.Port,
            Because = "adopted after a restart of Tangram",
        };
        (_running, _startedAt, _nextCheck) = (true, now, now);
    }

    /// <summary>A record without a living process: its next start, if there is to be one, is numbered after
    /// it.</summary>
    public void Remember(Survivor ended)
    {
        Seen = Seen with { Starts = ended.Start, Port = ended.Port, Exit = ended.Exit };
        _remembered = true;
    }

    public void Assign(Assignment assignment, ServiceSpec spec)
    {
        var intent = _assignment?.Intent;
        (_assignment, _spec, Singleton) = (assignment, spec, spec.Singleton);
        if (intent != Intent.Stop || assignment.Intent == Intent.Stop) return;
        throw new InvalidOperationException($"{assignment.Replica} was told to stop and then to {assignment.Intent}: " +
                                            "a replica never comes back from stop");
    }

    public void Unassign() =>
        _assignment =
            (_assignment ?? new Assignment { Replica = replica, Service = ServiceName.Of("none"), Revision = 0 })
            with { Intent = Intent.Stop, Because = "it shall not run here any more" };

    public void On(ReplicaEvent @event, Instant now, List<Coordinating.Effect> effects)
    {
        switch (@event)
        {
            case ReplicaEvent.Launched launched when launched.Start == Seen.Starts:
                if (launched.Error is { } error) Ended(null, error, now);
                else
                {
                    Seen = Seen with { Pid = launched.Pid, Port = launched.Port };
                    (_startedAt, _nextCheck) = (now, now);
                }
                break;
            case ReplicaEvent.Exited exited when exited.Start == Seen.Starts && _running:
                Ended(exited.Code, exited.Because, now);
                break;
            case ReplicaEvent.Checked check when check.Start == Seen.Starts && _running:
                Checked(check, now, effects);
                break;
        }
        Turn(now, effects);
    }

    /// <summary>Does what is due now.</summary>
    public void Turn(Instant now, List<Coordinating.Effect> effects)
    {
        if (Singleton && _running && (_suspended || !tenure.MayRun(now))) Suspend(now, effects);
        else if (_assignment is null) return;
        else if (_assignment.Intent == Intent.Stop) End(now, effects);
        else if (!_running) Start(now, effects);
        else CheckWhenDue(now, effects);
    }

    private void Start(Instant now, List<Coordinating.Effect> effects)
    {
        if (Seen.Phase is Phase.Completed or Phase.Failed or Phase.Stopped || _spec is null) return;
        if (_assignment!.Intent == Intent.Drain)
        {
            Seen = Seen with { Phase = Phase.Stopped, Because = "it ended while it was being drained" };
            return;
        }
        if (_assignment.Ended is { } ended)
        {
            Seen = Seen with { Phase = ended, Because = "its run is over" };
            return;
        }
        if (_remembered && _spec.IsJob && !Rests(Seen.Exit) && GaveUp)
        {
            Seen = Seen with { Phase = Phase.Failed, Because = "it ended while Tangram was away" };
            return;
        }
        if (_remembered && Rests(Seen.Exit))
        {
            var how = Seen.Exit is { } code ? $"with exit code {code}" : "and nobody saw how, while Tangram was away";
            Seen = Seen with { Phase = Resting(Seen.Exit), Because = $"it ended {how}" };
            return;
        }
        if (Seen.Phase == Phase.Waiting && now < _nextStart) return;
        if (Singleton && !tenure.MayStart(now)) return;
        Seen = Seen with { Phase = Phase.Starting, Starts = Seen.Starts + 1, Pid = null };
        (_running, _remembered, _failedChecks, _checkSince, _readySince) = (true, false, 0, null, null);
        (_startedAt, _nextCheck) = (now, now + LostCheck);
        effects.Add(new ReplicaEffect.Launch(replica, Seen.Starts, _assignment.Revision, _spec, Seen.Port)
        {
            Run = _assignment.Run, Occurrence = _assignment.Occurrence,
        });
    }

    private void End(Instant now, List<Coordinating.Effect> effects)
    {
        if (!_running)
        {
            if (Seen.Phase is not (Phase.Completed or Phase.Failed))
                Seen = Seen with { Phase = Phase.Stopped, Pid = null };
            return;
        }
        if (_killAt is null)
        {
            _killAt = now + (_spec?.StopGracePeriod ?? TimeSpan.FromSeconds(10));
            Seen = Seen with { Phase = Phase.Stopping, Because = _assignment!.Because };
            effects.Add(new ReplicaEffect.Signal(replica, _spec?.StopSignal ?? "SIGTERM"));
        }
        else if (now >= _killAt)
        {
            _killAt = now + TimeSpan.FromSeconds(1);
            effects.Add(new ReplicaEffect.Kill(replica));
        }
    }

    /// <summary>Ends a singleton before the lease of its node can end. It starts again when the right is
    /// back.</summary>
    private void Suspend(Instant now, List<Coordinating.Effect> effects)
    {
        if (!_suspended)
        {
            var patient = now + (_spec?.StopGracePeriod ?? TimeSpan.FromSeconds(10));
            (_suspended, _killAt) = (true, patient < tenure.KillAt ? patient : tenure.KillAt);
            Seen = Seen with { Phase = Phase.Stopping, Because = Suspended };
            effects.Add(new ReplicaEffect.Signal(replica, _spec?.StopSignal ?? "SIGTERM"));
        }
        if (now < _killAt) return;
        _killAt = now + TimeSpan.FromSeconds(1);
        effects.Add(new ReplicaEffect.Kill(replica));
    }

    private const string Suspended = "it is a singleton, and the lease of its node was not renewed in time";

    private void Ended(int? code, string because, Instant now)
    {
        var wasReady = _readySince is not null;
        (_running, _killAt) = (false, null);
        // The guard may have been faster, while the agent slept.
        if (_suspended || (Singleton && code is null or 137 && !tenure.MayRun(now)))
        {
            _suspended = false;
            Seen = Seen with { Pid = null, Exit = code, Phase = Phase.Waiting, Because = Suspended };
            _nextStart = now;
            return;
        }
        Seen = Seen with
        {
            Pid = null, Exit = code, FailedStarts = wasReady ? 0 : Seen.FailedStarts + 1, Ends = Seen.Ends + 1,
            Because = because.Length > 0 ? because : code is { } c ? $"it ended with exit code {c}" : "it ended",
        };
        Seen = Seen with
        {
            // Before the first assignment is known, an adopted replica that ended just waits to hear what is asked.
            Phase = _assignment is null ? Phase.Pending
                : _assignment.Intent == Intent.Run ? AfterExit(code, wasReady, now) : Phase.Stopped,
        };
    }

    /// <summary>A replica that had been ready comes back at once, but is not started more often than once in a delay:
    /// one that cannot be asked is ready as soon as it runs. One that had not been ready waits: the delay doubles with
    /// every such start, so that a broken version does not burn the machine.</summary>
    private Phase AfterExit(int? code, bool wasReady, Instant now)
    {
        var policy = _spec?.Deploy.Restart ?? new RestartSpec();
        if (Rests(code)) return Resting(code);
        if (_spec?.IsJob == true) return JobAfterExit(policy, now);
        if (wasReady && now - _readySince!.Value >= policy.Window) _attempts = 0;
        else if (++_attempts > (policy.MaxAttempts ?? int.MaxValue)) return Phase.Failed;
        var doubled = policy.Delay * Math.Pow(2, Math.Min(16, Math.Max(0, Seen.FailedStarts - 1)));
        _nextStart = wasReady ? _startedAt + policy.Delay : now + (doubled < LongestDelay ? doubled : LongestDelay);
        return Phase.Waiting;
    }

    /// <summary>That a job has run for a while before it failed makes the next attempt no better.</summary>
    private Phase JobAfterExit(RestartSpec policy, Instant now)
    {
        if (GaveUp) return Phase.Failed;
        var delay = policy.Delay * Math.Pow(2, Math.Min(16, Seen.Restarts));
        _nextStart = now + (delay < LongestDelay ? delay : LongestDelay);
        return Phase.Waiting;
    }

    /// <summary>Starts are counted in the replica's record, so an agent that is replaced goes on counting.</summary>
    private bool GaveUp => _spec?.Deploy.Restart.MaxAttempts is { } most && Seen.Restarts >= most;

    /// <summary>What ended so is not started again.</summary>
    private bool Rests(int? code) => _spec?.Deploy.Restart.Condition switch
    {
        RestartCondition.None => true,
        RestartCondition.OnFailure => code == 0,
        _ => false,
    };

    private static Phase Resting(int? code) => code == 0 ? Phase.Completed : Phase.Failed;

    private void CheckWhenDue(Instant now, List<Coordinating.Effect> effects)
    {
        if (Seen.Pid is null || _spec is null || now < _nextCheck) return;
        if (!_spec.IsChecked)
        {
            if (Seen.Phase == Phase.Starting) BecomeReady(now);
            return;
        }
        if (_checkSince is { } since && now - since < LostCheck) return;
        _checkSince = now;
        effects.Add(new ReplicaEffect.Check(replica, Seen.Starts, Seen.Port ?? 0, _spec));
    }

    private void Checked(ReplicaEvent.Checked check, Instant now, List<Coordinating.Effect> effects)
    {
        _checkSince = null;
        if (Seen.Phase == Phase.Stopping) return;
        var health = _spec?.Healthcheck is { Disabled: false } h ? h : null;
        if (check.Ok)
        {
            _failedChecks = 0;
            if (Seen.Phase is Phase.Starting or Phase.Unready) BecomeReady(now);
            _nextCheck = now + (health?.Interval ?? SteadyInterval);
            return;
        }
        _nextCheck =
            now + (Seen.Phase == Phase.Ready ? Shorter(health?.Interval ?? SteadyInterval) : StartingRetry(health));
        if (Seen.Phase == Phase.Starting)
        {
            if (Seen.Because != check.Because) Seen = Seen with { Because = check.Because };
            if (health is not null && now - _startedAt > _spec!.StartTimeout)
                effects.Add(new ReplicaEffect.Kill(replica));
            return;
        }
        var retries = health?.Retries ?? 3;
        if (++_failedChecks >= retries && Seen.Phase == Phase.Ready)
            Seen = Seen with { Phase = Phase.Unready, Because = check.Because };
        if (_failedChecks >= 2 * retries && health is not null) effects.Add(new ReplicaEffect.Kill(replica));
    }

    private static TimeSpan Shorter(TimeSpan interval) => interval < SteadyInterval ? interval : SteadyInterval;

    private static TimeSpan StartingRetry(HealthcheckSpec? health)
    {
        if (health is null) return StartingInterval;
        var interval = health.StartInterval < health.Interval ? health.StartInterval : health.Interval;
        return interval < TimeSpan.FromSeconds(1) ? interval : TimeSpan.FromSeconds(1);
    }

    private void BecomeReady(Instant now)
    {
        _readySince ??= now;
        _failedChecks = 0;
        Seen = Seen with { Phase = Phase.Ready, EverReady = true, FailedStarts = 0, Because = "" };
    }
}
