using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Outlier ejection and breakers: what the end of an attempt teaches about its backend. What shows only in
/// comparison with others is the <see cref="Appraisal"/>'s.</summary>
public static class Ejection
{
    /// <summary>One 5xx is an answer; five in a row are a broken backend.</summary>
    public const int FailuresToEject = 5;

    /// <summary>502, 503, 504 and time-outs say that it cannot, and not that it failed at one request.</summary>
    public const int GatewayErrorsToEject = 3;

    public static void Report(RoutedService service, Backend backend, AttemptOutcome outcome, Instant now) =>
        Report(service, backend, new Attempt(outcome), now);

    /// <summary>Counts the end of an attempt and ejects the backend when it is due. A response counts when it begins;
    /// if it is cut later, <see cref="AttemptOutcome.Cut"/> follows.</summary>
    public static void Report(RoutedService service, Backend backend, in Attempt attempt, Instant now)
    {
        var (counters, tally, outcome) = (backend.Counters, backend.Tally, attempt.Outcome);
        counters.Learn(in attempt, now);
        var failed = outcome is AttemptOutcome.ServerError or AttemptOutcome.NoAnswer or AttemptOutcome.TimedOut;
        var counts = failed || outcome is AttemptOutcome.Answered;
        if (counts) tally.CountRequest();
        if (failed || outcome is AttemptOutcome.Cut) tally.CountFailure();
        if (counts || outcome is AttemptOutcome.Cut)
            counters.Count(counts ? 1 : 0, failed || !counts ? 1 : 0, service.Traffic.Breaker.Window, now);
        service.Counters.Breaker.Learn(service, in attempt, now);
        service.Counters.Admission?.Learn(in attempt);
        switch (outcome)
        {
            case AttemptOutcome.Answered:
                if (attempt.Took is { } took) service.Counters.Hedging?.Learn(took);
                counters.Succeed(now, service.Traffic.SlowStart > TimeSpan.Zero);
                return;
            case AttemptOutcome.NeverSent:
                counters.Fail();
                counters.Eject(now);
                return;
            case AttemptOutcome.ClientFault:
                return;
        }
        Suspect(service, backend, in attempt, now);
    }

    private static void Suspect(RoutedService service, Backend backend, in Attempt attempt, Instant now)
    {
        var counters = backend.Counters;
        var inRow = counters.Fail();
        var gateway = 0;
        if (IsGatewayError(in attempt)) gateway = counters.FailAsGateway();
        else counters.FailByItself();
        if (attempt.Outcome == AttemptOutcome.NoAnswer)
            TryEject(service, backend, EjectionCause.NoAnswer, attempt.Chance, now);
        else if (counters.OnTrial || inRow >= FailuresToEject)
            TryEject(service, backend, EjectionCause.FailuresInRow, attempt.Chance, now, inRow);
        else if (gateway >= GatewayErrorsToEject)
            TryEject(service, backend, EjectionCause.GatewayErrors, attempt.Chance, now, gateway);
        if (!service.Traffic.Breaker.Off) Break(service, backend, in attempt, now);
    }

    private static void Break(RoutedService service, Backend backend, in Attempt attempt, Instant now)
    {
        var breaker = service.Traffic.Breaker;
        if (backend.Counters.Ejected) return;
        var (requests, failures) = backend.Counters.Counted(breaker.Window, now);
        if (requests < breaker.Minimum || failures < breaker.ErrorRate * requests) return;
        TryEject(service, backend, EjectionCause.ErrorRate, attempt.Chance, now, failures, requests);
    }

    internal static bool IsGatewayError(in Attempt attempt) => attempt.Outcome
        is AttemptOutcome.NoAnswer or AttemptOutcome.TimedOut || attempt.Status is 502 or 503 or 504;

    internal static void TryEject(RoutedService service, Backend backend, EjectionCause cause, ulong chance,
        Instant now, long failed = 0, long of = 0)
    {
        if (!MayEject(service, backend)) return;
        var first = cause == EjectionCause.ErrorRate ? service.Traffic.Breaker.Open : BackendCounters.FirstEjection;
        backend.Counters.Eject(cause, first, chance, now, failed, of);
    }

    /// <summary>At most half of the backends are ejected on suspicion, for more are seldom broken without a common
    /// cause that ejection makes worse. A refused connection is no suspicion, and has no cap.</summary>
    private static bool MayEject(RoutedService service, Backend backend)
    {
        if (backend.Counters.Ejected) return true;
        var ejected = 1;
        foreach (var other in service.Backends) if (other.Counters.Ejected) ejected++;
        return ejected * 2 <= service.Backends.Length;
    }
}
