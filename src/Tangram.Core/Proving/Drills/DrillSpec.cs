using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Proving.Drills;

/// <summary>A drill as its file asks for it. What is null comes from the cluster it is held on.</summary>
public sealed record DrillSpec
{
    public required string Name { get; init; }
    public string About { get; init; } = "";

    /// <summary>0 to 1.</summary>
    public double? Availability { get; init; }
    public TimeSpan? LatencyP99 { get; init; }

    /// <summary>After a fault the cluster must be whole within it.</summary>
    public TimeSpan? Recovery { get; init; }

    /// <summary>The hypothesis has to hold for so long before anything is broken.</summary>
    public TimeSpan Steady { get; init; } = TimeSpan.FromSeconds(3);
    public DrillLoadSpec Load { get; init; } = new();

    /// <summary>By their time.</summary>
    public EquatableArray<FaultSpec> Faults { get; init; }

    /// <summary>Draw so many faults by chance, beside those that are named.</summary>
    public int Random { get; init; }
}

/// <summary>Requests at a constant rate.</summary>
public sealed record DrillLoadSpec
{
    /// <summary>Null: <see cref="Path"/> at the cluster's gateway.</summary>
    public string? Url { get; init; }

    /// <summary>Null: the first route that any GET may take.</summary>
    public string? Path { get; init; }
    public string Method { get; init; } = "GET";

    /// <summary>Requests per second.</summary>
    public double Rate { get; init; } = 50;
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>As one that offers <see cref="Rate"/> for <see cref="Duration"/> counts them.</summary>
    public long Planned => (long)Math.Round(Rate * Duration.TotalSeconds);
}
