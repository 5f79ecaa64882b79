using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

/// <summary>Several gateways with one limit of 100 a second; what they tell arrives half a second later.</summary>
public sealed class SharedRatesTests
{
    private static readonly RateLimitSpec Spec =
        new(100, TimeSpan.FromSeconds(1), 20, new KeySpec(KeySource.Client, null));

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(5, 1, 1)]
    [InlineData(2, 9, 1)]
    [InlineData(3, 1, 0)]
    public void Together_they_let_through_about_what_the_limit_says(int gateways, int first, int others)
    {
        double[] demand = [.. Enumerable.Range(0, gateways).Select(i => 150.0 * (i == 0 ? first : others))];
        var passed = new Cluster(gateways).Run(demand, seconds: 20, from: 5);
        Assert.InRange(passed, 88, 112);
    }

    [Fact]
    public void Who_asks_for_less_is_not_held_back()
    {
        Assert.InRange(new Cluster(2).Run([40, 40], seconds: 20, from: 5), 78, 82);
        Assert.InRange(new Cluster(2).Run([80, 4], seconds: 20, from: 5), 82, 86);
    }

    [Fact]
    public void A_client_that_changes_its_gateway_has_its_rate_there_within_seconds()
    {
        var cluster = new Cluster(2);
        cluster.Run([300, 0], seconds: 10, from: 0);
        Assert.InRange(cluster.Run([0, 300], seconds: 10, from: 4), 85, 115);
    }

    [Fact]
    public void A_gateway_that_is_alone_counts_as_ever()
    {
        var limiter = new RateLimiter(Spec, 1024);
        var shared = new SharedRates();
        var passed = 0;
        for (var i = 0; i < 3000; i++)
        {
            var now = Routed.Start + TimeSpan.FromMilliseconds(i);
            if (i % 100 == 0) Assert.Empty(shared.Look([limiter], null, now));
            if (limiter.Take(7, now).Allowed) passed++;
        }
        Assert.InRange(passed, 315, 321);
        Assert.Empty(limiter.TakeDemand());
    }

    [Fact]
    public void Of_many_keys_the_busy_ones_are_known()
    {
        var demand = new RateDemand();
        for (var i = 0; i < 100_000; i++)
        {
            demand.Count(KeyHash.Mix((ulong)i + 1000));
            if (i % 20 == 0) for (ulong busy = 1; busy <= 3; busy++) demand.Count(KeyHash.Mix(busy));
        }
        var busiest = demand.Take().OrderByDescending(one => one.Count).Take(3).Select(one => one.Key).ToHashSet();
        Assert.Equal(new[] { 1, 2, 3 }.Select(busy => KeyHash.Mix((ulong)busy)).ToHashSet(), busiest);
        Assert.Empty(demand.Take());
    }

    [Fact]
    public void What_is_told_is_little_and_steady()
    {
        var limiter = new RateLimiter(Spec, 1024);
        var shared = new SharedRates();
        var told = new HashSet<EquatableArray<RateUse>>();
        for (var i = 0; i < 20_000; i++)
        {
            var now = Routed.Start + TimeSpan.FromMilliseconds(i);
            limiter.Take((ulong)(i % 100) + 1, now);
            var said = shared.Look([limiter], [], now);
            if (i < 10_000) continue;
            Assert.Equal(SharedRates.MostTold, said.Count);
            told.Add(said);
        }
        Assert.InRange(told.Count, 1, 3);
    }

    private sealed class Cluster
    {
        private const ulong Client = 0xABCDEF;
        private readonly (RateLimiter Limiter, SharedRates Rates)[] _gateways;
        private readonly EquatableArray<RateUse>[] _told;
        private readonly Queue<(int At, int From, EquatableArray<RateUse> Told)> _sent = [];
        private int _millisecond;

        public Cluster(int gateways)
        {
            _gateways = [.. Enumerable.Range(0, gateways)
                .Select(_ => (new RateLimiter(Spec, 1024, 5), new SharedRates()))];
            _told = [.. Enumerable.Repeat(EquatableArray.Create<RateUse>([]), gateways)];
        }

        /// <summary>Passed in a second, over all of them.</summary>
        /// <param name="demand">Requests a second at each.</param>
        public double Run(double[] demand, int seconds, int from)
        {
            var (due, passed) = (new double[demand.Length], 0);
            for (var i = 0; i < seconds * 1000; i++, _millisecond++)
            {
                var now = Routed.Start + TimeSpan.FromMilliseconds(_millisecond);
                while (_sent.TryPeek(out var sent) && sent.At <= _millisecond) _told[sent.From] = _sent.Dequeue().Told;
                for (var g = 0; g < demand.Length; g++)
                {
                    for (due[g] += demand[g] / 1000; due[g] >= 1; due[g]--)
                        if (_gateways[g].Limiter.Take(Client, now).Allowed && i >= from * 1000) passed++;
                    if (_millisecond % 100 != 0) continue;
                    var others = _told.Where((_, other) => other != g).SelectMany(t => t).ToEquatableArray();
                    var (limiter, rates) = _gateways[g];
                    _sent.Enqueue((_millisecond + 500, g, rates.Look([limiter], others, now)));
                }
            }
            return passed / (double)(seconds - from);
        }
    }
}
