using System.Text.Json.Serialization;

namespace Tangram.Proving;

/// <summary>What made a load: the engine, and how hard its threads worked. A generator is an instrument, and this is
/// what shows whether it measured the server or itself.</summary>
public sealed record LoadEffort
{
    /// <summary>Of a thread's time: above it, the thread has no time to be in time.</summary>
    public const double NoTimeLeft = 0.95;

    public static readonly LoadEffort Platform = new();

    public LoadEngine Engine { get; init; } = LoadEngine.Platform;

    /// <summary>0 when the engine has none of its own.</summary>
    public int Threads { get; init; }

    /// <summary>What the threads used while they ran; of the platform's clients, what the process did.</summary>
    [JsonPropertyName("cpuMs")] public TimeSpan Cpu { get; init; }

    /// <summary>The share of its time in which the busiest thread ran, or was ready to run and had no
    /// processor.</summary>
    public double Busiest { get; init; }

    /// <summary>Requests in flight, as the average over the time of the run.</summary>
    public double MeanInFlight { get; init; }

    /// <summary>Answers per second multiplied by their mean latency: by Little's law, the same.</summary>
    public double LittleInFlight { get; init; }

    /// <summary>How soon answers were read that had arrived, at most.</summary>
    [JsonPropertyName("readingMs")] public LatencySummary Reading { get; init; } = LatencySummary.Empty;

    /// <summary>Of several machines as one. Means over time add up when they are over the same time.</summary>
    /// <param name="elapsed">Of all of them together.</param>
    /// <param name="reading">The same.</param>
    public static LoadEffort Together(
        IReadOnlyCollection<(LoadEffort Effort, TimeSpan Elapsed)> all, TimeSpan elapsed, LatencySummary reading)
    {
        var span = Math.Max(1.0, elapsed.Ticks);
        return new()
        {
            Engine = all.All(one => one.Effort.Engine == LoadEngine.Raw) ? LoadEngine.Raw : LoadEngine.Platform,
            Threads = all.Sum(one => one.Effort.Threads),
            Cpu = new TimeSpan(all.Sum(one => one.Effort.Cpu.Ticks)),
            Busiest = all.Select(one => one.Effort.Busiest).DefaultIfEmpty().Max(),
            MeanInFlight = Math.Round(all.Sum(one => one.Effort.MeanInFlight * one.Elapsed.Ticks) / span, 3),
            LittleInFlight = Math.Round(all.Sum(one => one.Effort.LittleInFlight * one.Elapsed.Ticks) / span, 3),
            Reading = reading,
        };
    }

    /// <summary>Why what this generator measured is not what the server did; null when it is.</summary>
    public string? Objection(LoadCounts total)
    {
        if (Engine != LoadEngine.Raw) return null;
        if (Reading.P99 > LoadVerdict.Late)
            return $"the generator was late: it read answers up to {Reading.P99.TotalMilliseconds:0} ms after they " +
                "had arrived, so this machine was too busy to take them";
        // A quarter: below it, what the server does still is most of what is measured.
        if (Busiest >= NoTimeLeft && Reading.P99 > total.Latency.P99 / 4)
            return $"the generator was short of CPU: one of its {Threads} threads was busy {Busiest:0%} of the time, " +
                $"and read answers {Reading.P99.TotalMilliseconds:0.##} ms late, of a latency of " +
                $"{total.Latency.P99.TotalMilliseconds:0.##} ms. Fewer users, or more processors, measure the server";
        return LittlesLaw(MeanInFlight, LittleInFlight);
    }

    /// <summary>N = X R: the mean number in a system is the rate at which they leave multiplied by the mean time that
    /// they stay, whatever the distributions (J. D. C. Little, 1961). Both sides are measured apart; when they differ
    /// by more than a twentieth and half a request, which is what rounding may do, one of them is wrong.</summary>
    public static string? LittlesLaw(double inFlight, double rateTimesLatency) =>
        Math.Abs(inFlight - rateTimesLatency) <= 0.05 * Math.Max(inFlight, rateTimesLatency) + 0.5
            ? null
            : $"Little's law does not hold: {inFlight:0.0} requests were in flight on average, but throughput times " +
              $"latency is {rateTimesLatency:0.0}";
}
