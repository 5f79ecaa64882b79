using System.Text.Json;
using System.Text.Json.Serialization;
using Tangram.Model;

namespace Tangram.Proving.Capacity;

/// <summary>What a search for a server's limit showed. In JSON every duration is a number of milliseconds.</summary>
public sealed record LimitResult
{
    public required string Url { get; init; }

    /// <summary>What 99 of 100 requests were to stay below.</summary>
    [JsonPropertyName("latencyMs")] public required TimeSpan Latency { get; init; }
    public required EquatableArray<LimitStep> Steps { get; init; }
    public required ScalabilityEstimate Fit { get; init; }
    public required LimitEnd End { get; init; }

    /// <summary>Good answers per second at the best step with users.</summary>
    public required double Greatest { get; init; }

    /// <summary>How many users it takes to get there if nobody waits for another: the greatest throughput times the
    /// latency of a lone user. Beyond it more users only wait longer (Lazowska et al., Quantitative System Performance,
    /// 1984, 5.2).</summary>
    public required double Knee { get; init; }

    /// <summary>The latency that 99.9 of 100 requests stay below while there are few of them.</summary>
    [JsonPropertyName("idleMs")] public required TimeSpan Idle { get; init; }

    /// <summary>The highest rate, of those tried, at which the objective held; null: none did.</summary>
    public double? Rate { get; init; }
    public required LoadVerdict Verdict { get; init; }

    public static LimitResult Of(string url, LimitSearch search, LimitOptions options)
    {
        var good = search.Closed
            .Where(s => s is { Ok: > 0, Throughput: > 0 } && s.BadShare <= LimitOptions.MostBad).ToList();
        var greatest = good.Count == 0 ? 0 : good.Max(s => s.Throughput);
        var knee = good.Count == 0 ? 0 : greatest * good[0].Latency.Mean.TotalSeconds / Alone(good[0]);
        return new LimitResult
        {
            Url = url, Latency = options.Latency,
            Steps = search.Closed.Concat(search.Open).ToEquatableArray(),
            Fit = ScalabilityEstimate.Of(
                [.. good.Select(s => new LoadPoint(s.Load.Users!.Value, s.Throughput))], options.Seed),
            End = search.End ?? LimitEnd.Interrupted,
            Greatest = greatest, Knee = knee,
            Idle = good.Count == 0 ? TimeSpan.Zero
                : good.Where(s => s.Load.Users <= Math.Max(1, knee / 2)).Min(s => s.Latency.P999),
            Rate = search.Kept,
            Verdict = Ruled(search, options),
        };
    }

    private static double Alone(LimitStep first) => Math.Max(1, first.InFlight);

    private static LoadVerdict Ruled(LimitSearch search, LimitOptions options)
    {
        var objective = $"p99 ≤ {LimitReport.Milliseconds(options.Latency)}";
        if (search.Fault is { } fault)
            return new(LoadRuling.Void, $"the generator was the bottleneck: {fault}. " +
                (search.Greatest > 0 ? $"The server's limit is above {search.Greatest:0}/s" : "Nothing was measured"));
        if (search.Interrupted || search.End is null || search.Next() is not null)
            return new(LoadRuling.Void, "interrupted before the limit was found");
        if (search.Kept is not { } kept)
            return new(LoadRuling.Failed, search.Open.Count == 0
                ? "no step was answered well; where answers take longer than a step, give it more by --step"
                : $"no rate that was tried was answered with {objective}");
        return search.End == LimitEnd.MostUsers
            ? new(LoadRuling.Void, $"the throughput still grew at {options.MostUsers} users, the most that were tried")
            : new(LoadRuling.Passed, $"{kept:0.#}/s are answered with {objective}");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    Converters = [typeof(Milliseconds)])]
[JsonSerializable(typeof(LimitResult))]
[JsonSerializable(typeof(LimitStep))]
public sealed partial class LimitJson : JsonSerializerContext
{
    public static string Write(LimitResult result) => JsonSerializer.Serialize(result, Default.LimitResult);
}
