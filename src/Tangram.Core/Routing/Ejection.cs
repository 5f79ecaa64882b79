using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Outlier ejection: what the end of an attempt teaches about its backend.</summary>
public static class Ejection
{
    /// <summary>One 5xx is an answer; five in a row are a broken backend.</summary>
    public const int FailuresToEject = 5;

    /// <summary>Counts the end of an attempt and ejects the backend when it is due. A response counts when it begins;
    /// if it is cut later, <see cref="AttemptOutcome.Cut"/> follows.</summary>
    public static void Report(RoutedService service, Backend backend, AttemptOutcome outcome, Instant now) =>
        Report(service, backend, new Attempt(outcome), now);

    public static void Report(RoutedService service, Backend backend, in Attempt attempt, Instant now)
    {
        var outcome = attempt.Outcome;
        backend.Counters.Learn(in attempt, now);
        var (counters, tally) = (backend.Counters, backend.Tally);
        var failed = outcome is AttemptOutcome.ServerError or AttemptOutcome.NoAnswer or AttemptOutcome.TimedOut;
        if (failed || outcome is AttemptOutcome.Answered) tally.CountRequest();
        if (failed || outcome is AttemptOutcome.Cut) tally.CountFailure();
        switch (outcome)
        {
            case AttemptOutcome.Answered:
                counters.Succeed();
                break;
            case AttemptOutcome.NeverSent:
                counters.Fail();
                counters.Eject(now);
                break;
            case AttemptOutcome.NoAnswer:
                counters.Fail();
                if (MayEject(service, backend)) counters.Eject(now);
                break;
            case AttemptOutcome.ServerError or AttemptOutcome.TimedOut or AttemptOutcome.Cut:
                if (counters.Fail() >= FailuresToEject && MayEject(service, backend)) counters.Eject(now);
                break;
        }
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
