using Tangram.Model;

namespace Tangram.Routing;

/// <summary>How one service stands in one zone, as this gateway sees it. Requests read <see cref="Kept"/> and nothing
/// else; the rest is the <see cref="ZoneBalance"/>'s.</summary>
public sealed class ZoneStanding(ZoneName zone)
{
    private float _kept = 1;

    public ZoneName Zone => zone;

    /// <summary>Of the requests that would be its, those that it gets: 0.01 to 1.</summary>
    public double Kept
    {
        get => Volatile.Read(ref _kept);
        internal set => Volatile.Write(ref _kept, (float)value);
    }

    /// <summary>It was slow, and its requests go elsewhere by and by; not yet well for long enough.</summary>
    public bool Degraded { get; internal set; }

    /// <summary>Seconds of an answer in the last window in which there was one; 0: not known.</summary>
    public double Latency { get; internal set; }

    /// <summary>The same over the last few seconds.</summary>
    internal double Usual { get; set; }

    /// <summary>Windows in a row.</summary>
    internal int Slow { get; set; }
    internal int Fine { get; set; }

    /// <summary>So many fine ones it takes to be trusted again: more each time that it turned slow again
    /// soon.</summary>
    internal int Needed { get; set; }
    internal Instant? Left { get; set; }

    /// <summary>Of this window.</summary>
    internal Waited Waited { get; set; }
    internal double Weight { get; set; }
}
