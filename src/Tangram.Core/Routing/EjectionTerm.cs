using Tangram.Model;

namespace Tangram.Routing;

/// <summary>An ejection and its end. A backend is left until a moment. From that moment on, one request at a time may
/// try it; taking the trial moves the moment on by <see cref="TrialTime"/>, so a trial that never reports back blocks
/// nothing. A trial that fails doubles the time, an answer ends the ejection.</summary>
/// <remarks>Mutable: keep it in a field.</remarks>
internal struct EjectionTerm
{
    public static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(1);

    /// <summary>A backend that is ejected by its rates again within this time is left for longer.</summary>
    private static readonly TimeSpan Relapse = TimeSpan.FromSeconds(30);

    /// <summary>The longest term, in first ones.</summary>
    private const int Longest = 10;

    /// <summary>Up to this part of the term is added by chance, so that gateways that ejected at the same moment come
    /// back one after the other.</summary>
    private const double Jitter = 0.25;

    private int _terms;
    private int _trial;
    private int _cause;
    private long _until;
    private long _ended;
    private long _first;
    private long _failed;
    private long _of;

    public readonly bool Runs => Interlocked.Read(in _until) != 0;
    public bool OnTrial => Volatile.Read(ref _trial) != 0;
    public EjectionCause Cause => (EjectionCause)Volatile.Read(ref _cause);

    /// <summary>In words, with the figures.</summary>
    public string Because => EjectionWords.Of(Cause, Volatile.Read(ref _failed), Volatile.Read(ref _of));

    public TimeSpan? Left(Instant now) => Interlocked.Read(ref _until) is var until and not 0
        ? TimeSpan.FromTicks(Math.Max(0, until - now.Ticks))
        : null;

    public bool TryTrial(Instant now)
    {
        var until = Interlocked.Read(ref _until);
        if (until == 0 || now.Ticks < until) return false;
        if (Interlocked.CompareExchange(ref _until, (now + TrialTime).Ticks, until) != until) return false;
        Volatile.Write(ref _trial, 1);
        return true;
    }

    /// <summary>An answer came. What was ejected by its rates may have answers in flight, which say nothing; there only
    /// a trial's counts. True when this ends it.</summary>
    public bool TryEnd(Instant now)
    {
        if (!Runs || (IsRate(Cause) && !OnTrial)) return false;
        if (!IsRate(Cause)) Volatile.Write(ref _terms, 0);
        End(now);
        return true;
    }

    public void End(Instant now)
    {
        Volatile.Write(ref _trial, 0);
        Interlocked.Exchange(ref _ended, now.Ticks);
        Interlocked.Exchange(ref _until, 0);
    }

    /// <summary>Many requests can fail at the same moment; only the first of them ejects, and later only the trial,
    /// which keeps the cause unless its connection was refused. True when this is the first.</summary>
    /// <param name="failed">Figures for <see cref="EjectionWords"/>.</param>
    public bool Begin(
        EjectionCause cause, TimeSpan first, ulong chance, Instant now, long failed = 0, long of = 0)
    {
        var until = Interlocked.Read(ref _until);
        if (until != 0 && Interlocked.Exchange(ref _trial, 0) == 0) return false;
        if (until == 0 && now.Ticks - Interlocked.Read(ref _ended) > Relapse.Ticks) Volatile.Write(ref _terms, 0);
        var anew = until == 0 || cause == EjectionCause.Refused;
        var length = anew ? first.Ticks : Volatile.Read(ref _first);
        var time = Math.Min(length << Math.Min(Volatile.Read(ref _terms), 8), length * Longest);
        time += (long)(time * Jitter * (chance / (double)ulong.MaxValue));
        if (Interlocked.CompareExchange(ref _until, (now + TimeSpan.FromTicks(time)).Ticks, until) != until)
            return false;
        Interlocked.Increment(ref _terms);
        if (!anew) return false;
        Volatile.Write(ref _cause, (int)cause);
        Volatile.Write(ref _first, length);
        Volatile.Write(ref _failed, failed);
        Volatile.Write(ref _of, of);
        return until == 0;
    }

    private static bool IsRate(EjectionCause cause) =>
        cause is EjectionCause.ErrorRate or EjectionCause.SuccessRate or EjectionCause.Latency;
}
