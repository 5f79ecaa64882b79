namespace Tangram.Model;

/// <summary>How many requests of a service may wait for the beginning of their answer at once, in one gateway. The
/// others wait in a line, and are refused when that is full or they have waited long enough.</summary>
public sealed record AdmissionSpec
{
    public const int LargestLimit = 1_000_000;

    /// <summary>A place in line costs a few kilobytes, and more than these are served within no patience.</summary>
    public const int LongestQueue = 100_000;

    /// <summary>Null: it finds itself, between <see cref="Min"/> and <see cref="Max"/>.</summary>
    public int? Limit { get; init; }
    public int Min { get; init; } = 10;
    public int Max { get; init; } = 10_000;

    /// <summary>How many wait at most; zero: none.</summary>
    public int Queue { get; init; } = 100;

    /// <summary>How long one waits at most.</summary>
    public TimeSpan QueueTime { get; init; } = TimeSpan.FromMilliseconds(100);
}

/// <summary>Who is let in first when not all can be.</summary>
public enum PriorityClass { Low, Normal, High }
