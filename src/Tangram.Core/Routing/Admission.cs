using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Lets the requests of one service in, by <see cref="AdmissionLimit"/>, before any work is done for them.
/// While nobody waits, it is one number that is compared and counted; the line behind it has a lock.</summary>
/// <remarks>Thread-safe; one for each service and gateway, carried from one route table to the next.</remarks>
public sealed class Admission
{
    /// <summary>Few answers take so many times the usual.</summary>
    private const double Late = 5;

    private readonly Lock _lock = new();
    private readonly WaitingLine _line = new();
    private AdmissionSpec _spec;
    private AdmissionLimit _found;
    private int _limit;
    private int _inFlight;
    private int _waiting;
    private int _peak;
    private int _held;
    private int _answers;
    private int _overloaded;
    private long _micros;
    private long _refused;

    public Admission(AdmissionSpec spec, int backends)
    {
        (_spec, _found) = (spec, new AdmissionLimit(spec, backends));
        _limit = _found.Value;
    }

    public AdmissionSpec Spec => Volatile.Read(ref _spec);

    /// <summary>How many are let in at once now.</summary>
    public int Limit => Volatile.Read(ref _limit);

    /// <summary>Those that wait for the beginning of their answer.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Those that wait to be let in.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Those that were never let in, in all.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>What the file says now. A limit that was found is kept while its bounds stay.</summary>
    public void Use(AdmissionSpec spec, int backends)
    {
        lock (_lock)
        {
            if (spec == _spec) return;
            var same = (spec.Limit, spec.Min, spec.Max) == (_spec.Limit, _spec.Min, _spec.Max);
            Volatile.Write(ref _spec, spec);
            if (same) return;
            _found = new AdmissionLimit(spec, backends);
            Volatile.Write(ref _limit, _found.Value);
            LetIn();
        }
    }

    /// <summary>After true, <see cref="Leave"/> must follow. After false, <see cref="TryWait"/> may.</summary>
    public bool TryEnter() => Waiting == 0 && TryTake();

    /// <summary>Stands in line, or is let in at once. False when it is refused; after true it is settled, unless it
    /// gives up before.</summary>
    public bool TryWait(Waiting waiting)
    {
        Interlocked.Increment(ref _held);
        lock (_lock)
        {
            // Counted first: whoever leaves from now on looks at the line, and whoever left before has made room.
            Interlocked.Increment(ref _waiting);
            LetIn();
            if (!_line.TryAdd(waiting, _spec.Queue, out var gone))
            {
                Interlocked.Decrement(ref _waiting);
                Interlocked.Increment(ref _refused);
                return false;
            }
            if (gone is not null) Refuse(gone);
            LetIn();
            return true;
        }
    }

    /// <summary>It has waited long enough. False when it was settled before.</summary>
    public bool GiveUp(Waiting waiting)
    {
        lock (_lock)
        {
            if (!_line.Remove(waiting)) return false;
            Interlocked.Decrement(ref _waiting);
            Interlocked.Increment(ref _refused);
            return true;
        }
    }

    /// <summary>Its answer has begun, or will not.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref _inFlight);
        if (Waiting == 0) return;
        lock (_lock) LetIn();
    }

    /// <summary>What the end of an attempt says of the service.</summary>
    internal void Learn(in Attempt attempt)
    {
        if (attempt.Outcome == AttemptOutcome.TimedOut || attempt.Status is 503 or 504 || LeftLate(in attempt))
        {
            Interlocked.Increment(ref _overloaded);
        }
        else if (attempt is { Outcome: AttemptOutcome.Answered, Took: { } took } && attempt.Status != 429)
        {
            Interlocked.Add(ref _micros, (long)took.TotalMicroseconds);
            Interlocked.Increment(ref _answers);
        }
    }

    /// <summary>A client that leaves late has most likely run into its own time-out.</summary>
    private bool LeftLate(in Attempt attempt) => attempt is { Outcome: AttemptOutcome.ClientFault, Took: { } took }
        && _found.UsualSeconds is > 0 and var usual && took.TotalSeconds > Late * usual;

    /// <summary>Finds the limit anew. One caller at a time.</summary>
    internal void Look(int backends, Instant now)
    {
        var answers = Volatile.Read(ref _answers);
        var sample = new AdmissionSample(answers,
            answers == 0 ? 0 : Interlocked.Read(ref _micros) / 1e6 / answers, Volatile.Read(ref _overloaded),
            Volatile.Read(ref _peak), InFlight, Volatile.Read(ref _held));
        lock (_lock)
        {
            if (!_found.Look(in sample, backends, now)) return;
            Volatile.Write(ref _limit, _found.Value);
            LetIn();
        }
        // What comes between the reading and this is lost: a handful in half a second.
        Volatile.Write(ref _answers, 0);
        Volatile.Write(ref _overloaded, 0);
        Interlocked.Exchange(ref _micros, 0);
        Volatile.Write(ref _held, 0);
        Volatile.Write(ref _peak, InFlight);
    }

    private bool TryTake()
    {
        var seen = InFlight;
        while (seen < Limit)
        {
            var before = Interlocked.CompareExchange(ref _inFlight, seen + 1, seen);
            if (before == seen)
            {
                // Of two at once the lower may stay, which is one too few.
                if (seen + 1 > Volatile.Read(ref _peak)) Volatile.Write(ref _peak, seen + 1);
                return true;
            }
            seen = before;
        }
        return false;
    }

    private void LetIn()
    {
        while (_line.Count > 0 && TryTake())
        {
            Interlocked.Decrement(ref _waiting);
            _line.TakeNext()!.Settle(admitted: true);
        }
    }

    private void Refuse(Waiting gone)
    {
        Interlocked.Decrement(ref _waiting);
        Interlocked.Increment(ref _refused);
        gone.Settle(admitted: false);
    }
}
