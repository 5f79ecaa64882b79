using Tangram.Model;

namespace Tangram.Proving.Traffic;

/// <param name="Attempts">Requests that backends got.</param>
/// <param name="PerBackend">The same of each.</param>
/// <param name="Latencies">Of the requests that succeeded, ascending.</param>
/// <param name="MostQueued">The longest queue of any backend, those in work included.</param>
public sealed record TrafficResult(
    int Requests, int Succeeded, int Attempts, EquatableArray<int> PerBackend, EquatableArray<TimeSpan> Latencies,
    int MostQueued)
{
    /// <summary>Requests that were not let in.</summary>
    public int Refused { get; init; }

    /// <summary>Of each <see cref="PriorityClass"/>, how many came and how many succeeded.</summary>
    public EquatableArray<(int Requests, int Succeeded)> Classes { get; init; }

    public double Success => Requests == 0 ? 1 : Succeeded / (double)Requests;

    /// <summary>Attempts for each request.</summary>
    public double Amplification => Requests == 0 ? 1 : Attempts / (double)Requests;

    public TimeSpan Percentile(double share) =>
        Latencies.Count == 0 ? TimeSpan.Zero : Latencies[Math.Min(Latencies.Count - 1, (int)(Latencies.Count * share))];
}
