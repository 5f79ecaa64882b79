using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class LoadEngineTests
{
    private static readonly LoadOptions Options = new()
    {
        Url = new Uri("http://127.0.0.1/"), Rate = 1_000, Duration = TimeSpan.FromSeconds(1),
    };

    private static readonly LoadCounts Total = new LoadTally("all").Counts(
        new() { Count = 100, P99 = Milliseconds(10) }, LatencySummary.Empty) with { Sent = 100, Ok = 100 };

    private static LoadEffort Effort(double busy, int readingLate, double inFlight = 10, double little = 10) => new()
    {
        Engine = LoadEngine.Raw, Threads = 2, Busiest = busy, MeanInFlight = inFlight, LittleInFlight = little,
        Reading = new() { Count = 100, P99 = Milliseconds(readingLate) },
    };

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);

    private static LoadVerdict Verdict(LoadEffort effort) =>
        LoadVerdict.Of(Total, LatencySummary.Empty, 0, effort);

    [Fact]
    public void A_generator_that_has_time_and_reads_at_once_is_believed() =>
        Assert.Equal(LoadRuling.Passed, Verdict(Effort(0.5, 0)).Ruling);

    [Fact]
    public void A_run_is_void_when_a_thread_had_no_time_left_and_that_is_much_of_the_latency()
    {
        var verdict = Verdict(Effort(0.96, 3));
        Assert.Equal(LoadRuling.Void, verdict.Ruling);
        Assert.StartsWith("the generator was short of CPU: one of its 2 threads was busy 96% of the time",
            verdict.Because, StringComparison.Ordinal);
        Assert.Equal(LoadRuling.Passed, Verdict(Effort(0.96, 2)).Ruling);
        Assert.Equal(LoadRuling.Passed, Verdict(Effort(0.94, 3)).Ruling);
    }

    [Fact]
    public void A_run_is_void_when_answers_that_had_arrived_were_read_late()
    {
        Assert.StartsWith("the generator was late", Verdict(Effort(0.1, 101)).Because, StringComparison.Ordinal);
        Assert.Equal(LoadRuling.Passed, Verdict(Effort(0.1, 100)).Ruling);
    }

    [Theory]
    [InlineData(10, 11, true)]
    [InlineData(10, 11.2, false)]
    [InlineData(10, 9, true)]
    [InlineData(10, 8.9, false)]
    [InlineData(0.01, 0.4, true)]
    [InlineData(5000, 4700, false)]
    public void A_run_is_void_when_Littles_law_fails(double inFlight, double little, bool holds)
    {
        var verdict = Verdict(Effort(0.1, 0, inFlight, little));
        Assert.Equal(holds ? LoadRuling.Passed : LoadRuling.Void, verdict.Ruling);
        Assert.Equal(!holds, verdict.Because.StartsWith("Little's law does not hold", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_raw_engine_cannot_do_is_the_platforms()
    {
        Assert.Null(LoadEngines.NotRaw(Options));
        var closing = Options with { UniqueIdHeader = "x-id", Headers = [new("Connection", "close")] };
        Assert.Null(LoadEngines.NotRaw(closing));
        var other = new LoadClass("GET", "GET", new Uri("http://127.0.0.2/"), null, 1);
        var same = new LoadClass("GET", "GET", Options.Url, null, 1);
        Assert.Equal(
            ["TLS", "other addresses to try", "a limit to silence", "several hosts", "transfer-encoding"],
            new[]
            {
                Options with { Url = new Uri("https://x/") }, Options with { Also = [new Uri("http://127.0.0.2/")] },
                Options with { LostAfter = TimeSpan.FromSeconds(1) }, Options with { Mix = [same, other] },
                Options with { Headers = [new("transfer-encoding", "chunked")] },
            }.Select(LoadEngines.NotRaw));
    }

    [Fact]
    public void Users_are_of_plain_http_and_have_bounds()
    {
        Assert.Empty((Options with { Rate = 0, Users = 5, Think = Milliseconds(5), Threads = 2 }).Problems());
        Assert.Single((Options with { Users = 5, Url = new Uri("https://x/") }).Problems());
        Assert.Single((Options with { Think = Milliseconds(5) }).Problems());
        Assert.Equal(2, (Options with { Users = 0, Threads = 0 }).Problems().Count());
        Assert.Single((Options with { Users = 1, Engine = LoadEngine.Platform }).Problems());
    }

    [Theory]
    [InlineData(null, 1_000, 1_000, 20_000, 1)]
    [InlineData(null, 30_000, 1_000, 20_000, 2)]
    [InlineData(null, 90_000, 1, 20_000, 1)]
    [InlineData(64, 1, 1_000, 20_000, 4)]
    [InlineData(1, 1, 1_000, 20_000, 1)]
    [InlineData(50_000, 1, 1_000, 9_000, 6)]
    public void There_are_as_many_threads_as_there_is_work_for(
        int? users, double rate, int connections, int most, int threads) => Assert.Equal(threads, LoadEngines.Threads(
            Options with { Users = users, Rate = rate, Connections = connections }, processors: 4, most));

    [Fact]
    public void Nothing_is_lost_when_something_is_dealt_out()
    {
        foreach (var (whole, parts) in new[] { (10, 3), (2, 5), (50_000, 7) })
            Assert.Equal(whole, Enumerable.Range(0, parts).Sum(part => LoadEngines.Share(whole, parts, part)));
    }

    [Fact]
    public void What_two_threads_counted_is_what_one_would_have_counted()
    {
        var outcomes = new[]
        {
            LoadOutcome.Answered(200), LoadOutcome.Answered(503), LoadOutcome.Failed(LoadFailure.Reset, "r"),
            LoadOutcome.Answered(503), LoadOutcome.Failed(LoadFailure.Abandoned, ""), LoadOutcome.Answered(204),
        };
        var (one, halves) = (Counted(), new[] { Counted(), Counted() });
        for (var i = 0; i < 60; i++)
        {
            var at = TimeSpan.FromMilliseconds(100 * i);
            var sample = new LoadSample(0, i, at, at, at + Milliseconds(i), outcomes[i % outcomes.Length]);
            foreach (var (tally, timeline) in new[] { one, halves[i % 2] })
            {
                tally.Add(sample);
                timeline.Add(sample, safe: i % 3 == 0);
            }
        }
        halves[0].Tally.Add(halves[1].Tally);
        halves[0].Timeline.Add(halves[1].Timeline);
        Assert.Equal(Counts(one), Counts(halves[0]));
        Assert.Equal(one.Timeline.Seconds, halves[0].Timeline.Seconds);
        Assert.Equal(one.Tally.Examples, halves[0].Tally.Examples);

        static (LoadTally Tally, LoadTimeline Timeline) Counted() => (new("GET"), new());
        static LoadCounts Counts((LoadTally Tally, LoadTimeline) counted) =>
            counted.Tally.Counts(LatencySummary.Empty, LatencySummary.Empty);
    }
}
