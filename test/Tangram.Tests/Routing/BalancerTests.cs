using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class BalancerTests
{
    private static readonly Instant Now = Routed.Start;
    private readonly Rng _rng = new(42);

    private Backend? Pick(RoutedService service, Tried tried = default, Instant? now = null) =>
        Balancer.Pick(service, in tried, _rng.NextUInt64(), now ?? Now);

    private Dictionary<int, int> Count(RoutedService service, int picks) => Enumerable.Range(0, picks)
        .Select(_ => Pick(service)!).GroupBy(b => b.Port - 5000).ToDictionary(g => g.Key, g => g.Count());

    [Fact]
    public void Round_robin_gives_each_backend_the_same_even_when_one_is_ejected()
    {
        var service = Routed.Service(5, BalancePolicy.RoundRobin);
        service.Backends[2].Counters.Eject(Now);
        Assert.All(Count(service, 400).Values, picks => Assert.Equal(100, picks));
    }

    [Fact]
    public void Least_requests_spreads_evenly_when_nothing_is_in_flight_and_one_is_ejected()
    {
        var service = Routed.Service(6);
        service.Backends[0].Counters.Eject(Now);
        var counts = Count(service, 10_000);
        Assert.Equal(5, counts.Count);
        Assert.All(counts.Values, picks => Assert.InRange(picks, 1800, 2200));
    }

    [Fact]
    public void Least_requests_passes_over_the_most_loaded()
    {
        var service = Routed.Service(3);
        for (var i = 0; i < 10; i++) service.Backends[1].Counters.Enter();
        Assert.DoesNotContain(2, Count(service, 500).Keys);
    }

    [Fact]
    public void What_was_tried_is_not_picked_again()
    {
        foreach (var balance in Enum.GetValues<BalancePolicy>())
        {
            var service = Routed.Service(4, balance);
            var tried = new Tried();
            for (var i = 0; i < 4; i++)
            {
                var picked = Pick(service, tried)!;
                Assert.False(tried.Contains(picked));
                tried.Add(picked);
            }
            Assert.Null(Pick(service, tried));
        }
    }

    [Fact]
    public void When_all_are_ejected_all_are_used()
    {
        var service = Routed.Service(3);
        foreach (var backend in service.Backends) backend.Counters.Eject(Now);
        Assert.Equal(3, Count(service, 200).Count);
    }

    [Fact]
    public void First_takes_the_first_that_is_well()
    {
        var service = Routed.Service(3, BalancePolicy.First);
        Assert.Equal([1], Count(service, 20).Keys);
        service.Backends[0].Counters.Eject(Now);
        Assert.Equal([2], Count(service, 20).Keys);
    }

    [Theory]
    [InlineData(BalancePolicy.RoundRobin)]
    [InlineData(BalancePolicy.LeastRequests)]
    [InlineData(BalancePolicy.PeakEwma)]
    public void Each_gets_what_its_share_says(BalancePolicy policy)
    {
        var service = Routed.Service(5, policy);
        service.Backends[1].Counters.SetShare(0.5);
        service.Backends[2].Counters.SetShare(0.1);
        var counts = Count(service, 36_000);
        // Without anything in flight the better of two is the first drawn.
        Assert.Equal(0.5, counts[2] / (double)counts[1], 0.06);
        Assert.Equal(0.1, counts[3] / (double)counts[1], 0.04);
    }

    [Fact]
    public void Of_two_the_one_with_a_small_share_gets_little_however_fast_it_seems()
    {
        var service = Routed.Service(2, BalancePolicy.PeakEwma);
        service.Backends[1].Counters.SetShare(0.1);
        service.Backends[0].Counters.Learn(new Attempt(AttemptOutcome.Answered, 200, TimeSpan.FromSeconds(1)), Now);
        Assert.InRange(Count(service, 10_000)[2], 1000, 2200);
    }

    [Fact]
    public void Turns_lie_evenly_apart()
    {
        var service = Routed.Service(3, BalancePolicy.RoundRobin);
        service.Backends[1].Counters.SetShare(0.2);
        service.Backends[2].Counters.SetShare(0.2);
        var picks = Enumerable.Range(0, 700).Select(_ => Pick(service)!.Port - 5000).ToArray();
        Assert.Equal((500, 100, 100), (picks.Count(p => p == 1), picks.Count(p => p == 2), picks.Count(p => p == 3)));
        foreach (var rare in new[] { 2, 3 })
        {
            var at = Enumerable.Range(0, 700).Where(i => picks[i] == rare).ToArray();
            Assert.All(at.Zip(at.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 5, 9));
        }
    }

    [Fact]
    public void After_an_ejection_one_request_at_a_time_tries_it()
    {
        var service = Routed.Service(2);
        var left = service.Backends[0];
        left.Counters.Eject(Now);
        var later = Now + BackendCounters.FirstEjection;
        var picks = Enumerable.Range(0, 100).Count(_ => Pick(service, now: later) == left);
        Assert.Equal(1, picks);
    }

    [Fact]
    public void It_allocates_nothing()
    {
        foreach (var balance in Enum.GetValues<BalancePolicy>())
        {
            var service = Routed.Service(6, balance);
            var tried = new Tried();
            tried.Add(service.Backends[0]);
            service.Backends[1].Counters.Eject(Now);
            // The runtime itself allocates a little in the first rounds, while it compiles.
            var rounds = new long[5];
            for (var round = 0; round < rounds.Length; round++) rounds[round] = AllocatedByPicks(service, in tried);
            Assert.Contains(0L, rounds);
        }
    }

    private static long AllocatedByPicks(RoutedService service, ref readonly Tried tried)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
            Balancer.Pick(service, in tried, (ulong)i, Now, new Affinity((ulong)i * 77, default));
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
