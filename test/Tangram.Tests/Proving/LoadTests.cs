using System.Net.Sockets;
using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class LoadTests
{
    private static readonly Uri Url = new("http://127.0.0.1:8080/api/orders");

    private static LoadOptions At(double rate, double seconds, params LoadClass[] mix) =>
        new() { Url = Url, Rate = rate, Duration = TimeSpan.FromSeconds(seconds), Mix = [.. mix] };

    private static LoadSample Sample(LoadOutcome outcome, int begun = 0, int ended = 5, long index = 0) =>
        new(0, index, Milliseconds(begun), Milliseconds(begun), Milliseconds(ended), outcome);

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);

    private static LoadCounts Count(params LoadOutcome[] outcomes)
    {
        var tally = new LoadTally("GET");
        foreach (var outcome in outcomes) tally.Add(Sample(outcome));
        return tally.Counts(LatencySummary.Empty, LatencySummary.Empty);
    }

    private static LatencySummary LateBy(int milliseconds) => new() { Count = 100, P99 = Milliseconds(milliseconds) };

    [Fact]
    public void Arrivals_are_evenly_spaced_and_errors_do_not_add_up()
    {
        var schedule = new LoadSchedule(At(3, 3600));
        Assert.Equal(10_800, schedule.Count);
        Assert.Equal(TimeSpan.Zero, schedule.At(0));
        Assert.Equal(TimeSpan.FromSeconds(3599), schedule.At(3 * 3599));
    }

    [Fact]
    public void A_rate_below_one_request_sends_one() => Assert.Equal(1, new LoadSchedule(At(0.1, 1)).Count);

    [Fact]
    public void Classes_are_mixed_evenly_by_their_shares()
    {
        var (get, post) = (new LoadClass("GET", "GET", Url, null, 4), new LoadClass("POST", "POST", Url, "{}", 1));
        var schedule = new LoadSchedule(At(100, 1, get, post));
        var classes = Enumerable.Range(0, 100).Select(i => schedule.NextClass(i)).ToArray();
        foreach (var five in classes.Chunk(5)) Assert.Equal(1, five.Sum());
    }

    [Fact]
    public void Every_way_to_end_is_counted_once()
    {
        var counts = Count(
            LoadOutcome.Answered(200), LoadOutcome.Answered(204), LoadOutcome.Answered(301), LoadOutcome.Answered(500),
            LoadOutcome.Answered(500), LoadOutcome.Failed(LoadFailure.Reset, "reset"),
            LoadOutcome.Failed(LoadFailure.Unsent, "too many"), LoadOutcome.Failed(LoadFailure.Abandoned, ""));
        Assert.Equal((7, 2, 3, 2, 1), (counts.Sent, counts.Ok, counts.NonSuccess, counts.Failed, counts.Abandoned));
        Assert.Equal([new(200, 1), new(204, 1), new(301, 1), new(500, 2)], counts.Statuses);
        Assert.Equal("1 HTTP 301, 2 HTTP 500, 1 Reset, 1 Unsent", string.Join(", ", counts.Troubles));
    }

    [Fact]
    public void Of_each_trouble_the_first_and_last_times_and_a_few_examples_are_kept()
    {
        var tally = new LoadTally("GET");
        for (var i = 0; i < 10; i++) tally.Add(Sample(LoadOutcome.Answered(503), begun: i, ended: 100 + i, index: i));
        var trouble = Assert.Single(tally.Counts(LatencySummary.Empty, LatencySummary.Empty).Troubles);
        Assert.Equal((TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(109)), (trouble.First, trouble.Last));
        Assert.Equal([0, 1, 2], tally.Examples.Select(e => e.Index));
    }

    [Fact]
    public void A_time_out_has_a_latency_and_a_refusal_has_none()
    {
        Assert.True(LoadOutcome.Failed(LoadFailure.Timeout, "").HasLatency);
        Assert.True(LoadOutcome.Answered(500).HasLatency);
        Assert.False(LoadOutcome.Failed(LoadFailure.Refused, "").HasLatency);
    }

    [Fact]
    public void Exceptions_are_told_apart()
    {
        var refused = new HttpRequestException(
            HttpRequestError.ConnectionError, "no", new SocketException((int)SocketError.ConnectionRefused));
        var broken = new SocketException((int)SocketError.ConnectionReset);
        var reset = new AnswerLostException(new IOException("read", broken));
        var ended = new HttpIOException(HttpRequestError.ResponseEnded);
        Assert.Equal(LoadFailure.Refused, LoadOutcome.Of(refused, begun: false).Failure);
        Assert.Equal(LoadFailure.Reset, LoadOutcome.Of(reset, begun: false).Failure);
        Assert.Equal(LoadFailure.Cut, LoadOutcome.Of(reset, begun: true).Failure);
        Assert.Equal(LoadFailure.Closed, LoadOutcome.Of(new AnswerLostException(null), begun: false).Failure);
        Assert.Equal(LoadFailure.Cut, LoadOutcome.Of(ended, begun: true).Failure);
        var silent = new IOException("read", new SocketException((int)SocketError.TimedOut));
        Assert.Equal(LoadFailure.Cut, LoadOutcome.Of(silent, begun: true).Failure);
        Assert.Equal(LoadFailure.Timeout, LoadOutcome.Of(new OperationCanceledException(), begun: true).Failure);
        Assert.Equal(LoadFailure.Timeout, LoadOutcome.Of(new OperationCanceledException(), begun: false).Failure);
        Assert.Equal(LoadFailure.Other, LoadOutcome.Of(new InvalidOperationException(), begun: false).Failure);
    }

    [Fact]
    public void Another_address_is_tried_when_nothing_was_sent_or_when_twice_does_no_harm()
    {
        var refused = new HttpRequestException(HttpRequestError.ConnectionError, "no");
        var late = new TaskCanceledException("connecting", new TimeoutException());
        var lost = new HttpRequestException("sending", new AnswerLostException(null));
        Assert.All([refused, (Exception)late], e => Assert.True(LoadOutcome.MayGoElsewhere(e, safe: false)));
        Assert.Equal((true, false),
            (LoadOutcome.MayGoElsewhere(lost, safe: true), LoadOutcome.MayGoElsewhere(lost, safe: false)));
        Assert.False(LoadOutcome.MayGoElsewhere(new OperationCanceledException(), safe: true));
    }

    [Fact]
    public void Addresses_take_turns_and_one_that_failed_is_tried_by_one_request_in_five_seconds()
    {
        var addresses = new LoadAddresses(3);
        Assert.Equal(["012", "120", "201", "012"], Orders(addresses, 0, 4));
        addresses.Failed(1, TimeSpan.FromSeconds(1));
        Assert.Equal(["021", "201", "201"], Orders(addresses, 5, 3));
        Assert.Equal(["021", "120", "201", "021", "201"], Orders(addresses, 6, 5));
        addresses.Worked(1);
        Assert.Equal(["012", "120", "201"], Orders(addresses, 6, 3));

        static string[] Orders(LoadAddresses addresses, int second, int count) =>
            [.. Enumerable.Range(0, count).Select(i =>
                string.Concat(addresses.Order(i, TimeSpan.FromSeconds(second))))];
    }

    [Fact]
    public void When_all_addresses_failed_each_is_tried_still()
    {
        var addresses = new LoadAddresses(2);
        addresses.Failed(0, TimeSpan.Zero);
        addresses.Failed(1, TimeSpan.Zero);
        Assert.Equal([1, 0], addresses.Order(1, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void The_time_line_counts_a_request_in_the_second_in_which_it_was_due()
    {
        var timeline = new LoadTimeline();
        timeline.Add(Sample(LoadOutcome.Answered(200), begun: 999, ended: 3000), safe: true);
        timeline.Add(Sample(LoadOutcome.Answered(200) with { Elsewhere = true }, begun: 2000, ended: 2010), safe: true);
        timeline.Add(Sample(LoadOutcome.Answered(503), begun: 2100, ended: 2101), safe: true);
        timeline.Add(Sample(LoadOutcome.Failed(LoadFailure.Reset, ""), begun: 2200, ended: 2900), safe: false);
        timeline.Add(Sample(LoadOutcome.Failed(LoadFailure.Abandoned, ""), begun: 2999, ended: 2999), safe: true);
        Assert.Equal(
            [
                new(0, 1, 1, 0, 0, 0, Milliseconds(2001)) { P50 = Milliseconds(2001), P99 = Milliseconds(2001) },
                new(2, 4, 1, 2, 1, 1, Milliseconds(10))
                {
                    P50 = TimeSpan.FromMicroseconds(1023), P99 = Milliseconds(10),
                },
            ], timeline.Seconds);
    }

    [Fact]
    public void Other_addresses_are_of_the_same_server()
    {
        var options = At(10, 1) with { Also = [new Uri("http://127.0.0.1:8081/")] };
        Assert.Empty(options.Problems());
        Assert.Equal(TimeSpan.FromSeconds(1), options.Silence);
        Assert.Equal(TimeSpan.FromSeconds(3), (options with { LostAfter = TimeSpan.FromSeconds(3) }).Silence);
        Assert.Null(At(10, 1).Silence);
        var elsewhere = new LoadClass("GET", "GET", new Uri("http://10.0.0.1/"), null, 1);
        Assert.Equal(3, (options with
        {
            Also = [new Uri("ftp://x/")], LostAfter = TimeSpan.Zero, Mix = [elsewhere],
        }).Problems().Count());
    }

    [Fact]
    public void One_failure_too_many_fails_the_run_and_the_exit_code_says_so()
    {
        var refused = LoadOutcome.Failed(LoadFailure.Refused, "");
        var counts = Count(LoadOutcome.Answered(200), LoadOutcome.Answered(500), refused);
        Assert.Equal(LoadRuling.Passed, LoadVerdict.Of(counts, LatencySummary.Empty, maxFailed: 2).Ruling);
        var verdict = LoadVerdict.Of(counts, LatencySummary.Empty, maxFailed: 1);
        Assert.Equal((LoadRuling.Failed, 1), (verdict.Ruling, verdict.ExitCode));
        Assert.Equal("2 of 3 requests failed: 1 HTTP 500, 1 Refused (1 is allowed)", verdict.Because);
    }

    [Fact]
    public void What_could_not_be_sent_is_one_of_those_whose_time_came()
    {
        var unsent = LoadOutcome.Failed(LoadFailure.Unsent, "2 requests were in flight");
        var counts = Count(LoadOutcome.Answered(200), unsent, unsent);
        Assert.Equal((1, 3), (counts.Sent, counts.Due));
        Assert.Equal("2 of 3 requests failed: 2 Unsent (none is allowed)",
            LoadVerdict.Of(counts, LatencySummary.Empty, maxFailed: 0).Because);
    }

    [Fact]
    public void A_late_generator_voids_a_run_that_would_have_passed()
    {
        var good = Count(LoadOutcome.Answered(200));
        Assert.Equal(LoadRuling.Passed, LoadVerdict.Of(good, LateBy(100), 0).Ruling);
        var late = LoadVerdict.Of(good, LateBy(101), 0);
        Assert.Equal((LoadRuling.Void, 1), (late.Ruling, late.ExitCode));
        Assert.Equal(LoadRuling.Failed, LoadVerdict.Of(Count(LoadOutcome.Answered(500)), LateBy(101), 0).Ruling);
        Assert.Equal(LoadRuling.Void, LoadVerdict.Of(Count(), LatencySummary.Empty, 0).Ruling);
    }

    [Fact]
    public void Every_problem_of_the_options_is_told()
    {
        var options = At(0, -1) with
        {
            Url = new Uri("ftp://x/"), Method = "", Timeout = TimeSpan.Zero,
            Connections = 0, MaxInFlight = 0, MaxFailed = -1,
        };
        Assert.Equal(8, options.Problems().Count());
        Assert.Empty(At(300, 60).Problems());
    }

    [Fact]
    public void A_result_survives_its_json_and_durations_are_milliseconds()
    {
        var total = Count(LoadOutcome.Answered(200), LoadOutcome.Answered(500)) with { Latency = LateBy(12) };
        var result = new LoadResult
        {
            Run = "r", StartedAt = DateTimeOffset.UnixEpoch, Url = "http://x/",
            Rate = 10, Offered = 9.9, Planned = 2, MostInFlight = 1,
            Elapsed = TimeSpan.FromMicroseconds(1_234_567), Total = total, Classes = [total], Lateness = LateBy(1),
            Examples = [new("GET", 1, TimeSpan.Zero, TimeSpan.FromMilliseconds(5), "HTTP 500", "")],
            BadSafe = 1, Seconds = [new(0, 2, 1, 1, 1, 0, TimeSpan.FromMilliseconds(5))],
            Interrupted = false, Verdict = new(LoadRuling.Failed, "because"),
        };
        var json = LoadJson.Write(result);
        Assert.Contains("\"elapsedMs\": 1234.567", json, StringComparison.Ordinal);
        Assert.Contains("\"ruling\": \"Failed\"", json, StringComparison.Ordinal);
        Assert.Equal(result, LoadJson.Read(json));
        Assert.Equal("Failed: because.", LoadReport.Lines(result).Last());
    }
}
