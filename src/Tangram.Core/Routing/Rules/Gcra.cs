namespace Tangram.Routing.Rules;

/// <summary>What the limit says of one request. Times are in the limit's own unit.</summary>
/// <param name="Next">What to remember of the key from now on; the same as before when it was refused.</param>
/// <param name="Remaining">How many more may come at this moment.</param>
/// <param name="RetryAfter">When the next one would be let through; 0 when this one was.</param>
/// <param name="Full">When as many as at the beginning may come again.</param>
public readonly record struct GcraVerdict(bool Allowed, long Next, int Remaining, long RetryAfter, long Full);

/// <summary>The generic cell rate algorithm (ITU-T I.371, 1993): of each key one number is kept, the time at which its
/// next request would be on schedule. A request may come up to a tolerance before its time, and then moves it by one
/// interval. What remains of a bucket needs no clock that refills it.</summary>
public static class Gcra
{
    /// <param name="onSchedule">What was remembered; 0 for a new key.</param>
    /// <param name="now">Not negative.</param>
    /// <param name="interval">Between two requests; positive.</param>
    /// <param name="burst">How many may come at once; positive.</param>
    public static GcraVerdict Decide(long onSchedule, long now, long interval, int burst)
    {
        var tolerance = (burst - 1) * interval;
        if (now < onSchedule - tolerance)
            return new GcraVerdict(false, onSchedule, 0, onSchedule - tolerance - now, onSchedule - now);
        var next = Math.Max(now, onSchedule) + interval;
        var room = now + tolerance - next;
        var remaining = room < 0 ? 0 : (int)(room / interval) + 1;
        return new GcraVerdict(true, next, remaining, 0, next - now);
    }
}
