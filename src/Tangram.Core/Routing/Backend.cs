using Tangram.Model;

namespace Tangram.Routing;

/// <summary>What the request path counts about one backend. Leaf counters: each is changed by itself, by
/// <see cref="Interlocked"/>, and none is read together with another.</summary>
public sealed class BackendCounters
{
    internal long InFlightCount;
    internal long EjectedUntilTicks;
    internal int FailuresInRow;
    internal int EjectionsInRow;

    public long InFlight => Interlocked.Read(ref InFlightCount);

    public bool Ejected(Instant now) => Interlocked.Read(ref EjectedUntilTicks) > now.Ticks;
}

/// <summary>Requests to one revision of one service, and those of them that failed there.</summary>
public sealed class OutcomeCounters
{
    internal long Requests;
    internal long Failures;

    public (long Requests, long Failures) Read() => (Interlocked.Read(ref Requests), Interlocked.Read(ref Failures));
}

/// <summary>A routable replica. <paramref name="Starts"/> tells a new process on the same port from the old one.</summary>
/// <param name="Condemned">Of a revision that is being rolled back: used only when there is no other.</param>
public sealed record Backend(ReplicaName Replica, ServiceName Service, NodeName Node, int Revision, int Port, int Starts,
    bool Condemned, BackendCounters Counters, OutcomeCounters Outcomes)
{
    public string Address { get; } = $"http://127.0.0.1:{Port}";
}

/// <summary>All backends of one service, and its cursor for round robin.</summary>
public sealed class ServiceBackends(ServiceName service, BalancePolicy balance, Backend[] backends)
{
    internal int Cursor;

    public ServiceName Service => service;
    public BalancePolicy Balance => balance;
    public ReadOnlySpan<Backend> Backends => backends;
}

/// <summary>The backends that one request has tried, without an allocation.</summary>
public struct Tried
{
    /// <summary>One attempt and three more: beyond that a request only adds to the trouble.</summary>
    public const int Most = 4;

    private Backend? _a, _b, _c, _d;

    public int Count { get; private set; }

    public void Add(Backend backend)
    {
        switch (Count++)
        {
            case 0: _a = backend; break;
            case 1: _b = backend; break;
            case 2: _c = backend; break;
            case 3: _d = backend; break;
            default: throw new InvalidOperationException($"a request has at most {Most} attempts");
        }
    }

    public readonly bool Contains(Backend backend) => Count > 0 &&
        (Same(_a, backend) || Same(_b, backend) || Same(_c, backend) || Same(_d, backend));

    private static bool Same(Backend? tried, Backend backend) => tried is not null && tried.Counters == backend.Counters;
}
