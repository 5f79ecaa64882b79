namespace Tangram.Proving.Engine;

/// <summary>Every request at its time. It takes the connection that was used last, or waits for one, and is made a new
/// one as long as there may be more; its waiting counts.</summary>
internal sealed class OpenThread : EngineThread
{
    /// <summary>Servers close what is idle for a minute or more, and what is sent just then is lost.</summary>
    private static readonly long IdleMost = TimeSpan.FromSeconds(55).Ticks;

    private readonly Queue<LoadAsk> _waiting = new();
    private readonly LoadSchedule _schedule;
    private readonly int _mostInFlight;
    private readonly int[] _idle, _unmade;
    private int _idles, _unmades;
    private long _next;
    private LoadAsk _due;

    public OpenThread(EngineJob job, int part) : base(job, part)
    {
        _schedule = new LoadSchedule(job.Options);
        _mostInFlight = LoadEngines.Share(job.Options.MaxInFlight, job.Threads, part);
        (_idle, _unmade) = (new int[Links.Length], new int[Links.Length]);
        for (var i = Links.Length - 1; i >= 0; i--) _unmade[_unmades++] = i;
        Advance();
    }

    private bool HasMore => _due.Index < _schedule.Count && !Job.Cancellation.IsCancellationRequested;

    protected override long Due(long now)
    {
        for (; HasMore && _due.Intended <= now; now = Now)
        {
            var ask = _due with { Noticed = now };
            Advance();
            if (Flights.Count >= _mostInFlight)
            {
                Flights.Refused(ask, TooMany);
                continue;
            }
            Flights.Began(now);
            Flights.Book.Late(TimeSpan.FromTicks(now - ask.Intended));
            _waiting.Enqueue(ask);
            Serve(now);
        }
        Serve(now);
        return HasMore ? _due.Intended : long.MaxValue;
    }

    protected override void Free(ref Link link, long now)
    {
        if (_waiting.Count > 0) Give(ref link, now);
        else
        {
            link.Begun = now;
            _idle[_idles++] = link.Number;
        }
    }

    protected override void Gone(ref Link link, LoadFailure? failure, string what, long now)
    {
        var at = Array.IndexOf(_idle, link.Number, 0, _idles);
        if (at >= 0) Array.Copy(_idle, at + 1, _idle, at, --_idles - at);
        _unmade[_unmades++] = link.Number;
        // A request for which no connection could be made in time is out of patience itself, and told so.
        if (failure is null or LoadFailure.Timeout || _waiting.Count == 0) return;
        var ask = _waiting.Dequeue();
        Flights.Ended(ask, ask.Noticed, LoadOutcome.Failed(failure.Value, what), now);
    }

    protected override bool IsOver(long now) => Flights.Count == 0 && !HasMore;

    protected override void Impatient(long now, long since)
    {
        while (_waiting.Count > 0 && _waiting.Peek().Noticed <= since) End(now, TimedOut);
    }

    protected override void Abandon(long now)
    {
        while (_waiting.Count > 0) End(now, Abandoned);
    }

    private LoadOutcome TooMany =>
        LoadOutcome.Failed(LoadFailure.Unsent, $"{Job.Options.MaxInFlight} requests were in flight");

    private void End(long now, LoadOutcome outcome)
    {
        var ask = _waiting.Dequeue();
        Flights.Ended(ask, ask.Noticed, outcome, now);
    }

    private void Serve(long now)
    {
        while (_waiting.Count > 0)
        {
            if (_idles > 0)
            {
                ref var link = ref Links[_idle[--_idles]];
                if (now - link.Begun < IdleMost) Give(ref link, now);
                else
                {
                    Close(ref link);
                    _unmade[_unmades++] = link.Number;
                }
            }
            else if (_unmades > 0 && Connecting < _waiting.Count) Connect(ref Links[_unmade[--_unmades]], now);
            else return;
        }
    }

    private void Give(ref Link link, long now)
    {
        link.Ask = _waiting.Dequeue();
        link.HasRequest = true;
        Send(ref link, now);
    }

    /// <summary>Requests are dealt out by turns to machines, and those of a machine to its threads.</summary>
    private bool IsOurs(long index) =>
        Job.Options.Part.Has(index) && index / Job.Options.Part.Of % Job.Threads == Part;

    /// <summary>To the next request that is this thread's.</summary>
    private void Advance()
    {
        for (; ; _next++)
        {
            var @class = _next < _schedule.Count ? _schedule.NextClass(_next) : 0;
            if (_next < _schedule.Count && !IsOurs(_next)) continue;
            _due = new(@class, _next, _schedule.At(_next).Ticks, 0);
            _next++;
            return;
        }
    }
}
