namespace Tangram.Routing;

/// <summary>How an attempt ended, as far as it decides whether another may be made.</summary>
public enum AttemptEnd
{
    Answered,
    /// <summary>The answer is a 5xx that another backend may not give.</summary>
    BadAnswer,
    /// <summary>Provably never reached the backend: the connection was refused.</summary>
    NeverSent,
    /// <summary>It may have been received; no answer began.</summary>
    Cut,
    /// <summary>The client has gone, or has already been given a part of the answer.</summary>
    Over,
}

/// <summary>Whether a request may be sent to another backend. What is safe to repeat, or was never sent, may; an unsafe
/// request is never sent twice.</summary>
public static class RetryPolicy
{
    /// <summary>How long after its arrival a request may still be tried elsewhere.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>Safe in the sense of RFC 9110, 9.2.1. PUT and DELETE are idempotent but not safe: between two executions
    /// somebody else's may lie, so they are not repeated.</summary>
    public static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";

    /// <summary>Answers worth another try: 429 and 4xx are the client's, 501 and 505 would come from anyone.</summary>
    public static bool IsBad(int status) => status is 500 or 502 or 503 or 504;

    /// <param name="bodyRead">Whether any byte of the request's body has been taken from the client: those cannot be sent
    /// again.</param>
    public static bool MayRetry(AttemptEnd end, bool safe, bool bodyRead, int attempts, TimeSpan elapsed) =>
        attempts < Tried.Most && elapsed < Deadline && !bodyRead && end switch
        {
            AttemptEnd.NeverSent => true,
            AttemptEnd.Cut or AttemptEnd.BadAnswer => safe,
            _ => false,
        };
}

/// <summary>Bounds what repeating adds when everything fails: at any time at most 20 % of the active requests, and at least
/// ten, are repeats. Requests that were never sent do not count.</summary>
public sealed class RetryBudget
{
    private const int Always = 10;
    private long _active;
    private long _repeats;

    public void Begin() => Interlocked.Increment(ref _active);

    public void End() => Interlocked.Decrement(ref _active);

    public bool TryRepeat()
    {
        if (Interlocked.Increment(ref _repeats) <= Math.Max(Always, Interlocked.Read(ref _active) / 5)) return true;
        Interlocked.Decrement(ref _repeats);
        return false;
    }

    public void EndRepeat() => Interlocked.Decrement(ref _repeats);
}
