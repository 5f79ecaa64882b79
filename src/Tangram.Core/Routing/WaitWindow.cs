namespace Tangram.Routing;

/// <summary>Sums since a backend's process is known.</summary>
/// <param name="Begun">Attempts.</param>
/// <param name="Ended">Those that have ended or whose answer has begun.</param>
/// <param name="Answers">Of these, those whose time says something about latency; a failure does not.</param>
/// <param name="AnswerTicks">The time that they took, together.</param>
internal readonly record struct WaitCounts(long Begun, long Ended, long Answers, long AnswerTicks);

/// <summary>From sums to what has happened between two looks. One for each backend whose zone counts; one caller at a
/// time, once for each <see cref="Appraisal.Every"/>.</summary>
internal sealed class WaitWindow
{
    /// <summary>Looks that are remembered: a threshold of ten seconds is the longest that there may be.</summary>
    public const int MostLooks = 20;

    private readonly long[] _begun = new long[MostLooks];
    private int _looks;
    private WaitCounts _last;

    /// <param name="looks">After so many looks an attempt without an answer is overdue, 1 to
    /// <see cref="MostLooks"/>.</param>
    public Waited Take(WaitCounts now, int looks)
    {
        // Attempts end in nearly the order in which they began, so what had begun by then and is not among those that
        // have ended waits still. If many were faster than older ones, fewer are found: never too many.
        var overdue = _looks < looks ? 0 : Math.Max(0, _begun[(_looks - looks) % MostLooks] - now.Ended);
        var waited = new Waited(now.Answers - _last.Answers, now.AnswerTicks - _last.AnswerTicks, overdue);
        _begun[_looks % MostLooks] = now.Begun;
        _looks++;
        _last = now;
        return waited;
    }
}

/// <summary>What was seen of one backend, or a zone of them, since the look before.</summary>
/// <param name="Overdue">Attempts that have waited for the whole threshold and still have no answer.</param>
internal readonly record struct Waited(long Answers, long AnswerTicks, long Overdue)
{
    public long Samples => Answers + Overdue;

    public static Waited operator +(Waited one, Waited other) =>
        new(one.Answers + other.Answers, one.AnswerTicks + other.AnswerTicks, one.Overdue + other.Overdue);

    /// <summary>Seconds of an answer; of what is overdue no more is known than that it takes at least twice the
    /// threshold on average, if new ones come all the time. 0 when there is nothing.</summary>
    public double Mean(TimeSpan threshold) => Samples == 0 ? 0
        : (AnswerTicks + Overdue * 2.0 * threshold.Ticks) / Samples / TimeSpan.TicksPerSecond;
}
