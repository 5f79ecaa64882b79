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
        for (var i = 0; i < 10_000; i++) Balancer.Pick(service, in tried, (ulong)i, Now);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
