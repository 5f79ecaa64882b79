using Tangram.Model;

namespace Tangram.Proving.Capacity;

/// <summary>How many replicas a forecast needs.</summary>
/// <param name="Bare">With all of them there; null when no number keeps the objective.</param>
/// <param name="Total">So many that the others carry it when any one zone is lost, the same number in each
/// zone.</param>
/// <param name="Latency">The objective that was meant.</param>
/// <param name="Because">What decided, as a sentence.</param>
public sealed record ReplicaNeed(int? Bare, int? Total, TimeSpan Latency, string Because)
{
    /// <summary>Of 1,000 requests ten may be too slow. One is left for those that an idle replica is slow with, and
    /// nine for those that wait: together they are at most ten, however the two go together.</summary>
    private const double MayWait = 0.009;

    /// <summary>More workers than any forecast of ours comes to.</summary>
    private const int MostWorkers = 10_000_000;

    /// <param name="zones">In which replicas may run.</param>
    /// <param name="objective">The cluster's, where the forecast has none.</param>
    public static ReplicaNeed Of(ForecastSpec forecast, MeasuredCapacity one, int zones, TimeSpan? objective)
    {
        var latency = forecast.LatencyP99 ?? objective ?? one.LatencyP99;
        // A replica is as many servers of Erlang's line as it works on requests at once.
        var workers = Math.Max(1, (int)Math.Round(one.Knee));
        var line = WaitingLine.Fewest(forecast.Rate, one.Greatest / workers, latency - one.Idle, MayWait, MostWorkers);
        if (line is null)
            return new ReplicaNeed(null, null, latency, one.Idle > latency
                ? $"one in 1,000 requests takes {LimitReport.Milliseconds(one.Idle)} even of an idle replica"
                : "no number of replicas keeps it");
        var byLine = Up(line.Value, workers);
        // A looser objective than the measured one allows more, up to what it answers at all.
        var most = latency <= one.LatencyP99 ? one.Rate : one.Greatest;
        var byRate = Up(forecast.Rate, most);
        var bare = Math.Max(byLine, byRate);
        return new ReplicaNeed(bare, WithoutAnyZone(bare, zones), latency, byLine > byRate
            ? $"with {bare}, of {workers} requests at a time each, at most 9 of 1,000 wait longer than " +
              $"{LimitReport.Milliseconds(latency - one.Idle)} (Erlang C)"
            : FormattableString.Invariant($"one carries {most:0.#}/s"));
    }

    /// <summary>The fewest of which as many as needed are left without any one zone, the same number in each.</summary>
    public static int WithoutAnyZone(int needed, int zones) => zones < 2 ? needed : zones * Up(needed, zones - 1);

    private static int Up(double amount, double each) => (int)Math.Ceiling(amount / each - 1e-9);
}
