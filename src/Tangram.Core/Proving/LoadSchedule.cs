using Tangram.Proving.Replaying;
using Tangram.Proving.Scenarios;

namespace Tangram.Proving;

/// <summary>When each request is due, and of which class it is: a function of its index alone, so that errors never add
/// up and nothing that the server does can shift the next arrival.</summary>
public sealed class LoadSchedule
{
    private readonly Arrivals? _arrivals;
    private readonly ReplayLog? _log;
    private readonly double[] _shares;
    private readonly long[] _given;

    public LoadSchedule(LoadOptions options)
    {
        _log = options.Replay?.Log;
        _arrivals = _log is null ? new Arrivals(options.Shape) : null;
        Count = _log?.Count ?? _arrivals!.Count;
        var total = options.Classes.Sum(c => c.Share);
        _shares = [.. options.Classes.Select(c => c.Share / total)];
        _given = new long[_shares.Length];
        Own = options.Part.Share(Count);
    }

    /// <summary>How many requests the whole run has.</summary>
    public long Count { get; }

    /// <summary>How many of them this machine makes.</summary>
    public long Own { get; }

    /// <summary>Since the start of the run. Call it once per index, in order.</summary>
    public TimeSpan At(long index) => _log?.At(index) ?? _arrivals!.At(index);

    /// <summary>The class of the next request: the one furthest behind its share, so that classes are spread
    /// evenly. Call it once per index, in order.</summary>
    public int NextClass(long index)
    {
        if (_log is not null) return _log.Class(index);
        var furthest = 0;
        for (var c = 1; c < _shares.Length; c++)
            if (Behind(c, index) > Behind(furthest, index)) furthest = c;
        _given[furthest]++;
        return furthest;
    }

    private double Behind(int c, long index) => _shares[c] * (index + 1) - _given[c];
}
