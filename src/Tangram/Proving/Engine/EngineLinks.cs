using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tangram.Deploying;
using Tangram.Routing.Sockets;

namespace Tangram.Proving.Engine;

/// <summary>The connections of one thread: makes them, sends requests, reads answers.</summary>
/// <remarks>Edges (epoll(7)), one registration for a connection's life, and no second read when the first one did not
/// fill the buffer: that is what a request costs less than by the loops that ask to be told when they may
/// write.</remarks>
internal abstract unsafe class EngineLinks
{
    /// <summary>For all connections: only what has arrived of one is in it.</summary>
    private const int Room = 64 * 1024;

    // struct epoll_event is packed on x64 only.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    protected static readonly int EventSize = Packed ? 12 : 16, TokenAt = Packed ? 4 : 8;

    private readonly byte[] _room = GC.AllocateArray<byte>(Room + LoadHead.MostBytes, pinned: true);
    private readonly LoadHeads _heads = new();
    private readonly EngineSpeech _speech;

    protected EngineLinks(EngineJob job, int part)
    {
        (Job, Part) = (job, part);
        First = Enumerable.Range(0, part).Sum(p => LoadEngines.Share(job.Connections, job.Threads, p));
        Links = new Link[LoadEngines.Share(job.Connections, job.Threads, part)];
        for (var i = 0; i < Links.Length; i++) Links[i].Number = i;
        Flights = new EngineFlights(job.Options, job.Log?.Another());
        _speech = new EngineSpeech(job.Wires);
    }

    public EngineFlights Flights { get; }

    protected EngineJob Job { get; }
    protected int Part { get; }

    /// <summary>How many connections the threads before it have.</summary>
    protected int First { get; }
    protected Link[] Links { get; }
    protected int Epoll { get; set; } = -1;

    /// <summary>How many connections are being made.</summary>
    protected int Connecting { get; private set; }

    /// <summary>Since the start of the run, in ticks of 100 ns.</summary>
    protected long Now => (Job.Time.GetTimestamp() - Job.Start) / 100;

    /// <summary>A connection has done its request well, or is connected and has none.</summary>
    protected abstract void Free(ref Link link, long now);

    /// <summary>A connection has ended, or never began.</summary>
    /// <param name="failure">Why it could not be made; null when it was.</param>
    protected abstract void Gone(ref Link link, LoadFailure? failure, string what, long now);

    /// <summary>The kernel says that something has changed.</summary>
    protected void Told(uint events, long token)
    {
        const uint Gone = Native.EpollError | Native.EpollHangUp;
        ref var link = ref Links[(int)(token & int.MaxValue)];
        var generation = (int)(token >> 32);
        if (link.Generation != generation) return;
        if (link.Phase == LinkPhase.Connecting && !Connected(ref link)) return;
        if (link.Phase == LinkPhase.Sending && (events & Native.EpollOut) != 0) Speak(ref link);
        // It may have failed meanwhile, and be another one.
        if (link.Generation == generation && (events & (Native.EpollIn | Native.EpollPeerHangUp | Gone)) != 0)
            Listen(ref link, (events & (Native.EpollPeerHangUp | Gone)) != 0);
    }

    /// <summary>False: it has failed, and that has been told.</summary>
    protected bool Connect(ref Link link, long now)
    {
        link.Begun = now;
        var source = Job.Target.Source(First + link.Number, Job.Connections);
        var error = EngineSockets.Begin(Job.Target, source, out link.Descriptor);
        if (error is 0 or EngineSockets.UnderWay)
        {
            link.Phase = LinkPhase.Connecting;
            Connecting++;
            byte* @event = stackalloc byte[16];
            *(uint*)@event = Native.EpollIn | Native.EpollOut | Native.EpollPeerHangUp | Native.EpollEdges;
            *(long*)(@event + TokenAt) = ((long)link.Generation << 32) | (uint)link.Number;
            if (Native.EpollControl(Epoll, Native.EpollAdd, link.Descriptor, @event) == 0) return true;
            error = Native.Errno;
        }
        NotConnected(ref link, error, now);
        return false;
    }

    private bool Connected(ref Link link)
    {
        var error = EngineSockets.Error(link.Descriptor);
        var now = Now;
        if (error != 0)
        {
            NotConnected(ref link, error, now);
            return false;
        }
        link.Phase = LinkPhase.Idle;
        Connecting--;
        if (link.HasRequest) Send(ref link, now);
        else Free(ref link, now);
        return true;
    }

    private void NotConnected(ref Link link, int error, long now)
    {
        var (failure, what) = EngineSockets.Failure(error);
        Close(ref link);
        if (link.HasRequest) End(ref link, LoadOutcome.Failed(failure, what), now);
        Gone(ref link, failure, what, now);
    }

    protected void Close(ref Link link)
    {
        if (link.Phase == LinkPhase.Closed) return;
        if (link.Phase == LinkPhase.Connecting) Connecting--;
        if (link.Descriptor >= 0) _ = Native.Close(link.Descriptor);
        (link.Phase, link.Descriptor) = (LinkPhase.Closed, -1);
        link.Generation = (link.Generation + 1) & int.MaxValue;
        (link.Kept, link.KeptLength) = (null, 0);
    }

    /// <summary>Sends the request that the connection has been given.</summary>
    protected void Send(ref Link link, long now)
    {
        (link.Begun, link.Sent) = (now, 0);
        link.Answer = new LoadAnswer(Job.Wires[link.Ask.Class].IsHead);
        link.Phase = LinkPhase.Sending;
        Speak(ref link);
    }

    private void Speak(ref Link link)
    {
        var length = _speech.Of(link.Ask, out var bytes);
        while (true)
        {
            var sent = EngineCalls.Send(link.Descriptor, bytes + link.Sent, (nuint)(length - link.Sent),
                EngineCalls.DontWait | EngineCalls.NoSignal);
            if (sent >= 0)
            {
                link.Sent += (int)sent;
                if (link.Sent < length) continue;
                link.Phase = LinkPhase.Answering;
                return;
            }
            var error = Native.Errno;
            if (error == Calls.Again) return;
            if (error == Calls.Interrupted) continue;
            Lost(ref link, error, Now);
            return;
        }
    }

    /// <param name="ended">The other side has said its last; it may be behind what is read.</param>
    private void Listen(ref Link link, bool ended)
    {
        var generation = link.Generation;
        var room = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_room));
        do
        {
            var kept = link.KeptLength;
            if (kept > 0) link.Kept.AsSpan(0, kept).CopyTo(_room);
            var skipped = link.HasRequest && link.Answer.Left > Room;
            var most = skipped ? Math.Min(link.Answer.Left, _room.Length) : _room.Length - kept;
            var received = EngineCalls.Receive(link.Descriptor, room + kept, (nuint)most,
                EngineCalls.DontWait | (skipped ? EngineCalls.Throw : 0));
            if (received < 0)
            {
                var error = Native.Errno;
                if (error == Calls.Interrupted) continue;
                if (error != Calls.Again) Lost(ref link, error, Now);
                return;
            }
            if (received == 0) EndOf(ref link);
            else if (!link.HasRequest) Drop(ref link);
            else if (skipped) Take(ref link, link.Answer.Skip(received), 0, 0, ended);
            else
            {
                var there = kept + (int)received;
                var read = link.Answer.Read(_room.AsSpan(0, there), _heads, out var used);
                Take(ref link, read, used, there, ended);
            }
            // Less than there was room for: nothing is left, and whatever comes is told.
            if (received < most && !ended) return;
        }
        while (link.Generation == generation && link.Phase != LinkPhase.Closed);
    }

    /// <param name="ended">The server has closed it: no request is sent on it any more.</param>
    private void Take(ref Link link, AnswerRead read, int used, int there, bool ended)
    {
        if (read == AnswerRead.Done)
        {
            Answered(ref link, used == there && !ended && link.Phase == LinkPhase.Answering);
            return;
        }
        if (read == AnswerRead.Bad)
        {
            Lost(ref link, LoadFailure.Protocol, "what came back was not HTTP/1.1", Now);
            return;
        }
        link.KeptLength = there - used;
        if (link.KeptLength == 0) return;
        if (link.Kept is null || link.Kept.Length < link.KeptLength) link.Kept = new byte[link.KeptLength * 2];
        _room.AsSpan(used, link.KeptLength).CopyTo(link.Kept);
    }

    private void Answered(ref Link link, bool clean)
    {
        var now = Now;
        var stays = clean && link.Answer.Stays;
        End(ref link, LoadOutcome.Answered(link.Answer.Status), now);
        (link.Kept, link.KeptLength, link.Phase, link.Begun) = (null, 0, LinkPhase.Idle, now);
        if (stays)
        {
            Free(ref link, now);
            return;
        }
        Close(ref link);
        Gone(ref link, null, "", now);
    }

    private void EndOf(ref Link link)
    {
        var now = Now;
        if (link.HasRequest && link.Answer.EndsHere && link.Phase == LinkPhase.Answering) Answered(ref link, false);
        else if (!link.HasRequest) Drop(ref link);
        else if (link.Answer.HasBegun) Lost(ref link, LoadFailure.Cut, "the connection was closed", now);
        else Lost(ref link, LoadFailure.Closed, "the connection was closed", now);
    }

    private void Drop(ref Link link)
    {
        Close(ref link);
        Gone(ref link, null, "", Now);
    }

    private void Lost(ref Link link, int error, long now)
    {
        if (!link.HasRequest)
        {
            Drop(ref link);
            return;
        }
        var (failure, what) = EngineSockets.Failure(error);
        var cut = link.Answer.HasBegun && failure is LoadFailure.Reset or LoadFailure.Timeout;
        Lost(ref link, cut ? LoadFailure.Cut : failure, what, now);
    }

    private void Lost(ref Link link, LoadFailure failure, string what, long now)
    {
        Close(ref link);
        End(ref link, LoadOutcome.Failed(failure, what), now);
        Gone(ref link, null, "", now);
    }

    protected void End(ref Link link, LoadOutcome outcome, long now)
    {
        link.HasRequest = false;
        Flights.Ended(link.Ask, link.Begun, outcome, now);
    }
}
