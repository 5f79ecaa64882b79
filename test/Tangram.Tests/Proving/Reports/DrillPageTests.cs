using Tangram.Proving;
using Tangram.Model;
using Tangram.Proving.Drills;
using Tangram.Proving.Reports;

namespace Tangram.Tests.Proving.Reports;

public sealed class DrillPageTests
{
    private const string Hostile = "<img src=x onerror=alert(1)>&\"'";

    private static TimeSpan S(double count) => TimeSpan.FromSeconds(count);

    internal static DrillFault Fault(double? at, string kind = "node-lost", bool mends = true) => new(
        kind, Hostile, ["web-1"], at is { } a ? S(a) : null, at is null ? null : S(4), Hostile, Hostile, S(1), S(0.5),
        S(6), at is null ? Hostile : null) { Mends = mends };

    internal static DrillResult Result(params DrillFault[] faults)
    {
        var load = new DrillLoad(1000, 3, [Hostile], S(0.002), S(0.02), S(1.2), S(0), 1, S(0.25))
        {
            At = S(0.3), Seconds = Enumerable.Range(0, 20)
                .Select(s => LoadPageTests.Second(s, bad: s == 5 ? 3 : 0)).ToEquatableArray(),
        };
        return new DrillResult
        {
            Drill = Hostile, Cluster = Hostile, Seed = 7, StartedAt = DateTimeOffset.UnixEpoch, Url = Hostile,
            Availability = 0.999, LatencyP99 = S(0.25), Recovery = S(10),
            Steady = load with { Failed = 0 }, Load = load,
            Verdict = new(DrillRuling.Broken, [Hostile]), Retried = 4, Faults = [.. faults],
            Timeline = [new(S(-1), Hostile), new(S(5), "struck")],
        };
    }

    [Fact]
    public void Load_and_faults_stand_on_one_axis_and_every_value_is_text()
    {
        var page = DrillPage.Of(Result(Fault(5), Fault(7, "replica-paused", mends: false), Fault(null)));
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        var picture = LoadPageTests.Parsed(page).Descendants("svg")
            .Single(s => (string?)s.Attribute("role") == "img");
        Assert.Equal(2, picture.Descendants("rect").Count());
        Assert.Equal(2, picture.Descendants("circle").Count());
        // The one that ends by being reverted is whole 6 s after that: at 7 + 4 + 6 s, of 20.3 s.
        var time = LoadCharts.Time(20.3);
        Assert.Equal([time.At(11), time.At(17)], picture.Descendants("circle").Select(c => (double)c.Attribute("cx")!),
            (a, b) => Math.Abs(a - b) < 0.1);
    }

    [Fact]
    public void A_drill_that_was_not_begun_has_a_page_too()
    {
        var page = DrillPage.Of(Result() with
        {
            Load = null, Steady = null, Verdict = new(DrillRuling.NotBegun, ["the cluster is not ready"]),
        });
        Assert.Contains("NOT BEGUN", page, StringComparison.Ordinal);
        Assert.Contains("Nothing was broken", page, StringComparison.Ordinal);
        LoadPageTests.Parsed(page);
    }

    [Fact]
    public void A_thousand_faults_make_a_page_of_bounded_size()
    {
        var page = DrillPage.Of(Result([.. Enumerable.Range(0, 1000).Select(i => Fault(i % 20))]));
        Assert.InRange(page.Length, 20_000, 500_000);
        Assert.Contains("940 more faults", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_JSON_has_the_load_second_by_second()
    {
        var read = DrillJson.Read(DrillJson.Write(Result(Fault(5))));
        Assert.Equal(Result(Fault(5)).Load!.Seconds, read.Load!.Seconds);
        Assert.Equal(S(0.3), read.Load.At);
        Assert.Equal(DrillPage.Of(Result(Fault(5))), DrillPage.Of(read));
    }
}
