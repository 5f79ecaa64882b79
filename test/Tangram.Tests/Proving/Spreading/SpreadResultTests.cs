using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Spreading;

namespace Tangram.Tests.Proving.Spreading;

public sealed class SpreadResultTests(ITestOutputHelper output)
{
    private static readonly Uri Url = new("http://10.0.0.1/");

    private static readonly LoadOptions Whole = new()
    {
        Url = Url, Rate = 200, Duration = TimeSpan.FromSeconds(10), MaxFailed = long.MaxValue,
        Mix = [new("GET", "GET", Url, null, 3), new("POST", "POST", Url, "{}", 1)],
    };

    private static readonly LoadEffort Raw = new() { Engine = LoadEngine.Raw, Threads = 1 };

    private static LoadSample Sample(Rng rng, long index)
    {
        var intended = TimeSpan.FromMilliseconds(index * 5);
        var begun = intended + TimeSpan.FromTicks(rng.Next(20_000));
        // Each ends at a time of its own, so that which examples are the first is certain.
        var ended = begun + TimeSpan.FromTicks(1000 + (long)rng.Next(1000) * rng.Next(1000) * 10_000 + index);
        var outcome = rng.Next(10) switch
        {
            0 => LoadOutcome.Answered(500 + rng.Next(4)),
            1 => LoadOutcome.Failed((LoadFailure)rng.Next(11), "why"),
            _ => LoadOutcome.Answered(200 + rng.Next(2)),
        };
        return new(index % 4 == 3 ? 1 : 0, index, intended, begun, ended, outcome with { Elsewhere = rng.Chance(0.1) });
    }

    private static void Count(LoadBook book, LoadSample sample)
    {
        if (sample.Outcome.Failure == LoadFailure.Unsent) book.Count(sample);
        else
        {
            book.Late(sample.Begun - sample.Intended);
            book.Ended(sample);
        }
    }

    /// <summary>As it comes over a line.</summary>
    private static LoadBook Sent(LoadBook book)
    {
        var to = LoadBook.For(Whole, null);
        foreach (var some in book.WrittenSeconds().Chunk(3))
            foreach (var second in Over(new(PartWord.Counted) { Seconds = some }).Seconds!) to.Add(second);
        to.Add(Over(new(PartWord.Done) { Counts = new(book.Written(), null, Raw, 0, false) }).Counts!.Book);
        return to;

        static PartAnswer Over(PartAnswer answer) => PartAnswer.Read(answer.Write());
    }

    private static SpreadPart Part(string name, LoadBook book) =>
        new(name, book, new LatencyHistogram(), Raw with { MeanInFlight = 1, LittleInFlight = 1 }, 3, false,
            new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMilliseconds(2)), null);

    private static LoadBook Book(int count, TimeSpan late, int status = 200)
    {
        var book = LoadBook.For(Whole, null);
        for (var i = 0; i < count; i++)
        {
            var intended = TimeSpan.FromMilliseconds(i * 5);
            Count(book, new(0, i, intended, intended + late, intended + late + TimeSpan.FromMilliseconds(1),
                LoadOutcome.Answered(status)));
        }
        return book;
    }

    private static LoadResult Of(params SpreadPart[] parts) =>
        SpreadResult.Of(Whole with { MaxFailed = 0 }, "run", default, parts);

    [Fact]
    public void What_several_machines_counted_is_what_one_would_have()
    {
        const ulong seed = 43;
        output.WriteLine($"seed {seed}");
        var rng = new Rng(seed);
        for (var turn = 0; turn < 5; turn++)
        {
            var one = LoadBook.For(Whole, null);
            var machines = Enumerable.Range(0, 1 + rng.Next(5)).Select(_ => LoadBook.For(Whole, null)).ToList();
            foreach (var sample in Enumerable.Range(0, 2000).Select(i => Sample(rng, i)).OrderBy(s => s.Ended))
            {
                Count(one, sample);
                Count(machines[rng.Next(machines.Count)], sample);
            }
            var merged = LoadBook.For(Whole, null);
            foreach (var machine in machines) merged.Add(Sent(machine));
            var (expected, got) = (Result(one), Result(merged));
            Assert.Equal(expected, got);
            Assert.Equal(LoadJson.Write(expected), LoadJson.Write(got));
        }

        static LoadResult Result(LoadBook book) =>
            book.Result(new("run", default, 2000, 7, false, (_, _) => LoadEffort.Platform));
    }

    /// <summary>The wrong way to merge, which a machine of few slow requests shows.</summary>
    [Fact]
    public void Percentiles_are_those_of_all_requests_and_no_mean_of_the_machines()
    {
        var (fast, slow) = (Book(1900, TimeSpan.Zero), Book(100, TimeSpan.FromMilliseconds(50)));
        var merged = Of(Part("a", fast), Part("b", slow));
        Assert.Equal(2000, merged.Total.Latency.Count);
        Assert.InRange(merged.Total.Latency.P90.TotalMilliseconds, 0.9, 1.1);
        Assert.InRange(merged.Total.Latency.P99.TotalMilliseconds, 50, 52);
        Assert.InRange(merged.Lateness.P99.TotalMilliseconds, 49, 51);
        Assert.Equal(["a 1900", "b 100"], merged.Machines.Select(one => $"{one.Name} {one.Sent}"));
        Assert.Equal((6, 2), (merged.MostInFlight, merged.Generator.Threads));
        Assert.Equal(LoadRuling.Passed, merged.Verdict.Ruling);
    }

    [Fact]
    public void A_machine_that_was_late_voids_it_by_name_though_the_sum_would_not()
    {
        var merged = Of(Part("a", Book(19_900, TimeSpan.Zero)), Part("b", Book(100, TimeSpan.FromMilliseconds(500))));
        Assert.True(merged.Lateness.P99 < LoadVerdict.Late);
        Assert.Equal(LoadRuling.Void, merged.Verdict.Ruling);
        Assert.StartsWith("on b, the generator was late", merged.Verdict.Because);
    }

    [Fact]
    public void A_machine_that_was_lost_voids_it_whatever_the_others_say()
    {
        var merged = Of(Part("a", Book(100, TimeSpan.Zero, 500)), SpreadPart.Gone("b", "its connection ended", null));
        Assert.Equal(LoadRuling.Void, merged.Verdict.Ruling);
        Assert.Equal("b was lost: its connection ended. What it had counted is unknown", merged.Verdict.Because);
        Assert.Equal((100, 100), (merged.Total.Sent, merged.Total.NonSuccess));
        Assert.Null(merged.Machines[1].Sent);
        Assert.Contains(LoadReport.Lines(merged), line => line.Contains("b: lost"));
    }

    [Fact]
    public void Failures_count_though_a_machine_was_late()
    {
        var merged = Of(Part("a", Book(100, TimeSpan.Zero, 503)), Part("b", Book(10, TimeSpan.FromSeconds(1))));
        Assert.Equal(LoadRuling.Failed, merged.Verdict.Ruling);
    }

    [Fact]
    public void Nothing_is_left_when_all_are_lost()
    {
        var merged = Of(SpreadPart.Gone("a", "x", null), SpreadPart.Gone("b", "y", null));
        Assert.Equal((LoadRuling.Void, 0), (merged.Verdict.Ruling, merged.Total.Sent));
    }

    [Fact]
    public void A_mean_over_time_is_weighed_by_it()
    {
        var effort = LoadEffort.Together(
            [(Raw with { MeanInFlight = 4, Busiest = 0.2 }, TimeSpan.FromSeconds(10)),
                (Raw with { MeanInFlight = 2, Busiest = 0.6 }, TimeSpan.FromSeconds(5))],
            TimeSpan.FromSeconds(10), LatencySummary.Empty);
        Assert.Equal((5, 0.6, 2), (effort.MeanInFlight, effort.Busiest, effort.Threads));
    }

    [Fact]
    public void Logs_of_several_machines_are_one()
    {
        var (one, all) = (new LatencyLog(["GET"]), new LatencyLog(["GET"]));
        for (var machine = 0; machine < 3; machine++)
        {
            var own = new LatencyLog(["GET"]);
            for (var i = 0; i < 400; i++)
            {
                var (ended, took) = (TimeSpan.FromMilliseconds(i * 10), TimeSpan.FromMicroseconds(100 + i * machine));
                own.Add(0, ended, took, took);
            }
            foreach (var piece in own.Pieces())
                all.Add(PartAnswer.Read(new PartAnswer(PartWord.Counted) { Pieces = [piece] }.Write()).Pieces![0]);
            one.Add(own);
        }
        Assert.Equal(Text(one), Text(all));

        static string Text(LatencyLog log)
        {
            using var stream = new MemoryStream();
            log.Write(stream, default);
            return System.Text.Encoding.UTF8.GetString(stream.ToArray());
        }
    }
}
