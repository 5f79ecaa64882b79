using Tangram.Model;
using Tangram.Proving.Traffic;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>Zones that become slow, in virtual time; `bench … balancing` prints the same figures. The gateway stands in
/// the zone that does.</summary>
public sealed class ZoneScenarioTests
{
    private const BalancePolicy Ewma = BalancePolicy.PeakEwma, Turns = BalancePolicy.RoundRobin;

    [Theory]
    [InlineData(Ewma, 4.5, 0.015)]
    [InlineData(Turns, 9, 0.03)]
    public void A_step_is_left_within_seconds(BalancePolicy policy, double seconds, double late)
    {
        var figures = Of(ZoneScenarios.Step(), policy);
        Assert.InRange(figures.Entered!.Value.TotalSeconds, 0.5, 2);
        Assert.InRange(figures.Shifted!.Value.TotalSeconds, 0.5, seconds);
        Assert.InRange(figures.Late, 0, late);
        Assert.Equal((0, 1, false, 0.01),
            (figures.Failed, figures.Flips, figures.AllDegraded, Math.Round(figures.Least, 3)));
    }

    [Fact]
    public void When_it_is_over_the_zone_wins_its_requests_back()
    {
        var figures = Of(ZoneScenarios.Pulse(), Ewma);
        Assert.Equal(2, figures.Flips);
        Assert.InRange(figures.Recovered!.Value.TotalSeconds, 30, 55);
    }

    [Theory]
    [InlineData(Ewma)]
    [InlineData(Turns)]
    public void A_ramp_is_left_when_it_is_high(BalancePolicy policy)
    {
        var figures = Of(ZoneScenarios.Ramp(), policy);
        // It is above 500 ms after 14 s. Where the policy has left it before, it takes longer to be sure.
        Assert.InRange(figures.Entered!.Value.TotalSeconds, 11, 22);
        Assert.InRange(figures.Shifted!.Value.TotalSeconds, 3, 19);
        Assert.InRange(figures.Late, 0, 0.02);
        Assert.Equal(1, figures.Flips);
    }

    [Theory]
    [InlineData(2, Ewma)]
    [InlineData(5, Ewma)]
    [InlineData(10, Ewma)]
    [InlineData(5, Turns)]
    [InlineData(10, Turns)]
    public void What_swings_is_not_followed(int half, BalancePolicy policy)
    {
        var figures = Of(ZoneScenarios.Oscillation(TimeSpan.FromSeconds(half)), policy);
        // It turns 12 to 60 times in these two minutes.
        Assert.InRange(figures.Flips, 1, 7);
        Assert.InRange(figures.Late, 0, 0.03);
        Assert.False(figures.AllDegraded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_both_zones_are_slow_both_are_used(bool together)
    {
        foreach (var policy in new[] { Ewma, Turns })
        {
            var shares = new List<double>();
            var got = new Queue<EquatableArray<int>>();
            var scenario = ZoneScenarios.Both(together) with
            {
                Policy = policy, Home = null, Observe = moment =>
                {
                    got.Enqueue(moment.Got);
                    if (got.Count <= 20) return;
                    var before = got.Dequeue();
                    var each = moment.Got.Zip(before, (now, then) => now - then).ToArray();
                    shares.Add(each.Take(3).Sum() / (double)each.Sum());
                },
            };
            TrafficRun.Of(scenario);
            Assert.InRange(shares[^1], 0.3, 0.7);
            Assert.False(ZoneFigures.Of(ZoneScenarios.Both(together) with { Policy = policy }).AllDegraded);
        }
    }

    [Fact]
    public void What_the_own_zone_cannot_bear_spills_over_by_what_is_measured()
    {
        // Three backends that work on three requests at once bear 180 a second, of 300.
        var scenario = ZoneScenarios.Of((_, _) => ZoneScenarios.Usual) with { Slots = 3 };
        foreach (var policy in new[] { Ewma, Turns })
        {
            var (own, result) = OwnShare(scenario with { Policy = policy });
            Assert.InRange(own, 0.36, 0.62);
            Assert.InRange(result.Percentile(0.99) / Blind(scenario, policy), 0, 4);
            // With room enough nearly all stay.
            Assert.InRange(OwnShare(scenario with { Policy = policy, Slots = 20 }).Own, 0.95, 0.999);
        }
    }

    [Fact]
    public void A_single_backend_of_its_zone_is_no_hot_spot()
    {
        // It bears 60 requests a second of 300, a fifth; its share by number would be a tenth.
        var scenario = ZoneScenarios.Of((_, _) => ZoneScenarios.Usual, "abbbcccccc") with { Slots = 3 };
        foreach (var policy in new[] { Ewma, Turns })
        {
            var (own, result) = OwnShare(scenario with { Policy = policy });
            Assert.InRange(own, 0.05, 0.2);
            Assert.InRange(result.Percentile(0.99) / Blind(scenario, policy), 0, 4);
        }
    }

    /// <summary>The same without zones.</summary>
    private static TimeSpan Blind(TrafficScenario scenario, BalancePolicy policy)
    {
        var p99 = TrafficRun.Of(scenario with { Policy = policy, Home = null }).Percentile(0.99);
        TestContext.Current.TestOutputHelper?.WriteLine($"without zones p99 {p99}");
        return p99;
    }

    private static ZoneFigures Of(TrafficScenario scenario, BalancePolicy policy) =>
        ZoneFigures.Of(scenario with { Policy = policy });

    /// <summary>Of the last half.</summary>
    private static (double Own, TrafficResult Result) OwnShare(TrafficScenario scenario)
    {
        EquatableArray<int>? half = null;
        var result = TrafficRun.Of(scenario with
        {
            Observe = moment => { if (moment.Now - Instant.Zero >= scenario.Duration / 2) half ??= moment.Got; },
        });
        var each = result.PerBackend.Zip(half!.Value, (now, then) => now - then).ToArray();
        var own = each.Where((_, i) => scenario.Zones[i] == 'a').Sum() / (double)each.Sum();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{scenario.Policy} {scenario.Zones} {scenario.Slots}: own {own:0.000}, p99 {result.Percentile(0.99)}");
        return (own, result);
    }
}
