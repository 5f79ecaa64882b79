using System.Globalization;
using Tangram.Cli;
using Tangram.Proving.Capacity;

namespace Tangram.Proving;

/// <summary>`tangram load --find-limit`: the steps, one after the other, and what they come to.</summary>
internal static class LimitEntrance
{
    public static async Task<int> RunAsync(
        LoadOptions options, LimitRequest request, bool json, Surroundings around, CancellationToken cancellation)
    {
        if (request.Options.Problems().FirstOrDefault() is { } problem)
            throw new CommandFailure(Exit.Arguments, problem);
        var progress = json ? null : new Progress(around);
        var result = await SearchAsync(options, request.Options, line => progress?.Show(line), around.Clock,
            cancellation);
        progress?.Clear();
        if (json) around.Print(LimitJson.Write(result));
        else
        {
            Steps(result).Write(around);
            foreach (var line in LimitReport.Lines(result)) around.Print(line);
        }
        if (result.Verdict.Ruling == LoadRuling.Passed && request.Keep is { } keep)
        {
            var said = await keep(result, cancellation);
            if (!json) around.Print(said);
        }
        return result.Verdict.ExitCode;
    }

    internal static async Task<LimitResult> SearchAsync(LoadOptions options, LimitOptions limit,
        Action<string> progress, TimeProvider time, CancellationToken cancellation)
    {
        await LoadWarmUp.RunAsync(time, cancellation);
        var search = new LimitSearch(limit);
        using var loader = new LimitLoader(options, limit, time);
        var last = "";
        while (search.Next() is { } load)
        {
            progress(string.Create(CultureInfo.InvariantCulture, $"now {load}{last}"));
            var step = await loader.OfferAsync(load, cancellation);
            search.Add(step);
            last = string.Create(CultureInfo.InvariantCulture,
                $"; {load} gave {step.Throughput:0.#}/s, p99 {LimitReport.Milliseconds(step.Latency.P99)}");
        }
        return LimitResult.Of(options.Url.OriginalString, search, limit);
    }

    private static Table Steps(LimitResult result)
    {
        string[] numbers = ["ANSWERS/S", "FIT", "IN FLIGHT", "P50", "P99", "P99.9", "BAD"];
        var table = new Table(["STEP", .. numbers, ""]) { Right = numbers, Yields = ["FIT", "P99.9"] };
        foreach (var step in result.Steps)
        {
            var fit = step.Load.Users is { } users && result.Fit.Law is { } law ? Number(law.At(users)) : "";
            table.Add(step.Load.ToString(), Number(step.Throughput), fit, Number(step.InFlight),
                LimitReport.Milliseconds(step.Latency.P50), LimitReport.Milliseconds(step.Latency.P99),
                LimitReport.Milliseconds(step.Latency.P999), step.Bad.ToString(CultureInfo.InvariantCulture),
                step.Latency.P99 > result.Latency ? "too slow" : "");
        }
        return table;
    }

    private static string Number(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
