using Tangram.Proving;
using Tangram.Proving.Capacity;

namespace Tangram.Tests.Proving.Capacity;

public sealed class LimitSearchTests
{
    private static readonly LimitOptions Usual = new();

    /// <summary>A server of so many workers who take 20 ms for each request, on paper.</summary>
    private static LimitStep Answer(LimitLoad load, int workers, double bad = 0)
    {
        const double Service = 0.02;
        var limit = workers / Service;
        var users = load.Users ?? load.Rate!.Value * Service;
        var rate = load.Rate ?? double.MaxValue;
        var throughput = Math.Min(rate, Math.Min(users, workers) / Service);
        // At an open rate beyond the limit the line grows for as long as the step lasts.
        var latency = TimeSpan.FromSeconds(load.Rate > limit ? 2 : Math.Max(Service, users / limit));
        return new LimitStep
        {
            Load = load, Throughput = throughput, InFlight = users, Ok = 1000, Bad = (long)(1000 * bad),
            Latency = new LatencySummary
            {
                Count = 1000, Mean = latency, P50 = latency, P90 = latency, P99 = latency, P999 = latency,
                Max = latency,
            },
            Held = TimeSpan.Zero, Cpu = 0.1,
        };
    }

    private static LimitResult Search(Func<LimitLoad, LimitStep> answer, LimitOptions? options = null)
    {
        var search = new LimitSearch(options ?? Usual);
        for (var steps = 0; search.Next() is { } load; steps++)
        {
            Assert.InRange(steps, 0, 60);
            search.Add(answer(load));
        }
        return LimitResult.Of("http://x/", search, options ?? Usual);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(100)]
    public void The_limit_of_a_few_workers_is_found(int workers)
    {
        var result = Search(load => Answer(load, workers));
        Assert.Equal(LoadRuling.Passed, result.Verdict.Ruling);
        Assert.Equal(LimitEnd.NoMoreThroughput, result.End);
        Assert.Equal(workers / 0.02, result.Greatest, 1e-6);
        Assert.Equal(workers, result.Knee, 1e-6);
        Assert.InRange(result.Rate!.Value, 0.95 * workers / 0.02, workers / 0.02);
        Assert.Equal(TimeSpan.FromSeconds(0.02), result.Idle);
    }

    [Fact]
    public void It_ends_soon_after_the_throughput_does_not_grow()
    {
        var steps = Search(load => Answer(load, 8)).Steps.Select(s => s.Load.ToString());
        Assert.Equal(["1 user", "2 users", "3 users", "4 users", "6 users", "8 users", "11 users", "16 users",
            "23 users", "392/s"], steps);
    }

    [Fact]
    public void A_latency_that_breaks_twice_ends_it_and_once_does_not()
    {
        var options = Usual with { Latency = TimeSpan.FromMilliseconds(30) };
        var result = Search(load => Answer(load, 1), options);
        Assert.Equal(LimitEnd.LatencyBroken, result.End);
        Assert.Equal(3, result.Steps.Count(s => s.Load.Users is not null));
        var hiccups = 0;
        var once = Search(load => load.Users == 3 && hiccups++ == 0
            ? Answer(load, 50) with { Latency = new LatencySummary { P99 = TimeSpan.FromSeconds(1) } }
            : Answer(load, 50), options);
        Assert.Equal(2500, once.Greatest, 1e-6);
    }

    [Fact]
    public void The_highest_rate_that_keeps_the_objective_is_halved_towards()
    {
        // At an open rate it is slow from 250/s on, though its workers could do 400/s.
        var result = Search(load => load.Rate > 250
            ? Answer(load, 8) with { Latency = new LatencySummary { P99 = TimeSpan.FromSeconds(1) } }
            : Answer(load, 8));
        Assert.InRange(result.Rate!.Value, 250 - 400 / 30, 250);
        Assert.Equal(400, result.Greatest, 1e-6);
    }

    [Fact]
    public void A_generator_that_is_the_bottleneck_twice_voids_it_with_the_reason()
    {
        var result = Search(load => Answer(load, 1000) with { Cpu = load.Users >= 8 ? 0.97 : 0.5 });
        Assert.Equal(LoadRuling.Void, result.Verdict.Ruling);
        Assert.Contains("the generator used 97", result.Verdict.Because, StringComparison.Ordinal);
        Assert.Contains("limit is above 300/s", result.Verdict.Because, StringComparison.Ordinal);
        Assert.Null(result.Rate);
    }

    [Fact]
    public void A_machine_that_is_busy_for_one_step_voids_nothing()
    {
        var busy = 0;
        var result = Search(load => Answer(load, 8) with
        {
            Held = load.Users == 4 && busy++ == 0 ? TimeSpan.FromMilliseconds(15) : TimeSpan.Zero,
        });
        Assert.Equal((LoadRuling.Passed, 2), (result.Verdict.Ruling, busy));
        Assert.Single(result.Steps, s => s.Load.Users == 4);
    }

    [Fact]
    public void Users_who_wait_for_the_generator_are_its_fault()
    {
        var step = Answer(LimitLoad.Closed(10), 100) with { InFlight = 7 };
        Assert.Contains("of 10 users only 7", step.GeneratorFault, StringComparison.Ordinal);
        Assert.Null((step with { InFlight = 9 }).GeneratorFault);
        Assert.Null((step with { Bad = 500 }).GeneratorFault);
    }

    [Fact]
    public void A_server_that_only_fails_has_no_limit()
    {
        var result = Search(load => Answer(load, 8, bad: 1) with { Ok = 0, Throughput = 0 });
        Assert.Equal((LoadRuling.Failed, LimitEnd.Failures), (result.Verdict.Ruling, result.End));
        Assert.Single(result.Steps);
    }

    [Fact]
    public void A_server_that_is_never_fast_enough_fails_the_objective()
    {
        var result = Search(load => Answer(load, 8), Usual with { Latency = TimeSpan.FromMilliseconds(10) });
        Assert.Equal(LoadRuling.Failed, result.Verdict.Ruling);
        Assert.Contains("no rate that was tried was answered with p99 ≤ 10 ms", result.Verdict.Because,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_throughput_that_still_grows_at_the_most_users_is_no_limit()
    {
        var result = Search(load => Answer(load, 1000), Usual with { MostUsers = 20 });
        Assert.Equal((LoadRuling.Void, LimitEnd.MostUsers), (result.Verdict.Ruling, result.End));
        Assert.NotNull(result.Fit.Lacks);
    }

    [Fact]
    public void A_law_without_a_peak_is_written_as_JSON()
    {
        var result = Search(load => Answer(load, 1000), Usual with { MostUsers = 20 });
        Assert.Equal(0, result.Fit.Law!.Value.Kappa);
        Assert.Contains("\"peakUsers\": null", LimitJson.Write(result), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_interrupted_proves_nothing()
    {
        var result = Search(load => Answer(load, 8) with { Interrupted = load.Users == 3 });
        Assert.Equal((LoadRuling.Void, LimitEnd.Interrupted), (result.Verdict.Ruling, result.End));
        result = Search(load => Answer(load, 8) with { Interrupted = load.Rate is not null });
        Assert.Equal(LoadRuling.Void, result.Verdict.Ruling);
    }

    [Fact]
    public void The_report_says_what_one_replica_carries()
    {
        var lines = LimitReport.Lines(Search(load => Answer(load, 8))).ToList();
        Assert.Contains("one replica carries 392/s at p99 ≤ 250 ms", lines);
        Assert.Contains(lines, l => l.StartsWith("knee: 8 users at 400/s", StringComparison.Ordinal));
        Assert.Contains("\"rate\": 392", LimitJson.Write(Search(load => Answer(load, 8))), StringComparison.Ordinal);
    }
}
