using Tangram.Model;
using Tangram.Routing.Records;

namespace Tangram.Routing;

/// <summary>What this gateway knows of one process: leaf counters, shared by all requests through
/// <see cref="Interlocked"/>, carried from one route table to the next.</summary>
public sealed class BackendCounters
{
    /// <summary>Long enough to save most requests a refused connection, short enough that a backend that is back gets
    /// work again at once.</summary>
    public static readonly TimeSpan FirstEjection = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan TrialTime = EjectionTerm.TrialTime;

    private const long NotWarming = long.MinValue;

    /// <summary>Since the next look at it.</summary>
    private const long NewNow = long.MaxValue;

    private int _inFlight;
    private int _failuresInRow;
    private int _gatewayErrorsInRow;
    private long _successes;
    private long _failures;
    private float _share = 1;
    private long _warmingSince = NotWarming;
    private EjectionTerm _ejection;
    private Latency _latency;
    private SlidingWindow _window;
    private long _begun, _ended, _answers, _answerTicks;

    public int InFlight => Volatile.Read(ref _inFlight);
    public int FailuresInRow => Volatile.Read(ref _failuresInRow);
    public long Successes => Interlocked.Read(ref _successes);
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Seconds to the head of an answer; 0 when there was none yet.</summary>
    public double MeanLatency => _latency.Mean;

    /// <summary>Ejected, or on trial.</summary>
    public bool Ejected => _ejection.Runs;

    /// <summary>Ejected not on suspicion: it takes no connections.</summary>
    public bool Gone => Ejected && _ejection.Cause == EjectionCause.Refused;

    public bool OnTrial => _ejection.OnTrial;

    /// <summary>What the last ejection was for.</summary>
    internal string EjectedBecause => _ejection.Because;

    /// <summary>How long until the next trial; null when it is not ejected.</summary>
    public TimeSpan? EjectedFor(Instant now) => _ejection.Left(now);

    /// <summary>Of the requests that the heaviest backend of its service gets, 0 to 1.</summary>
    public double Share => Volatile.Read(ref _share);

    /// <summary>What its latency and success make of its weight, 0 to 1. Written by the <see cref="Appraisal"/>
    /// alone.</summary>
    internal double Fitness { get; set; } = 1;
    internal string FitnessBecause { get; set; } = "";

    /// <summary>What is told to others.</summary>
    public BackendFigures Figures { get; } = new();

    /// <summary>A full fence: what is read after it is not older than it.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>Returns what is left in flight.</summary>
    public int Leave() => Interlocked.Decrement(ref _inFlight);

    internal void SetShare(double share) => Volatile.Write(ref _share, (float)share);

    /// <summary>For choosing: see <see cref="Latency.Cost"/>.</summary>
    internal double Cost(Instant now) => _latency.Cost(InFlight / Share, now);

    /// <summary>For choosing by requests.</summary>
    internal double Load => (InFlight + FailuresInRow) / Share;

    /// <summary>True as often as its share says, when all draws come as often.</summary>
    internal bool Accepts(uint draw) => draw <= Share * uint.MaxValue;

    /// <summary>It begins with a small share, as one that joins others.</summary>
    internal void StartSlowly()
    {
        SetShare(SlowStart.Least);
        Interlocked.Exchange(ref _warmingSince, NewNow);
    }

    /// <summary>How long it has been new or back; null when it is neither.</summary>
    internal TimeSpan? Warming(Instant now)
    {
        var since = Interlocked.Read(ref _warmingSince);
        if (since == NotWarming) return null;
        if (since != NewNow) return now - new Instant(since);
        Interlocked.CompareExchange(ref _warmingSince, now.Ticks, NewNow);
        return TimeSpan.Zero;
    }

    internal void EndWarming() => Interlocked.Exchange(ref _warmingSince, NotWarming);

    /// <summary>An attempt is on its way; its end, or the head of its answer, is reported once with the time that it
    /// took. Without this a gateway would learn of slow answers only when they are there.</summary>
    public void Begin() => Interlocked.Increment(ref _begun);

    /// <summary>What was seen of waiting so far: only grows.</summary>
    internal WaitCounts Waits => new(Interlocked.Read(ref _begun), Interlocked.Read(ref _ended),
        Interlocked.Read(ref _answers), Interlocked.Read(ref _answerTicks));

    /// <summary>Of <see cref="ZoneBalance"/> alone.</summary>
    internal WaitWindow? Window { get; set; }

    public void Learn(in Attempt attempt, Instant now)
    {
        if (attempt.Took is not { } took) return;
        Interlocked.Increment(ref _ended);
        if (attempt.Outcome is AttemptOutcome.Answered or AttemptOutcome.TimedOut
            || (attempt.Outcome is AttemptOutcome.ClientFault && took.TotalSeconds > MeanLatency))
        {
            Interlocked.Increment(ref _answers);
            Interlocked.Add(ref _answerTicks, took.Ticks);
        }
        if (attempt.Outcome is AttemptOutcome.ClientFault) _latency.Unfinished(took, now);
        else if (attempt.Outcome is AttemptOutcome.Answered && attempt.Status != 429) _latency.Answered(took, now);
        else if (attempt.Outcome is not AttemptOutcome.Cut) _latency.Failed(took, now);
    }

    internal void Count(int requests, int failures, TimeSpan window, Instant now) =>
        _window.Count(requests, failures, window, now);

    internal (long Requests, long Failures) Counted(TimeSpan window, Instant now) => _window.Read(window, now);

    internal bool TryTrial(Instant now) => _ejection.TryTrial(now);

    /// <param name="slowly">After an ejection it gets its share by and by.</param>
    internal void Succeed(Instant now, bool slowly)
    {
        Interlocked.Increment(ref _successes);
        if (FailuresInRow != 0) Volatile.Write(ref _failuresInRow, 0);
        if (Volatile.Read(ref _gatewayErrorsInRow) != 0) Volatile.Write(ref _gatewayErrorsInRow, 0);
        if (!Ejected || !_ejection.TryEnd(now)) return;
        Figures.Back(now);
        _window.Clear();
        _latency.ForgetMean();
        if (!slowly) return;
        Interlocked.Exchange(ref _warmingSince, now.Ticks);
        SetShare(SlowStart.Least);
    }

    /// <summary>Returns the failures in a row, this one included.</summary>
    internal int Fail()
    {
        Interlocked.Increment(ref _failures);
        return Interlocked.Increment(ref _failuresInRow);
    }

    /// <summary>The same for what a gateway in between says, and for time-outs.</summary>
    internal int FailAsGateway() => Interlocked.Increment(ref _gatewayErrorsInRow);

    /// <summary>Another failure than a gateway's.</summary>
    internal void FailByItself() => Volatile.Write(ref _gatewayErrorsInRow, 0);

    internal void Eject(Instant now) => Eject(EjectionCause.Refused, FirstEjection, 0, now);

    /// <param name="failed">Figures for <see cref="EjectionWords"/>.</param>
    internal void Eject(
        EjectionCause cause, TimeSpan first, ulong chance, Instant now, long failed = 0, long of = 0)
    {
        if (_ejection.Begin(cause, first, chance, now, failed, of)) Figures.Ejected(cause, now);
    }
}
