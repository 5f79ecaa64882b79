namespace Tangram.Proving.Engine;

/// <summary>How far a thread is, as it says itself when it was asked: what it counts is its own.</summary>
internal sealed class EngineProgress
{
    private readonly LatencyHistogram _latencies = new();
    private volatile bool _asked;
    private (long Sent, long Ok, long Bad) _counts;
    private int _inFlight;

    public bool IsAsked => _asked;

    public void Ask() => _asked = true;

    /// <summary>By the thread.</summary>
    public void Tell(EngineFlights flights)
    {
        _latencies.Clear();
        flights.Book.AddLatencies(_latencies);
        (_counts, _inFlight) = (flights.Book.Counts(), flights.Count);
        _asked = false;
    }

    /// <summary>What the threads have told; only when none of them <see cref="IsAsked"/>.</summary>
    public static LoadProgress Of(IEnumerable<EngineProgress> threads, TimeSpan now, long planned)
    {
        var all = new LatencyHistogram();
        var (sent, ok, bad, inFlight) = (0L, 0L, 0L, 0);
        foreach (var one in threads)
        {
            all.Add(one._latencies);
            var counts = one._counts;
            (sent, ok, bad) = (sent + counts.Sent, ok + counts.Ok, bad + counts.Bad);
            inFlight += one._inFlight;
        }
        return new(now, planned, sent + inFlight, inFlight, ok, bad, all.At(99));
    }
}
