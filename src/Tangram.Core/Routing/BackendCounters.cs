using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What this gateway knows of one process: leaf counters, shared by all requests through
/// <see cref="Interlocked"/>, carried from one route table to the next.</summary>
/// <remarks>Ejection: a backend is left until a moment. From that moment on, one request at a time may try it; taking
/// the trial moves the moment on by <see cref="TrialTime"/>, so a trial that never reports back blocks nothing. A trial
/// that fails doubles the time, an answer ends the ejection.</remarks>
public sealed class BackendCounters
{
    /// <summary>Long enough to save most requests a refused connection, short enough that a backend that is back gets
    /// work again at once.</summary>
    public static readonly TimeSpan FirstEjection = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestEjection = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(1);

    private int _inFlight;
    private int _failuresInRow;
    private int _ejections;
    private int _trial;
    private long _successes;
    private long _failures;
    private long _ejectedUntil;
    private Latency _latency;

    public int InFlight => Volatile.Read(ref _inFlight);
    public int FailuresInRow => Volatile.Read(ref _failuresInRow);
    public long Successes => Interlocked.Read(ref _successes);
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Seconds to the head of an answer; 0 when there was none yet.</summary>
    public double MeanLatency => _latency.Mean;

    /// <summary>Ejected, or on trial.</summary>
    public bool Ejected => Interlocked.Read(ref _ejectedUntil) != 0;

    /// <summary>How long until the next trial; null when it is not ejected.</summary>
    public TimeSpan? EjectedFor(Instant now) => Interlocked.Read(ref _ejectedUntil) is var until and not 0
        ? TimeSpan.FromTicks(Math.Max(0, until - now.Ticks))
        : null;

    /// <summary>A full fence: what is read after it is not older than it.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>Returns what is left in flight.</summary>
    public int Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>For choosing: see <see cref="Latency.Cost"/>.</summary>
    internal double Cost(Instant now) => _latency.Cost(InFlight, now);

    internal void Learn(in Attempt attempt, Instant now)
    {
        if (attempt.Took is not { } took) return;
        if (attempt.Outcome is AttemptOutcome.ClientFault) _latency.Unfinished(took, now);
        else if (attempt.Outcome is AttemptOutcome.Answered && attempt.Status != 429) _latency.Answered(took, now);
        else if (attempt.Outcome is not AttemptOutcome.Cut) _latency.Failed(took, now);
    }

    internal bool TryTrial(Instant now)
    {
        var until = Interlocked.Read(ref _ejectedUntil);
        if (until == 0 || now.Ticks < until) return false;
        if (Interlocked.CompareExchange(ref _ejectedUntil, (now + TrialTime).Ticks, until) != until) return false;
        Volatile.Write(ref _trial, 1);
        return true;
    }

    internal void Succeed()
    {
        Interlocked.Increment(ref _successes);
        if (FailuresInRow != 0) Volatile.Write(ref _failuresInRow, 0);
        if (!Ejected) return;
        Volatile.Write(ref _ejections, 0);
        Volatile.Write(ref _trial, 0);
        Interlocked.Exchange(ref _ejectedUntil, 0);
    }

    /// <summary>Returns the failures in a row, this one included.</summary>
    internal int Fail()
    {
        Interlocked.Increment(ref _failures);
        return Interlocked.Increment(ref _failuresInRow);
    }

    /// <summary>Many requests can fail at the same moment; only the first of them ejects, and later only the
    /// trial.</summary>
    internal void Eject(Instant now)
    {
        var until = Interlocked.Read(ref _ejectedUntil);
        if (until != 0 && Interlocked.Exchange(ref _trial, 0) == 0) return;
        var doublings = Math.Min(Volatile.Read(ref _ejections), 8);
        var time = TimeSpan.FromTicks(Math.Min(FirstEjection.Ticks << doublings, LongestEjection.Ticks));
        if (Interlocked.CompareExchange(ref _ejectedUntil, (now + time).Ticks, until) == until)
            Interlocked.Increment(ref _ejections);
    }
}
