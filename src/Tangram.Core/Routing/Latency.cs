using Tangram.Model;

namespace Tangram.Routing;

/// <summary>How long one backend takes to begin its answers, as this gateway sees it.</summary>
/// <remarks>Mutable: keep it in a field.</remarks>
internal struct Latency
{
    /// <summary>A failure counts as an answer that took twice as long as feared, up to this, which is far above what
    /// most services take: from here it takes about half a minute to be forgotten.</summary>
    public const double MostPenalty = 10;

    /// <summary>A failure costs at least this, or a backend that has only ever failed at once would look
    /// fast.</summary>
    public const double LeastPenalty = 0.05;

    /// <summary>When less than this is left of what is known, one answer is awaited before more is sent.</summary>
    private const double Forgotten = 0.05;

    /// <summary>A backend whose latency is unknown may have one request; the second costs more than anywhere
    /// else.</summary>
    private const double Unknown = 1e6;

    /// <summary>Few answers take three times the mean.</summary>
    private const double Late = 3;

    private Ewma _peak;
    private Ewma _mean;

    /// <summary>Seconds, without peaks and penalties; 0 when nothing was observed.</summary>
    public readonly double Mean => _mean.Value;

    /// <summary>It begins anew: what was before an ejection is not to be held against it.</summary>
    public void ForgetMean() => _mean.Forget();

    public void Answered(TimeSpan took, Instant now)
    {
        _peak.ObservePeak(took.TotalSeconds, now);
        _mean.Observe(took.TotalSeconds, now);
    }

    /// <summary>Fast failures attract traffic, since a backend that fails at once has little in flight.</summary>
    public void Failed(TimeSpan took, Instant now)
    {
        var (seconds, feared) = (took.TotalSeconds, Math.Max(took.TotalSeconds, _peak.Decayed(now)));
        _peak.Raise(Math.Clamp(feared * 2, LeastPenalty, Math.Max(seconds, MostPenalty)), now);
    }

    /// <summary>The client left before the answer: it takes at least so long. One who left late has most likely run
    /// into its own time-out, which is a failure that only the client saw.</summary>
    public void Unfinished(TimeSpan took, Instant now)
    {
        if (_mean.Value is var mean and > 0 && took.TotalSeconds > Late * mean) Failed(took, now);
        else _peak.Raise(took.TotalSeconds, now);
    }

    /// <summary>What one more request has to fear here, in seconds: the peak EWMA, times the requests that are there
    /// already and itself.</summary>
    /// <param name="inFlight">Divided by the backend's share of traffic.</param>
    public double Cost(double inFlight, Instant now)
    {
        var kept = _peak.Kept(now);
        if (kept < Forgotten && inFlight > 0) return Unknown + inFlight;
        return _peak.Value * kept * (inFlight + 1);
    }
}
