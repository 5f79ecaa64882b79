using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving.Capacity;

/// <summary>One step of a search for a limit. A closed one has <paramref name="Users"/>, each of whom asks again as
/// soon as he is answered; an open one has a <paramref name="Rate"/>, in requests per second.</summary>
public readonly record struct LimitLoad(int? Users, double? Rate)
{
    public static LimitLoad Closed(int users) => new(users, null);
    public static LimitLoad Open(double rate) => new(null, rate);

    public override string ToString() =>
        Users is { } users ? $"{users} user{(users == 1 ? "" : "s")}" : FormattableString.Invariant($"{Rate:0.#}/s");
}

/// <summary>What one step showed, once it had settled.</summary>
public sealed record LimitStep
{
    public required LimitLoad Load { get; init; }

    /// <summary>Good answers per second.</summary>
    public required double Throughput { get; init; }

    /// <summary>How many requests were in flight on average: what their latencies add up to in each second, which is
    /// Little's law and holds whatever the arrivals.</summary>
    public required double InFlight { get; init; }
    [JsonPropertyName("latencyMs")] public required LatencySummary Latency { get; init; }
    public required long Ok { get; init; }

    /// <summary>Failed, or answered by something other than 2xx.</summary>
    public required long Bad { get; init; }

    /// <summary>How long the generator itself kept a request that could have gone on, on average.</summary>
    [JsonPropertyName("heldMs")] public required TimeSpan Held { get; init; }

    /// <summary>Of all processors that the generator may use, the share that it used.</summary>
    public required double Cpu { get; init; }

    /// <summary>It was interrupted, and its figures say nothing.</summary>
    public bool Interrupted { get; init; }

    [JsonIgnore] public double BadShare => Ok + Bad == 0 ? 1 : Bad / (double)(Ok + Bad);

    /// <summary>Why it says more about the generator than about the server; null when it does not. Of each latency a
    /// fifth may be the generator's own.</summary>
    [JsonIgnore]
    public string? GeneratorFault =>
        // What failed did fail, however late that was seen; and who was refused waits a moment before he asks again.
        BadShare > LimitOptions.MostBad ? null
        : Cpu > 0.95 ? $"the generator used {Cpu:0%} of this machine's processors"
        : Load.Users is { } users && InFlight < 0.8 * users
            ? $"of {users} users only {InFlight:0.#} waited for the server on average, the others for the generator"
        : Held > TimeSpan.FromMilliseconds(0.5) && Held > Latency.Mean / 5
            ? $"the generator kept each request for {Held.TotalMilliseconds:0.#} ms of its " +
              $"{Latency.Mean.TotalMilliseconds:0.#} ms, because this machine was too busy"
        : null;
}

/// <summary>How to search.</summary>
public sealed record LimitOptions
{
    /// <summary>What 99 of 100 requests shall stay below.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long each step is measured, after it has settled for a quarter of that.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>No step has more.</summary>
    public int MostUsers { get; init; } = 2_000;

    /// <summary>Of the resampling.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>With that many bad answers the server has had enough.</summary>
    public const double MostBad = 0.01;

    public IEnumerable<string> Problems()
    {
        if (Latency < TimeSpan.FromMilliseconds(1) || Latency > TimeSpan.FromMinutes(1))
            yield return "the latency objective is between 1ms and 1m";
        if (Step < TimeSpan.FromMilliseconds(100) || Step > TimeSpan.FromHours(1))
            yield return "a step takes between 100ms and 1h";
        if (MostUsers is < ScalabilityEstimate.FewestPoints or > 10_000)
            yield return $"between {ScalabilityEstimate.FewestPoints} and 10000 users can be tried";
    }
}
