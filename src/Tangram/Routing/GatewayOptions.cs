using Tangram.Model;

namespace Tangram.Routing;

internal sealed record GatewayOptions
{
    /// <summary>Where it stands: the backends there come first. Null: nowhere in particular, and all are
    /// equal.</summary>
    public ZoneName? Zone { get; init; }

    /// <summary>A host that does not take a connection within this time is most likely gone; another backend is
    /// asked.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a request may wait, in all, for a backend to appear.</summary>
    public TimeSpan QueueTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many requests may wait at once. Each holds a few kilobytes.</summary>
    public int MostQueued { get; init; } = 1024;

    /// <summary>Waiting requests look again after this time, because the end of an ejection publishes
    /// nothing.</summary>
    public TimeSpan QueueLook { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A request on which no byte moves in either direction for this time is ended with 504.</summary>
    public TimeSpan ActivityTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The same for WebSockets and gRPC, where silence is normal.</summary>
    public TimeSpan StreamTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Answers to safe requests up to this many bytes begin to leave when they are whole: should their backend
    /// end before, another is asked.</summary>
    public int HoldBytes { get; init; } = 32 * 1024;

    /// <summary>They wait for their end no longer than this after their head.</summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long <see cref="GatewayServer.DisposeAsync"/> waits for requests in flight.</summary>
    public TimeSpan StopTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a gateway that leaves goes on answering while its clients let go of their connections. Busy
    /// ones do with their next response; of idle ones nobody knows, and a request that meets the end of one
    /// fails.</summary>
    public TimeSpan LeaveTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where one gateway follows another: the longer a connection has been idle, the less likely it is that a
    /// request comes just when it is closed.</summary>
    public static GatewayOptions OfRole { get; } = new() { LeaveTime = TimeSpan.FromSeconds(3) };

    /// <summary>The same when nobody follows, and for those who came last.</summary>
    public TimeSpan CloseTime => LeaveTime < Second ? LeaveTime : Second;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>A client that has not agreed on TLS by then is cut off.</summary>
    public TimeSpan HandshakeTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>TLS handshakes at once; others wait for theirs, which costs less. One holds about 50 kB and some tenths
    /// of a millisecond of a processor, so that this many take a second or so.</summary>
    public int MostHandshakes { get; init; } = 2048;

    /// <summary>Each open connection costs a descriptor and about 10 kB.</summary>
    public int MostConnections { get; init; } = 65_536;
}
