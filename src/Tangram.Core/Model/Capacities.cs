namespace Tangram.Model;

/// <summary>Key <c>capacity/SERVICE</c>: what one replica of a service was measured to carry, by revision. Written by a
/// server for a command.</summary>
public sealed record Capacities
{
    /// <summary>One for each revision at most, the newest revision first.</summary>
    public EquatableArray<MeasuredCapacity> Known { get; init; }
}

/// <summary>Of one replica, by `tangram load --find-limit`. Rates are answers per second.</summary>
public sealed record MeasuredCapacity
{
    public required int Revision { get; init; }

    /// <summary>Only for people.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What was asked for.</summary>
    public string Path { get; init; } = "/";

    /// <summary>At which 99 of 100 requests stayed below <see cref="LatencyP99"/>.</summary>
    public required double Rate { get; init; }
    public required TimeSpan LatencyP99 { get; init; }

    /// <summary>The most that it answered at all.</summary>
    public required double Greatest { get; init; }

    /// <summary>How many requests it works on at once.</summary>
    public required double Knee { get; init; }

    /// <summary>What 999 of 1,000 requests stay below while there are few.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>Nobody measures anything else, and sums with it come to nothing.</summary>
    public bool Sound => Revision > 0 && Rate is > 0 and < 1e9 && Greatest is > 0 and < 1e9 && Knee is > 0 and < 1e6
        && LatencyP99 > TimeSpan.Zero && Idle >= TimeSpan.Zero && Path.Length <= 2_000;
}
