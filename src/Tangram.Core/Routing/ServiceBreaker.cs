using Tangram.Model;

namespace Tangram.Routing;

public enum BreakerState { Closed, Open, HalfOpen }

/// <summary>Keeps requests from a whole service that cannot answer any: they would only add to its load. It opens when
/// most requests end with 502, 503, 504 or in a time-out and no backend is well, so never because of one. Then one
/// request at a time tries, and after an answer the others come by and by. Thread-safe; one for each service and
/// gateway.</summary>
/// <remarks>A 500 is a program's fault that less load does not mend, and one broken page must not close all of them. A
/// refused connection needs no protection.</remarks>
public sealed class ServiceBreaker
{
    /// <summary>For a service of one backend the breaker would be the outage.</summary>
    private const int LeastBackends = 2;

    private EjectionTerm _term;
    private SlidingWindow _window;
    private long _warmingSince;

    public BreakerState State(Instant now) => !_term.Runs ? BreakerState.Closed
        : _term.OnTrial || _term.Left(now) == TimeSpan.Zero ? BreakerState.HalfOpen
        : BreakerState.Open;

    /// <summary>Null: the request may go on. Else when it is worth to ask again.</summary>
    public TimeSpan? Refuses(RoutedService service, ulong chance, Instant now)
    {
        if (_term.Runs)
        {
            if (!AnyIsWell(service, now)) return _term.TryTrial(now) ? null : _term.Left(now);
            // It stays until its time is over, for the case that this one is soon as bad as the others.
            if (_term.Left(now) == TimeSpan.Zero) _term.End(now);
            return null;
        }
        var since = Interlocked.Read(ref _warmingSince);
        if (since == 0) return null;
        var factor = SlowStart.Factor(now - new Instant(since), service.Traffic.SlowStart);
        if (factor < 1) return chance <= factor * ulong.MaxValue ? null : EjectionTerm.TrialTime;
        Interlocked.CompareExchange(ref _warmingSince, 0, since);
        return null;
    }

    internal void Learn(RoutedService service, in Attempt attempt, Instant now)
    {
        var breaker = service.Traffic.Breaker;
        if (breaker.Off || attempt.Outcome is AttemptOutcome.NeverSent or AttemptOutcome.ClientFault
            or AttemptOutcome.Cut) return;
        // What was cut off has ended: its replacement needs no protection.
        var overloaded = attempt.Outcome != AttemptOutcome.NoAnswer && Ejection.IsGatewayError(in attempt);
        _window.Count(1, overloaded ? 1 : 0, breaker.Window, now);
        if (!overloaded)
        {
            if (attempt.Outcome == AttemptOutcome.Answered && _term.OnTrial && _term.TryEnd(now)) Warm(now);
            return;
        }
        if (_term.Runs && !_term.OnTrial) return;
        var (requests, failures) = _window.Read(breaker.Window, now);
        if (!_term.OnTrial && (requests < breaker.Minimum || failures < breaker.ErrorRate * requests
            || AnyIsWell(service, now))) return;
        _term.Begin(EjectionCause.ErrorRate, breaker.Open, attempt.Chance, now, failures, requests);
    }

    /// <summary>For people: null when it is closed.</summary>
    public string? Because => _term.Runs ? _term.Because : null;

    private void Warm(Instant now)
    {
        _window.Clear();
        Interlocked.Exchange(ref _warmingSince, now.Ticks);
    }

    /// <summary>One that is not ejected and of whose requests fewer fail than the breaker allows. Of one that has had
    /// none the best is believed.</summary>
    private static bool AnyIsWell(RoutedService service, Instant now)
    {
        if (service.Backends.Length < LeastBackends) return true;
        var breaker = service.Traffic.Breaker;
        foreach (var backend in service.Backends)
        {
            if (backend.Counters.Ejected) continue;
            var (requests, failures) = backend.Counters.Counted(breaker.Window, now);
            if (requests == 0 || failures < breaker.ErrorRate * requests) return true;
        }
        return false;
    }
}
