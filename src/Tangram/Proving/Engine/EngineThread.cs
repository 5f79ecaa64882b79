using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tangram.Deploying;
using Tangram.Routing.Sockets;

namespace Tangram.Proving.Engine;

/// <summary>A thread with connections of its own, and all that belongs to them: nothing of it is shared while it runs,
/// so nothing is locked, and a request costs two system calls and no memory.</summary>
internal abstract unsafe class EngineThread : EngineLinks
{
    /// <summary>Of one wait: all that can have happened, of up to so many connections. What is due is looked at in
    /// between.</summary>
    private const int LargestBatch = 4096, DueEvery = 128;

    /// <summary>How soon a cancellation and the end of patience are noticed, at the latest.</summary>
    private const long LongestTick = 50 * TimeSpan.TicksPerMillisecond;

    private readonly int _batch;
    private readonly byte[] _events;
    private readonly LatencyHistogram _reading = new();
    private readonly long _tick, _patience;

    protected EngineThread(EngineJob job, int part) : base(job, part)
    {
        _batch = Math.Clamp(Links.Length, 64, LargestBatch);
        _events = GC.AllocateArray<byte>(_batch * EventSize, pinned: true);
        _patience = job.Options.Timeout.Ticks;
        _tick = Math.Clamp(_patience / 64, TimeSpan.TicksPerMillisecond, LongestTick);
    }

    public EngineProgress Progress { get; } = new();
    public LatencyHistogram Reading => _reading;
    public TimeSpan Cpu { get; private set; }

    /// <summary>The share of its time that it ran, or wanted to.</summary>
    public double Busy { get; private set; }

    /// <summary>To the end of the load. The connections are closed here too: no other thread may know
    /// them.</summary>
    public void Run()
    {
        if (Job.OwnTables) _ = EngineCalls.Unshare(EngineCalls.CloneFiles);
        // Timers of 1 ns instead of 50 µs, for this thread alone.
        _ = EngineCalls.Control(EngineCalls.TimerSlack, 1, 0, 0, 0);
        Epoll = Native.EpollCreate(Native.CloseOnExec);
        if (Epoll < 0) throw new IOException($"epoll is not available: {Native.Why}");
        try
        {
            var before = EngineUse.OfThisThread();
            Loop();
            (Cpu, Busy) = EngineUse.OfThisThread().Since(before);
            Progress.Tell(Flights);
        }
        finally
        {
            for (var i = 0; i < Links.Length; i++) Close(ref Links[i]);
            _ = Native.Close(Epoll);
        }
    }

    /// <summary>Does what is due.</summary>
    /// <returns>When there is something to do again.</returns>
    protected abstract long Due(long now);

    /// <summary>Everything due has been done, and nothing is in flight.</summary>
    protected abstract bool IsOver(long now);

    /// <summary>Requests that no connection has yet.</summary>
    protected virtual void Impatient(long now, long since) { }

    /// <summary>The same, when nobody waits for them any more.</summary>
    protected virtual void Abandon(long now) { }

    private void Loop()
    {
        var events = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_events));
        var (now, tick) = (Now, 0L);
        // Answers that had arrived before have been read.
        var fresh = now;
        var isAll = true;
        while (true)
        {
            var next = Due(now);
            if (now >= tick)
            {
                tick = now + _tick;
                if (Job.Cancellation.IsCancellationRequested) AbandonAll(now);
                else Look(now);
                if (Progress.IsAsked) Progress.Tell(Flights);
            }
            if (IsOver(now)) return;
            now = Now;
            var count = Wait(events, Math.Clamp(Math.Min(next, tick) - now, 0, LongestTick));
            var woken = Now;
            if (isAll) fresh = woken;
            for (var i = 0; i < count; i++)
            {
                var @event = events + i * EventSize;
                Told(*(uint*)@event, *(long*)(@event + TokenAt));
                if (i % DueEvery == DueEvery - 1) Due(Now);
            }
            now = Now;
            if (count > 0) _reading.Add(TimeSpan.FromTicks(now - fresh), count);
            (isAll, fresh) = (count < _batch, woken);
        }
    }

    private int Wait(byte* events, long ticks)
    {
        var count = Job.WaitsFinely
            ? EngineCalls.Wait(Epoll, events, _batch, ticks * 100)
            : Native.EpollWait(Epoll, events, _batch, (int)(ticks / TimeSpan.TicksPerMillisecond));
        if (count >= 0 || Native.Errno == Calls.Interrupted) return Math.Max(0, count);
        throw new IOException($"waiting for connections failed: {Native.Why}");
    }

    private void Look(long now)
    {
        Impatient(now, now - _patience);
        for (var i = 0; i < Links.Length; i++)
        {
            ref var link = ref Links[i];
            if (link.HasRequest ? link.Ask.Noticed > now - _patience
                : link.Phase != LinkPhase.Connecting || link.Begun > now - _patience) continue;
            var connecting = link.Phase == LinkPhase.Connecting;
            Close(ref link);
            if (link.HasRequest) End(ref link, TimedOut, now);
            Gone(ref link, connecting ? LoadFailure.Timeout : null, "it did not connect in time", now);
        }
    }

    protected static readonly LoadOutcome TimedOut =
        LoadOutcome.Failed(LoadFailure.Timeout, "it did not answer in time");

    protected static readonly LoadOutcome Abandoned = LoadOutcome.Failed(LoadFailure.Abandoned, "");

    private void AbandonAll(long now)
    {
        Abandon(now);
        for (var i = 0; i < Links.Length; i++)
        {
            Close(ref Links[i]);
            if (Links[i].HasRequest) End(ref Links[i], Abandoned, now);
        }
    }
}
