using System.Globalization;

namespace Tangram.Proving.Capacity;

/// <summary>The result of a search as lines for people, beneath the table of its steps.</summary>
public static class LimitReport
{
    public static IEnumerable<string> Lines(LimitResult result)
    {
        var fit = result.Fit;
        if (fit.Law is { } law)
            yield return Text($"fit: λ {law.Lambda:0.##}/s, σ {law.Sigma:0.######}, κ {law.Kappa:0.########}; ") +
                Text($"it misses the steps by {fit.Error * 100:0.#} %");
        if (fit.SeesPeak)
            yield return Text($"peak by the fit: {fit.Greatest:0.#}/s {Between(fit.GreatestRange)} at ") +
                Text($"{fit.PeakUsers:0.#} users {Between(fit.PeakUsersRange)}, each 95 times of 100");
        if (fit.Lacks is { } lacks) yield return $"no peak by the fit: {lacks}";
        if (result.Greatest > 0)
            yield return result.End == LimitEnd.NoMoreThroughput
                ? Text($"knee: {result.Knee:0.#} users at {result.Greatest:0.#}/s, the most that was measured; ") +
                  "beyond it more users only wait longer"
                : Text($"the most that was measured: {result.Greatest:0.#}/s; {Ended(result.End)}");
        if (result.Rate is { } rate)
            yield return Text($"one replica carries {rate:0.#}/s at p99 ≤ {Milliseconds(result.Latency)}");
        yield return $"{result.Verdict.Ruling}: {result.Verdict.Because}.";
    }

    public static string Milliseconds(TimeSpan span) => span.TotalMilliseconds switch
    {
        < 10 => Text($"{span.TotalMilliseconds:0.##} ms"),
        < 1000 => Text($"{span.TotalMilliseconds:0} ms"),
        _ => Text($"{span.TotalSeconds:0.0} s"),
    };

    private static string Ended(LimitEnd end) => end switch
    {
        LimitEnd.LatencyBroken => "with more users p99 broke the objective twice in a row",
        LimitEnd.Failures => "with more users more than 1 % failed",
        LimitEnd.Generator => "the generator could not offer more",
        LimitEnd.MostUsers => "these were the most users that were to be tried",
        _ => "interrupted",
    };

    private static string Between(Range95? range) => range switch
    {
        null => "(in no known range)",
        { High: { } high } => Text($"({range.Low:0.#} to {high:0.#})"),
        _ => Text($"({range.Low:0.#} or more)"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
