namespace Tangram.Proving;

/// <summary>A book for any thread. One lock held for about a microsecond: at the highest rates that one machine can
/// make, it is free nine times of ten.</summary>
internal sealed class LoadRecord(LoadOptions options, long planned, LatencyLog? log = null)
{
    private readonly Lock _lock = new();
    private readonly LoadBook _book = new(options, log: log);
    private readonly TimeSpan _cpu = Environment.CpuUsage.TotalTime;
    private int _inFlight, _mostInFlight;

    /// <summary>To be read when the run is over.</summary>
    public LoadBook Book => _book;

    public void Began(TimeSpan lateness)
    {
        lock (_lock)
        {
            _book.Late(lateness);
            _mostInFlight = Math.Max(_mostInFlight, ++_inFlight);
        }
    }

    /// <summary>A request that had begun has ended.</summary>
    public void Ended(LoadSample sample)
    {
        lock (_lock)
        {
            _inFlight--;
            _book.Ended(sample);
        }
    }

    /// <summary>A request that was due was never begun.</summary>
    public void Unsent(LoadSample sample)
    {
        lock (_lock) _book.Count(sample);
    }

    public LoadProgress Progress(TimeSpan now)
    {
        lock (_lock) return _book.Progress(now, planned, _inFlight);
    }

    public LoadResult Result(string run, DateTimeOffset startedAt, bool interrupted)
    {
        lock (_lock)
        {
            if (_inFlight != 0) throw new InvalidOperationException($"{_inFlight} requests began and never ended");
            return _book.Result(new(run, startedAt, planned, _mostInFlight, interrupted,
                (_, _) => LoadEffort.Platform with { Cpu = Environment.CpuUsage.TotalTime - _cpu }));
        }
    }

    /// <summary>Of the latencies of one class, or of all; null when there are none.</summary>
    public TimeSpan? At(int? @class, double percentile)
    {
        lock (_lock) return _book.At(@class, percentile);
    }
}
