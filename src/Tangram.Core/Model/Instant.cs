namespace Tangram.Model;

/// <summary>A point on one process's monotonic clock, in 100 ns ticks since an arbitrary origin. For leases,
/// timeouts and windows; never compared between two nodes and never stored.</summary>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    public static readonly Instant Zero = new(0);

    public static Instant operator +(Instant at, TimeSpan span) => new(at.Ticks + span.Ticks);
    public static Instant operator -(Instant at, TimeSpan span) => new(at.Ticks - span.Ticks);
    public static TimeSpan operator -(Instant later, Instant earlier) => new(later.Ticks - earlier.Ticks);
    public static bool operator <(Instant a, Instant b) => a.Ticks < b.Ticks;
    public static bool operator >(Instant a, Instant b) => a.Ticks > b.Ticks;
    public static bool operator <=(Instant a, Instant b) => a.Ticks <= b.Ticks;
    public static bool operator >=(Instant a, Instant b) => a.Ticks >= b.Ticks;

    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);
    public override string ToString() => $"{new TimeSpan(Ticks).TotalSeconds:0.000}s";
}
