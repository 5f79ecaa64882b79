using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class HedgingTests
{
    private static readonly TimeSpan After = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void A_time_in_the_file_is_the_delay_as_long_as_a_second_attempt_could_end()
    {
        var (hedging, service) = (new Hedging(new HedgeSpec(After)), Routed.Service(2));
        Assert.Equal(After, hedging.Delay(service, null));
        Assert.Equal(After, hedging.Delay(service, 2 * After));
        Assert.Null(hedging.Delay(service, After));
        Assert.Null(hedging.Delay(Routed.Service(1), null));
    }

    [Fact]
    public void A_quantile_is_of_the_latency_lately_and_nothing_is_sent_twice_while_it_is_not_known()
    {
        var (hedging, service) = (new Hedging(new HedgeSpec(null)), Routed.Service(2));
        Assert.Null(hedging.Delay(service, null));
        for (var i = 1; i <= 1000; i++) hedging.Learn(TimeSpan.FromMilliseconds(i * 0.1));
        Assert.InRange(hedging.Delay(service, null)!.Value.TotalMilliseconds, 95, 95 * 1.19);
        var now = Routed.Start;
        hedging.Look(now);
        for (var i = 0; i < 3; i++) hedging.Look(now += TimeSpan.FromSeconds(10));
        Assert.InRange(hedging.Delay(service, null)!.Value.TotalMilliseconds, 80, 95 * 1.19);
        for (var i = 0; i < 5; i++) hedging.Look(now += TimeSpan.FromSeconds(10));
        Assert.Null(hedging.Delay(service, null));
    }

    [Fact]
    public void What_is_overtaken_keeps_the_quantile_where_it_is()
    {
        var (hedging, service) = (new Hedging(new HedgeSpec(null, 0.9)), Routed.Service(2));
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var first = Latency();
            // The second attempt is soon; what it overtakes is known to have taken as long as until then.
            if (hedging.Delay(service, null) is { } delay && first > delay)
            {
                hedging.Learn(delay + TimeSpan.FromMilliseconds(2));
                first = TimeSpan.FromMilliseconds(2);
            }
            hedging.Learn(first);
        }
        Assert.InRange(hedging.Delay(service, null)!.Value.TotalMilliseconds, 9, 40);

        TimeSpan Latency() => TimeSpan.FromMilliseconds(random.NextDouble() < 0.9 ? 10 * random.NextDouble() : 500);
    }

    [Fact]
    public void Another_way_to_hedge_begins_with_what_it_learns_anew()
    {
        var counters = new ServiceCounters();
        counters.Hedge(new HedgeSpec(null));
        var hedging = counters.Hedging;
        counters.Hedge(new HedgeSpec(null));
        Assert.Same(hedging, counters.Hedging);
        counters.Hedge(new HedgeSpec(null, 0.99));
        Assert.NotSame(hedging, counters.Hedging);
        counters.Hedge(null);
        Assert.Null(counters.Hedging);
    }
}
