namespace Tangram.Routing.Http1;

/// <summary>All connections to backends. Its clock is coarse, so that a request reads no other: an answer that stays
/// away is noticed a quarter of a second late.</summary>
internal sealed class ConnectionWatch(GatewayOptions options, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    /// <summary>Below the shortest keep-alive that common servers have (5 s: Node.js, uvicorn), so that a POST seldom
    /// meets a connection that its backend is closing at this moment.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<BackendConnection> _all = [];
    private int _now;

    /// <summary>Looks since the beginning.</summary>
    public int Now => Volatile.Read(ref _now);

    private static int Looks(TimeSpan time) => (int)Math.Ceiling(time / Every);

    public void Add(BackendConnection connection)
    {
        lock (_gate) _all.Add(connection);
    }

    public void Remove(BackendConnection connection)
    {
        lock (_gate) _all.Remove(connection);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every, time);
        var silence = Looks(options.ActivityTimeout);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                var now = Interlocked.Increment(ref _now);
                foreach (var connection in All())
                    if (connection is { IsIdle: true, Pool: { } pool })
                    {
                        if (now - connection.MovedAt > Looks(IdleTimeOf(connection))) pool.End(connection);
                    }
                    else if (now - connection.MovedAt > silence) connection.Cut(CutBy.Silence);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The gateway ends.
        }
    }

    /// <summary>Some time before the backend ends it by itself.</summary>
    private static TimeSpan IdleTimeOf(BackendConnection connection) =>
        connection.Head.KeptFor is { } kept && TimeSpan.FromSeconds(kept) is var keeps && keeps < IdleTime + Margin
            ? keeps - Margin
            : IdleTime;

    private BackendConnection[] All()
    {
        lock (_gate) return [.. _all];
    }
}
