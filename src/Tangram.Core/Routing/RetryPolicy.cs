namespace Tangram.Routing;

public enum RetryDecision
{
    GiveUp,
    Retry,
    /// <summary>Retry if the service's retry budget allows it.</summary>
    RetryOnBudget,
}

/// <summary>What has happened to one request so far.</summary>
/// <param name="Repeatable">Its method is safe and it is no upgrade.</param>
/// <param name="Status">The response's status; only for <see cref="AttemptOutcome.ServerError"/>.</param>
/// <param name="BodyRead">Bytes of the request's body that were taken from the client: they cannot be had
/// again.</param>
/// <param name="Attempts">All attempts, this one included.</param>
/// <param name="Sent">Attempts that may have reached a replica, this one included.</param>
/// <param name="Elapsed">Since the request arrived.</param>
public readonly record struct RequestSoFar(
    bool Repeatable, AttemptOutcome Outcome, int Status, long BodyRead, int Attempts, int Sent, TimeSpan Elapsed)
{
    /// <summary>Until its own deadline; null: it has none.</summary>
    public TimeSpan? Left { get; init; }

    /// <summary>What another attempt takes at the least; see <see cref="RemainingTime.Least"/>.</summary>
    public TimeSpan Needs { get; init; }
}

/// <summary>Whether a request may go to another backend. What may have been executed is repeated only when its method
/// is safe (RFC 9110, 9.2.1); what was never sent may always be repeated. PUT and DELETE are idempotent but not safe,
/// and two of them may be answered differently (201, then 200), so they are not repeated either.</summary>
public static class RetryPolicy
{
    /// <summary>Four replicas that fail the same request are no accident.</summary>
    public const int MostSent = 4;

    /// <summary>Refused connections cost microseconds, so a request may meet many of them while a zone goes
    /// down.</summary>
    public const int MostAttempts = 16;

    /// <summary>No retry starts later than this after the request arrived: its client has most likely given
    /// up.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    public static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";

    public static RetryDecision Decide(in RequestSoFar request)
    {
        if (request.Attempts >= MostAttempts || request.BodyRead > 0 || request.Elapsed >= Deadline)
            return RetryDecision.GiveUp;
        if (request.Left <= request.Needs) return RetryDecision.GiveUp;
        return request.Outcome switch
        {
            AttemptOutcome.NeverSent => RetryDecision.Retry,
            _ when !request.Repeatable || request.Sent >= MostSent => RetryDecision.GiveUp,
            // A replica that dies cuts everything it held at once, more than a budget for trickles allows. Each of
            // these requests may be repeated once for nothing, which at the worst doubles them.
            AttemptOutcome.NoAnswer when request.Sent == 1 => RetryDecision.Retry,
            AttemptOutcome.NoAnswer or AttemptOutcome.TimedOut => RetryDecision.RetryOnBudget,
            AttemptOutcome.ServerError when request.Status is 500 or 502 or 503 or 504 => RetryDecision.RetryOnBudget,
            _ => RetryDecision.GiveUp,
        };
    }
}
