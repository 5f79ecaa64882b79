using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class ProfileTests
{
    private static LoadProfile.Open Open(ulong? seed, string stages) =>
        new(seed) { Stages = StageText.ReadAll(stages)!.ToEquatableArray() };

    private static TimeSpan Seconds(double count) => TimeSpan.FromSeconds(count);

    [Fact]
    public void A_ramp_is_inverted_exactly()
    {
        var arrivals = new Arrivals(Open(null, "0..100 10s"));
        Assert.Equal(500, arrivals.Count);
        // 5 t² = n.
        for (var n = 0L; n < 500; n++)
            Assert.InRange(arrivals.At(n).TotalSeconds - Math.Sqrt(n / 5.0), -1e-6, 1e-6);
    }

    [Fact]
    public void A_ramp_that_hardly_rises_loses_no_digits()
    {
        var arrivals = new Arrivals(Open(null, "1000..1000.0000001 1h"));
        Assert.Equal(3_600_000, arrivals.Count);
        Assert.Equal(3599, arrivals.At(3_599_000).TotalSeconds, 5);
    }

    [Fact]
    public void Arrivals_of_any_curve_are_where_adding_up_small_steps_finds_them()
    {
        for (var seed = 1UL; seed <= 30; seed++)
        {
            var rng = new Rng(seed);
            var stages = Enumerable.Range(0, 1 + rng.Next(5)).Select(_ => new Stage(
                rng.Next(3) * rng.Next(40), rng.Next(3) * rng.Next(40), Seconds(0.5 + 3 * rng.NextDouble()))).ToList();
            var (curve, sum, next) = (new RateCurve(stages), 0.0, 0);
            const double Step = 0.0005;
            for (var at = 0.0; at < curve.Lasts.TotalSeconds - 2 * Step; at += Step)
            {
                sum += curve.At(Seconds(at + Step / 2)) * Step;
                // Where the rate is nearly 0 a small difference of the sum is a long time.
                for (; next < sum - 0.05; next++)
                    Assert.True(curve.Reaches(next).TotalSeconds < at + 2 * Step, $"seed {seed}: {next} at {at}");
                Assert.True(curve.Reaches(sum + 0.05).TotalSeconds >= at, $"seed {seed}: {sum} at {at}");
            }
            Assert.InRange(curve.Area - sum, -0.5, 0.5);
        }
    }

    [Fact]
    public void A_spike_has_as_many_requests_as_its_area_and_they_come_in_order()
    {
        var arrivals = new Arrivals(Open(null, "10 5s, 500 2s, 10 5s"));
        var all = Enumerable.Range(0, (int)arrivals.Count).Select(i => arrivals.At(i)).ToList();
        Assert.Equal(1100, all.Count);
        Assert.Equal(1000, all.Count(at => at >= Seconds(5) && at < Seconds(7)));
        Assert.Equal(all.Order(), all);
    }

    [Fact]
    public void A_pause_has_no_arrivals()
    {
        var arrivals = new Arrivals(Open(null, "0 5s, 10 1s, 0 5s, 10 1s"));
        var all = Enumerable.Range(0, 20).Select(i => arrivals.At(i)).ToList();
        Assert.Equal((Seconds(5), Seconds(11)), (all[0], all[10]));
        Assert.DoesNotContain(all, at => at < Seconds(5) || at > Seconds(6) && at < Seconds(11));
    }

    [Fact]
    public void Poisson_arrivals_have_the_mean_and_the_variance_of_the_curve_and_repeat_by_their_seed()
    {
        var first = All(new Arrivals(Open(7, "0..100 100s")));
        Assert.Equal(first, All(new Arrivals(Open(7, "0..100 100s"))));
        Assert.NotEqual(first, All(new Arrivals(Open(8, "0..100 100s"))));
        Assert.Equal(first.Order(), first);
        Assert.InRange(first.Count, 5000 - 5 * 71, 5000 + 5 * 71);
        // A rise from 0: a quarter of them in the first half.
        Assert.InRange(first.Count(at => at < Seconds(50)), 1250 - 5 * 36, 1250 + 5 * 36);
        var flat = All(new Arrivals(Open(3, "100 100s")));
        var counts = Enumerable.Range(0, 1000).Select(i => flat.Count(at => (int)(at.TotalSeconds * 10) == i)).ToList();
        var variance = counts.Sum(c => (c - 10.0) * (c - 10.0)) / counts.Count;
        Assert.InRange(variance, 7, 13);

        static List<TimeSpan> All(Arrivals arrivals) =>
            [.. Enumerable.Range(0, (int)arrivals.Count).Select(i => arrivals.At(i))];
    }

    [Fact]
    public void Users_come_and_go_with_the_curve()
    {
        var curve = Open(null, "0..100 10s, 100 20s, 100..0 10s").Curve;
        Assert.Equal([new Window(Seconds(0), Seconds(40))], curve.Above(0));
        Assert.Equal([new Window(Seconds(5), Seconds(35))], curve.Above(50));
        Assert.Equal([], curve.Above(100));
        var twice = Open(null, "5 10s, 1 10s, 5 10s").Curve;
        Assert.Equal([new Window(Seconds(0), Seconds(10)), new Window(Seconds(20), Seconds(30))], twice.Above(3));
        Assert.Equal([new Window(Seconds(0), Seconds(30))], twice.Above(0));
    }

    [Theory]
    [InlineData("10")]
    [InlineData("10 1")]
    [InlineData("-1 1s")]
    [InlineData("1..2..3 1s")]
    [InlineData("10 1s,")]
    [InlineData("")]
    [InlineData("NaN 1s")]
    public void What_is_no_stage_is_refused(string text) => Assert.Null(StageText.ReadAll(text));

    [Theory]
    [InlineData("0 10s", "loads nothing")]
    [InlineData("200000 1s", "a rate is between 0 and 100000")]
    [InlineData("1 0", "more than no time")]
    [InlineData("1 25h", "at most a day")]
    public void What_no_machine_should_do_is_refused(string stages, string why) =>
        Assert.Contains(Open(null, stages).Problems(), problem => problem.Contains(why));

    [Fact]
    public void A_load_follows_its_profile()
    {
        var profile = Open(null, "0..100 10s");
        var options = new LoadOptions
        {
            Url = new Uri("http://127.0.0.1/"), Rate = 50, Duration = profile.Lasts, Profile = profile,
        };
        var schedule = new LoadSchedule(options);
        Assert.Equal((500, Seconds(5)), (schedule.Count, schedule.At(125)));
    }
}
