using System.Globalization;
using System.Text.Json.Serialization;
using Tangram.Planning;

namespace Tangram.Proving.Scenarios;

public enum Aggregate { Average, Least, Most, Percentile, Rate, Count }

/// <summary>A bound in k6's words: <c>http_req_duration{step:order}</c> and <c>p(99)&lt;200</c>. Durations are in
/// milliseconds.</summary>
/// <param name="Step">Only of this step; null: of all.</param>
/// <param name="Percentile">0 to 100, of <see cref="Aggregate.Percentile"/>.</param>
public sealed record Threshold(
    ThresholdMetric Metric, string? Step, Aggregate Aggregate, double Percentile, string Comparison, double Bound,
    string Text)
{
    public const string Wanted = "a bound such as p(99)<200, avg<50, rate<0.01 or count>100";

    private static readonly string[] Comparisons = ["<=", ">=", "===", "==", "!=", "<", ">"];

    /// <summary>As the author wrote it: <c>http_req_duration{step:order} p(99)&lt;200</c>.</summary>
    public string Name => $"{Metric.Name}{(Step is null ? "" : $"{{step:{Step}}}")}";

    public bool Holds(double measured) => Comparison switch
    {
        "<" => measured < Bound,
        "<=" => measured <= Bound,
        ">" => measured > Bound,
        ">=" => measured >= Bound,
        "!=" => measured != Bound,
        _ => measured == Bound,
    };

    /// <summary>Null and what is wrong, in words that follow the bound.</summary>
    public static Threshold? TryRead(ThresholdMetric metric, string? step, string text, out string wrong)
    {
        wrong = "";
        var comparison = Comparisons.FirstOrDefault(c => text.Contains(c, StringComparison.Ordinal));
        var (left, right) = comparison is null ? (text, "") : Cut(text, comparison);
        if (comparison is null || !double.TryParse(right,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out var bound))
            wrong = $"which is not {Wanted}";
        else if (Of(left) is not ({ } aggregate, var percentile))
            wrong = $"of which '{left}' is not known: {string.Join(", ", metric.Takes)} are";
        else if (!metric.Aggregates.Contains(aggregate))
            wrong = $"and {metric.Name} knows only {string.Join(", ", metric.Takes)}";
        else
            return new Threshold(metric, step, aggregate, percentile, comparison, bound, text.Trim());
        return null;
    }

    private static (string, string) Cut(string text, string comparison)
    {
        var at = text.IndexOf(comparison, StringComparison.Ordinal);
        return (text[..at].Trim(), text[(at + comparison.Length)..].Trim());
    }

    private static (Aggregate?, double) Of(string text) => text switch
    {
        "avg" => (Aggregate.Average, 0),
        "min" => (Aggregate.Least, 0),
        "max" => (Aggregate.Most, 0),
        "med" => (Aggregate.Percentile, 50),
        "rate" => (Aggregate.Rate, 0),
        "count" => (Aggregate.Count, 0),
        _ when text.StartsWith("p(", StringComparison.Ordinal) && text.EndsWith(')')
            && Quantities.Number(text[2..^1].Trim()) is { } percentile && percentile <= 100
            => (Aggregate.Percentile, percentile),
        _ => (null, 0),
    };
}

/// <summary>What k6 measures under this name.</summary>
public sealed record ThresholdMetric(string Name, ThresholdKind Kind)
{
    public static readonly IReadOnlyList<ThresholdMetric> All =
    [
        new("http_req_duration", ThresholdKind.Trend), new("http_req_failed", ThresholdKind.Rate),
        new("http_reqs", ThresholdKind.Counter), new("checks", ThresholdKind.Rate),
        new("iterations", ThresholdKind.Counter), new("iteration_duration", ThresholdKind.Trend),
        new("group_duration", ThresholdKind.Trend), new("dropped_iterations", ThresholdKind.Counter),
    ];

    public static ThresholdMetric? Find(string name) => All.FirstOrDefault(metric => metric.Name == name);

    /// <summary>It can be told step by step; of a group, its name stands there.</summary>
    public bool HasSteps => Name is "http_req_duration" or "http_req_failed" or "http_reqs" or "checks"
        or "group_duration";

    public IReadOnlyList<Aggregate> Aggregates => Kind switch
    {
        ThresholdKind.Trend => [Aggregate.Average, Aggregate.Least, Aggregate.Most, Aggregate.Percentile],
        ThresholdKind.Rate => [Aggregate.Rate],
        _ => [Aggregate.Count, Aggregate.Rate],
    };

    public IReadOnlyList<string> Takes => Kind switch
    {
        ThresholdKind.Trend => ["avg", "min", "med", "max", "p(N)"],
        ThresholdKind.Rate => ["rate"],
        _ => ["count", "rate"],
    };
}

public enum ThresholdKind { Trend, Rate, Counter }

/// <param name="Measured">Milliseconds, a share or a count. Null: nothing was measured, and then it does not
/// hold.</param>
public sealed record ThresholdResult(string Metric, string Bound, double? Measured, bool Held)
{
    public static ThresholdResult Of(Threshold threshold, double? measured) =>
        new(threshold.Name, threshold.Text, measured, measured is { } value && threshold.Holds(value));

    [JsonIgnore] public string Shown => Measured is { } value
        ? value.ToString(value is > -1 and < 1 ? "0.####" : "0.##", CultureInfo.InvariantCulture) : "nothing measured";

    public override string ToString() => $"{Metric} {Bound}: {Shown}";
}
