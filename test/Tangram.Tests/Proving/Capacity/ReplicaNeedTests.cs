using Tangram.Model;
using Tangram.Proving.Capacity;

namespace Tangram.Tests.Proving.Capacity;

public sealed class ReplicaNeedTests
{
    /// <summary>Eight workers who take 20 ms each.</summary>
    private static readonly MeasuredCapacity Eight = new()
    {
        Revision = 3, Rate = 380, LatencyP99 = TimeSpan.FromMilliseconds(250), Greatest = 400, Knee = 8,
        Idle = TimeSpan.FromMilliseconds(25),
    };

    private static ReplicaNeed Need(double rate, int latency, int zones = 3, MeasuredCapacity? one = null) =>
        ReplicaNeed.Of(new ForecastSpec { Rate = rate, LatencyP99 = TimeSpan.FromMilliseconds(latency) },
            one ?? Eight, zones, null);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 2, 2)]
    [InlineData(1, 3, 3)]
    [InlineData(2, 3, 3)]
    [InlineData(3, 3, 6)]
    [InlineData(4, 3, 6)]
    [InlineData(5, 3, 9)]
    [InlineData(5, 2, 10)]
    [InlineData(7, 4, 12)]
    public void Without_any_zone_the_others_carry_it_evenly(int needed, int zones, int total)
    {
        Assert.Equal(total, ReplicaNeed.WithoutAnyZone(needed, zones));
        if (zones == 1) return;
        // By trying: the fewest that are a multiple of the zones, and enough without one of them.
        var tried = Enumerable.Range(1, 100).First(n => n % zones == 0 && n - n / zones >= needed);
        Assert.Equal(tried, total);
    }

    [Fact]
    public void A_loose_objective_is_decided_by_what_one_carries()
    {
        var need = Need(1_500, 250);
        Assert.Equal((4, 6), (need.Bare, need.Total));
        Assert.Equal("one carries 380/s", need.Because);
    }

    [Fact]
    public void A_tight_objective_is_decided_by_Erlang()
    {
        // 5 ms of waiting are left beside the 25 ms of an idle one.
        var need = Need(370, 30);
        Assert.Equal(2, need.Bare);
        Assert.Contains("Erlang C", need.Because, StringComparison.Ordinal);
        Assert.True(new WaitingLine(8, 370, 50).WaitsLongerThan(TimeSpan.FromMilliseconds(5)) > 0.009);
        Assert.True(new WaitingLine(16, 370, 50).WaitsLongerThan(TimeSpan.FromMilliseconds(5)) <= 0.009);
    }

    [Fact]
    public void An_objective_below_what_an_idle_replica_takes_is_not_to_be_kept()
    {
        var need = Need(10, 20);
        Assert.Null(need.Bare);
        Assert.Equal("one in 1,000 requests takes 25 ms even of an idle replica", need.Because);
    }

    [Fact]
    public void Without_an_objective_of_its_own_the_clusters_counts_and_then_the_measured_one()
    {
        var forecast = new ForecastSpec { Rate = 100 };
        Assert.Equal(TimeSpan.FromSeconds(1), ReplicaNeed.Of(forecast, Eight, 3, TimeSpan.FromSeconds(1)).Latency);
        Assert.Equal(Eight.LatencyP99, ReplicaNeed.Of(forecast, Eight, 3, null).Latency);
    }

    [Fact]
    public void More_is_needed_of_more_requests_and_of_less_time()
    {
        var rng = new Rng(9);
        for (var round = 0; round < 200; round++)
        {
            var (rate, latency) = (10 + 5_000 * rng.NextDouble(), 26 + rng.Next(400));
            var need = Need(rate, latency).Bare!.Value;
            Assert.True(Need(rate * 1.3, latency).Bare >= need);
            Assert.True(Need(rate, latency + 100).Bare <= need);
            Assert.True(need * Eight.Greatest > rate);
        }
    }
}
