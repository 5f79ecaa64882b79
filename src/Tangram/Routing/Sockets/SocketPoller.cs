using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Tangram.Deploying;

namespace Tangram.Routing.Sockets;

/// <summary>A thread that waits for many sockets, and on which goes on what waited for one. There is one for each
/// processor, for all gateways of the process, to its end.</summary>
/// <remarks>The platform hands each readiness to its pool of threads. For a request of 20 µs the handing over and the
/// waking cost a third; its setting to go on at once is for all sockets of the process, and would let whatever else the
/// process does hold up requests. What goes on here must not block.</remarks>
internal sealed unsafe class SocketPoller
{
    private const int Batch = 128;

    // struct epoll_event is packed on x64 only.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int Size = Packed ? 12 : 16, TokenAt = Packed ? 4 : 8;

    private static readonly Lazy<SocketPoller[]> All = new(() =>
        [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new SocketPoller(number))]);
    private static int _next;

    private readonly int _epoll;
    private readonly ConcurrentDictionary<long, PolledSocket> _watched = [];
    private long _tokens;

    private SocketPoller(int number)
    {
        _epoll = Native.EpollCreate(Native.CloseOnExec);
        if (_epoll < 0) throw new IOException($"epoll is not available: {Native.Why}");
        new Thread(Loop) { IsBackground = true, Name = $"tangram-sockets-{number}" }.Start();
    }

    /// <summary>The sockets are dealt out in turns.</summary>
    public static SocketPoller Next()
    {
        var all = All.Value;
        return all[(uint)Interlocked.Increment(ref _next) % (uint)all.Length];
    }

    /// <summary>Tells the socket of every change of readiness (edges, epoll(7)) until <see cref="Remove"/>.</summary>
    public long Add(PolledSocket socket, SafeHandle handle)
    {
        const uint Edges = Native.EpollIn | Native.EpollOut | Native.EpollPeerHangUp | Native.EpollEdges;
        var token = Interlocked.Increment(ref _tokens);
        _watched[token] = socket;
        byte* @event = stackalloc byte[16];
        *(uint*)@event = Edges;
        *(long*)(@event + TokenAt) = token;
        var isKept = false;
        try
        {
            handle.DangerousAddRef(ref isKept);
            var descriptor = (int)handle.DangerousGetHandle();
            if (Native.EpollControl(_epoll, Native.EpollAdd, descriptor, @event) == 0) return token;
            _watched.TryRemove(token, out _);
            throw new IOException($"a socket cannot be waited for: {Native.Why}");
        }
        finally
        {
            if (isKept) handle.DangerousRelease();
        }
    }

    /// <summary>The kernel forgets a socket when it is closed.</summary>
    public void Remove(long token) => _watched.TryRemove(token, out _);

    private void Loop()
    {
        byte* events = stackalloc byte[Batch * 16];
        while (true)
        {
            var count = Native.EpollWait(_epoll, events, Batch, -1);
            for (var i = 0; i < count; i++)
            {
                var @event = events + i * Size;
                if (_watched.TryGetValue(*(long*)(@event + TokenAt), out var socket)) socket.Tell(*(uint*)@event);
            }
        }
    }
}
