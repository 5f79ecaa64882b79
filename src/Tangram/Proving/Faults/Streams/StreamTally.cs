namespace Tangram.Proving.Faults.Streams;

/// <summary>What is measured while a fault is in force, of all connections to all replicas that it strikes.
/// Thread-safe.</summary>
internal sealed class StreamTally(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly LatencyHistogram _held = new();
    private readonly Dictionary<(ImpairedPath Path, StreamDirection Way, long Second), long> _seconds = [];
    private StreamFigures _figures = new();
    private long _begun;
    private bool _counts;

    public void Begin()
    {
        lock (_gate) (_counts, _begun) = (true, time.GetTimestamp());
    }

    /// <summary>What comes later is not counted.</summary>
    public StreamFigures End()
    {
        lock (_gate)
        {
            _counts = false;
            var held = _held.Summary();
            return _figures = _figures with
            {
                Pieces = held.Count, HeldMean = held.Mean, HeldP99 = held.P99, HeldMost = held.Max,
                MostBytes = _seconds.Values.DefaultIfEmpty().Max(),
            };
        }
    }

    public void Count(Func<StreamFigures, StreamFigures> more)
    {
        lock (_gate)
            if (_counts) _figures = more(_figures);
    }

    /// <summary>A piece has arrived.</summary>
    /// <param name="held">Null: its way is not struck, or it was let go because the fault is over.</param>
    public void Passed(ImpairedPath path, StreamDirection way, int bytes, TimeSpan? held)
    {
        lock (_gate)
        {
            if (!_counts) return;
            _figures = way == StreamDirection.To ? _figures with { BytesTo = _figures.BytesTo + bytes }
                : _figures with { BytesFrom = _figures.BytesFrom + bytes };
            if (held is not { } known) return;
            _held.Add(known);
            var second = (path, way, (long)time.GetElapsedTime(_begun).TotalSeconds);
            _seconds[second] = _seconds.GetValueOrDefault(second) + bytes;
        }
    }
}
