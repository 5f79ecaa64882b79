namespace Tangram.Model;

/// <summary>What a service will have to carry: <c>x-tangram.forecast</c>.</summary>
public sealed record ForecastSpec
{
    /// <summary>Requests per second, over all replicas.</summary>
    public double Rate { get; init; }

    /// <summary>What 99 of 100 requests shall stay below. Null: the cluster's objective, else the one that the capacity
    /// was measured with.</summary>
    public TimeSpan? LatencyP99 { get; init; }

    /// <summary>What each replica keeps on its node's disk, in bytes; 0: not said.</summary>
    public long Storage { get; init; }

    /// <summary>What each replica sends and receives in a second, in bytes; 0: not said.</summary>
    public long Bandwidth { get; init; }
}
