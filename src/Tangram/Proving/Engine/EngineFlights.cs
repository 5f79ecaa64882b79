namespace Tangram.Proving.Engine;

/// <summary>The requests of one thread that are in flight, and what became of the others. Times are ticks of 100 ns
/// since the start of the run.</summary>
internal sealed class EngineFlights(LoadOptions options, LatencyLog? log)
{
    private long _area, _at, _unmeasured;

    public LoadBook Book { get; } = LoadBook.For(options, log);
    public int Count { get; private set; }
    public int Most { get; private set; }

    /// <summary>The integral over time of how many of those requests were in flight that have a latency.</summary>
    public long Area => _area - _unmeasured;

    /// <summary>Of those, what lies between when they were due and when they were in flight.</summary>
    public long Delay { get; private set; }

    /// <summary>A request is due, and counts from now.</summary>
    public void Began(long now)
    {
        Pass(now);
        if (++Count > Most) Most = Count;
    }

    public void Ended(in LoadAsk ask, long begun, LoadOutcome outcome, long now)
    {
        Pass(now);
        Count--;
        if (outcome.HasLatency) Delay += ask.Noticed - ask.Intended;
        else _unmeasured += now - ask.Noticed;
        Book.Ended(Sample(ask, begun, outcome, now));
    }

    /// <summary>It is not sent.</summary>
    public void Refused(in LoadAsk ask, LoadOutcome outcome) =>
        Book.Count(Sample(ask, ask.Noticed, outcome, ask.Noticed));

    private void Pass(long now)
    {
        _area += Count * (now - _at);
        _at = now;
    }

    private static LoadSample Sample(in LoadAsk ask, long begun, LoadOutcome outcome, long now) => new(
        ask.Class, ask.Index, TimeSpan.FromTicks(ask.Intended), TimeSpan.FromTicks(begun), TimeSpan.FromTicks(now),
        outcome);
}
