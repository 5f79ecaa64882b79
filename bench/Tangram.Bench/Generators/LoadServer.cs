using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Tangram.Deploying;
using Tangram.Proving.Engine;

namespace Tangram.Bench.Generators;

/// <summary>A server that answers at once, with 100 bytes, on any number of connections; it can be told to stand still
/// for a second. Each of its threads listens on the same port and has descriptors of its own, so that one process holds
/// more connections than one table of them allows.</summary>
internal static unsafe class LoadServer
{
    private const int Batch = 512, Backlog = 4096;
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(1);
    private static readonly byte[] Answer = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n{new string('x', 100)}");

    private static TimeSpan? _stalls;
    private static long _firstAsked;
    private static int _stalled, _open;

    /// <param name="args">The port, how many threads, and after how many seconds from the first request that is not for
    /// /ready it stands still (once; none: never). /open says how many connections are open.</param>
    public static int Run(string[] args)
    {
        var (port, threads) = (Number(args[0]), Number(args[1]));
        if (args.Length > 2) _stalls = TimeSpan.FromSeconds(Number(args[2]));
        var all = Enumerable.Range(0, threads).Select(_ => new Thread(() => Serve(port))).ToArray();
        foreach (var one in all) one.Start();
        foreach (var one in all) one.Join();
        return 0;
    }

    private static void Serve(int port)
    {
        _ = EngineCalls.Unshare(EngineCalls.CloneFiles);
        _ = EngineCalls.Descriptors(1 << 16);
        var (listener, epoll) = (Listener(port), Native.EpollCreate(Native.CloseOnExec));
        Watch(epoll, listener);
        var events = stackalloc byte[Batch * 16];
        var room = new byte[16 * 1024];
        while (true)
        {
            var count = Native.EpollWait(epoll, events, Batch, -1);
            for (var i = 0; i < count; i++)
            {
                // struct epoll_event is packed on x64.
                var descriptor = *(int*)(events + i * 12 + 4);
                if (descriptor == listener) Accept(epoll, listener);
                else Read(descriptor, room);
            }
        }
    }

    private static int Listener(int port)
    {
        const int Kind = EngineCalls.Stream | EngineCalls.NonBlocking | EngineCalls.CloseOnExec;
        var (listener, yes) = (EngineCalls.Socket(2, Kind, 0), 1);
        foreach (var option in new[] { ServerCalls.ReuseAddress, ServerCalls.ReusePort })
            _ = EngineCalls.SetOption(listener, EngineCalls.SocketLevel, option, &yes, sizeof(int));
        var address = new IPEndPoint(IPAddress.Loopback, port).Serialize();
        fixed (byte* bytes = address.Buffer.Span)
            if (EngineCalls.Bind(listener, bytes, address.Size) != 0 || ServerCalls.Listen(listener, Backlog) != 0)
                throw new InvalidOperationException($"cannot listen on {port}: {Native.Why}");
        return listener;
    }

    private static void Watch(int epoll, int descriptor)
    {
        var @event = stackalloc byte[16];
        *(uint*)@event = Native.EpollIn;
        *(long*)(@event + 4) = descriptor;
        if (Native.EpollControl(epoll, Native.EpollAdd, descriptor, @event) != 0)
            throw new InvalidOperationException($"cannot watch a connection: {Native.Why}");
    }

    private static void Accept(int epoll, int listener)
    {
        while (true)
        {
            var descriptor = ServerCalls.Accept(
                listener, null, null, EngineCalls.NonBlocking | EngineCalls.CloseOnExec);
            if (descriptor < 0) return;
            Interlocked.Increment(ref _open);
            Watch(epoll, descriptor);
        }
    }

    /// <summary>A request comes whole, and alone: no tool here sends the next one before its answer.</summary>
    private static void Read(int descriptor, byte[] room)
    {
        fixed (byte* bytes = room)
        {
            var count = EngineCalls.Receive(descriptor, bytes, (nuint)room.Length, EngineCalls.DontWait);
            if (count > 0)
            {
                Send(descriptor, Say(room.AsSpan(0, (int)count)));
                return;
            }
        }
        _ = Native.Close(descriptor);
        Interlocked.Decrement(ref _open);
    }

    private static byte[] Say(ReadOnlySpan<byte> request)
    {
        if (request.StartsWith("GET /ready "u8)) return Answer;
        if (request.StartsWith("GET /open "u8))
        {
            var open = Volatile.Read(ref _open).ToString(CultureInfo.InvariantCulture);
            return Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {open.Length}\r\n\r\n{open}");
        }
        if (_stalls is { } after) Stall(after);
        return Answer;
    }

    private static void Stall(TimeSpan after)
    {
        Interlocked.CompareExchange(ref _firstAsked, Stopwatch.GetTimestamp(), 0);
        if (Stopwatch.GetElapsedTime(_firstAsked) < after || Interlocked.Exchange(ref _stalled, 1) != 0) return;
        using var never = new ManualResetEventSlim();
        never.Wait(Still);
    }

    private static void Send(int descriptor, byte[] answer)
    {
        fixed (byte* bytes = answer)
            _ = EngineCalls.Send(descriptor, bytes, (nuint)answer.Length,
                EngineCalls.DontWait | EngineCalls.NoSignal);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
