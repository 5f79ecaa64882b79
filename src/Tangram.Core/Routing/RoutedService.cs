using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>A service and the backends that serve it now, sorted by replica.</summary>
public sealed record RoutedService
{
    public required ServiceName Name { get; init; }
    public BalancePolicy Balance { get; init; }
    public ImmutableArray<Backend> Backends { get; init; } = [];
    public required ServiceCounters Counters { get; init; }
}

/// <summary>Leaf counters of one service in this gateway, carried from one route table to the next.</summary>
public sealed class ServiceCounters
{
    /// <summary>Retries in flight may be a fifth of the requests in flight, so that a service that fails as a whole
    /// gets 1.2 times its load and no more. The floor lets a quiet service repeat everything that one dead backend
    /// held.</summary>
    public const double RetryShare = 0.2;
    public const int LeastRetries = 16;

    private int _active;
    private int _retries;
    private int _cursor;

    public int Active => Volatile.Read(ref _active);
    public int Retries => Volatile.Read(ref _retries);

    public void Enter() => Interlocked.Increment(ref _active);
    public void Leave() => Interlocked.Decrement(ref _active);

    /// <summary>False when the retry budget is used up. After true, <see cref="EndRetry"/> must follow.</summary>
    public bool TryStartRetry()
    {
        var most = Math.Max(LeastRetries, 3 + (int)(Active * RetryShare));
        if (Interlocked.Increment(ref _retries) <= most) return true;
        Interlocked.Decrement(ref _retries);
        return false;
    }

    public void EndRetry() => Interlocked.Decrement(ref _retries);

    internal uint Turn() => (uint)Interlocked.Increment(ref _cursor);
}
