namespace Tangram.Proving.Engine;

/// <summary>Users, each on a connection of its own: one asks, takes the answer, thinks, and asks again.</summary>
internal sealed class ClosedThread : EngineThread
{
    /// <summary>At once: a server's queue of new connections is short, and what does not fit waits a second.</summary>
    private const int MostConnecting = 64;

    /// <summary>After a connection that could not be made; or nobody there would be asked 100,000 times a
    /// second.</summary>
    private static readonly long Again = TimeSpan.FromMilliseconds(100).Ticks;

    private readonly Queue<Rest> _thinking, _failing;
    private readonly LoadSchedule _schedule;
    private readonly long _think, _end;
    private long _asked;
    private int _started;

    public ClosedThread(EngineJob job, int part) : base(job, part)
    {
        (_thinking, _failing) = (new(Links.Length), new(Links.Length));
        _schedule = new LoadSchedule(job.Options);
        (_think, _end) = (job.Options.Think.Ticks, job.Options.Duration.Ticks);
    }

    private readonly record struct Rest(int Link, long Until);

    protected override long Due(long now)
    {
        if (now >= _end || Job.Cancellation.IsCancellationRequested) return long.MaxValue;
        while (_started < Links.Length && Connecting < MostConnecting && Begins(_started) <= now)
            Ask(ref Links[_started++], now, now);
        Wake(_thinking, now);
        Wake(_failing, now);
        var next = Math.Min(_thinking.Count > 0 ? _thinking.Peek().Until : long.MaxValue,
            _failing.Count > 0 ? _failing.Peek().Until : long.MaxValue);
        return _started < Links.Length && Connecting < MostConnecting ? Math.Min(next, Begins(_started)) : next;
    }

    protected override void Free(ref Link link, long now)
    {
        if (_think > 0) Wait(ref link, _thinking, now + _think);
        else Ask(ref link, now, now);
    }

    protected override void Gone(ref Link link, LoadFailure? failure, string what, long now)
    {
        if (link.Rests) return;
        if (failure is not null) Wait(ref link, _failing, now + Math.Max(_think, Again));
        else Free(ref link, now);
    }

    protected override bool IsOver(long now) =>
        Flights.Count == 0 && (now >= _end || Job.Cancellation.IsCancellationRequested);

    /// <summary>Users who think begin spread over the time that they think, not all at once and for ever in
    /// step.</summary>
    private long Begins(int user) => _think == 0 ? 0
        : (long)((First + user + (double)Job.Options.Part.Number / Job.Options.Part.Of) / Job.Connections * _think);

    private void Wake(Queue<Rest> queue, long now)
    {
        while (queue.Count > 0 && queue.Peek().Until <= now)
        {
            var rest = queue.Dequeue();
            Links[rest.Link].Rests = false;
            Ask(ref Links[rest.Link], rest.Until, Now);
        }
    }

    private static void Wait(ref Link link, Queue<Rest> queue, long until)
    {
        link.Rests = true;
        queue.Enqueue(new(link.Number, until));
    }

    private void Ask(ref Link link, long intended, long now)
    {
        if (now >= _end || Job.Cancellation.IsCancellationRequested) return;
        var turn = _asked++;
        link.Ask = new(_schedule.NextClass(turn), Job.Options.Part.Index(turn * Job.Threads + Part), intended, now);
        link.HasRequest = true;
        Flights.Began(now);
        if (_think > 0) Flights.Book.Late(TimeSpan.FromTicks(now - intended));
        if (link.Phase == LinkPhase.Idle) Send(ref link, now);
        else Connect(ref link, now);
    }
}
