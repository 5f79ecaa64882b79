using Tangram.Model;

namespace Tangram.Proving.Spreading;

/// <summary>What one machine has made of its part.</summary>
/// <param name="Reading">How soon its engine read answers.</param>
/// <param name="Lost">Why there is none of it.</param>
internal sealed record SpreadPart(
    string Name, LoadBook Book, LatencyHistogram Reading, LoadEffort Effort, int MostInFlight, bool Interrupted,
    LoadStart? Start, string? Lost)
{
    public static SpreadPart Gone(string name, string why, LoadStart? start) =>
        new(name, null!, null!, LoadEffort.Platform, 0, false, start, why);
}

/// <summary>What several machines have counted, as one load: counts and histograms are added up, and everything else is
/// made of the sums.</summary>
internal static class SpreadResult
{
    public static LoadResult Of(
        LoadOptions whole, string run, DateTimeOffset startedAt, IReadOnlyList<SpreadPart> parts)
    {
        var here = parts.Where(part => part.Lost is null).ToList();
        var (book, reading) = (LoadBook.For(whole, null), new LatencyHistogram());
        foreach (var part in here)
        {
            book.Add(part.Book);
            reading.Add(part.Reading);
        }
        var planned = whole.Users is null ? new LoadSchedule(whole).Count : 0;
        var result = book.Result(new(run, startedAt, planned, here.Sum(part => part.MostInFlight),
            parts.Any(part => part.Interrupted), (_, elapsed) => LoadEffort.Together(
                [.. here.Select(part => (part.Effort, part.Book.LastEnded))], elapsed, reading.Summary())));
        var began = parts.Select(part => part.Start).OfType<LoadStart>().ToList();
        var first = began.Count > 0 ? began.Min(start => start.Go) : TimeSpan.Zero;
        var machines = parts.Select(part => Machine(whole, part, first)).ToEquatableArray();
        return result with
        {
            Machines = machines, StartSpread = LoadStart.Spread(began), Verdict = result.Verdict.OfMachines(machines),
        };
    }

    private static LoadMachine Machine(LoadOptions whole, SpreadPart part, TimeSpan first)
    {
        if (part.Lost is { } why) return new(part.Name) { Lost = why };
        var own = part.Book.Result(new("", default, 0, 0, false, (_, _) => part.Effort));
        var ruled = LoadVerdict.Of(own.Total, own.Lateness, long.MaxValue, part.Effort);
        return new(part.Name, own.Total.Sent, own.Total.Ok, own.Total.NonSuccess, own.Total.Failed, own.Lateness.P99,
            part.Start?.Heard - first)
        {
            // Where nothing was due nothing was done; the sum says when that is so of all.
            Void = ruled.Ruling == LoadRuling.Void && own.Total is not { Sent: 0, Failed: 0 } ? ruled.Because : null,
        };
    }
}
