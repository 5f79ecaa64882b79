using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class AppraisalTests
{
    private readonly RoutedService _service = Routed.Service(5);
    private double _at;

    private BackendCounters First => _service.Backends[0].Counters;

    [Theory]
    [InlineData(0, 1, 0.1)]
    [InlineData(0.2, 1, 0.1)]
    [InlineData(2, 1, 0.4)]
    [InlineData(2, 2, 0.632)]
    [InlineData(5, 1, 1)]
    public void Slow_start_is_the_formula(double seconds, double aggression, double factor) => Assert.Equal(factor,
        SlowStart.Factor(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(5), aggression), 0.001);

    [Fact]
    public void One_that_joins_gets_its_share_in_five_seconds()
    {
        First.StartSlowly();
        Assert.Equal(0.1, First.Share, 0.01);
        Look();
        Assert.Equal(0.1, First.Share, 0.01);
        Pass(2);
        Assert.Equal(0.4, First.Share, 0.01);
        Assert.Equal("it is new or back for 2 s", State(0).Because);
        Pass(3);
        Assert.Equal(1, First.Share);
        Assert.Equal("", State(0).Because);
    }

    [Fact]
    public void Where_all_are_new_all_get_everything()
    {
        foreach (var backend in _service.Backends) backend.Counters.StartSlowly();
        Look();
        Assert.All(_service.Backends, b => Assert.Equal(1, b.Counters.Share));
    }

    [Fact]
    public void The_deriver_starts_slowly_only_what_joins_others()
    {
        var alone = Routed.Node("a-1", [Routed.Assign(1)], [Routed.See(1)]);
        var both = Routed.Node("a-1", [Routed.Assign(1), Routed.Assign(2)], [Routed.See(1), Routed.See(2)]);
        var first = RouteDeriver.Derive(Routed.State(Routed.Spec, alone), RouteTable.Empty);
        var second = RouteDeriver.Derive(Routed.State(Routed.Spec, both), first);
        Assert.Equal([1, 0.1],
            second.Find(Routed.Order)!.Backends.Select(b => Math.Round(b.Counters.Share, 3)));
    }

    [Fact]
    public void A_slow_backend_loses_a_tenth_each_second_and_wins_it_back()
    {
        Look();
        for (var second = 0; second < 3; second++) Second(0, slow: 0.4, failing: 0);
        Assert.Equal(0.7, First.Fitness, 0.02);
        Assert.Contains("times the median", State(0).Because);
        for (var second = 0; second < 10; second++) Second(0, slow: 0.4, failing: 0);
        Assert.Equal(1.5 * 0.1 / 0.4, First.Fitness, 0.03);
        Assert.Equal(First.Fitness, First.Share, 0.01);
        for (var second = 0; second < 60; second++) Second(0, slow: 0.1, failing: 0);
        Assert.Equal(1, First.Share);
        Assert.Equal("", State(0).Because);
    }

    [Fact]
    public void However_slow_it_is_a_little_is_always_sent()
    {
        var service = Routed.Service(2);
        for (var second = 0; second < 60; second++)
        {
            for (var i = 0; i < 30; i++)
            {
                Answer(service, 0, 200, 9);
                Answer(service, 1, 200, 0.01);
            }
            Pass(1, service);
        }
        Assert.Equal(0.05, service.Backends[0].Counters.Share, 0.001);
    }

    [Fact]
    public void What_fails_more_than_the_others_is_an_outlier()
    {
        Look();
        for (var second = 0; second < 2; second++) Second(0, slow: 0.1, failing: 0.2);
        Assert.True(First.Ejected);
        Assert.Matches(@"^\d+ of \d+ requests failed, and few at the others$", State(0).Because);
        Assert.Equal(1, _service.Backends.Count(b => b.Counters.Ejected));
    }

    [Fact]
    public void When_all_fail_alike_none_is_an_outlier()
    {
        Look();
        for (var second = 0; second < 5; second++)
        {
            for (var backend = 0; backend < 5; backend++)
                for (var i = 0; i < 50; i++) Answer(_service, backend, i % 5 == 0 ? 500 : 200, 0.1);
            Pass(1);
        }
        Assert.DoesNotContain(_service.Backends, b => b.Counters.Ejected);
        Assert.All(_service.Backends, b => Assert.Equal(1, b.Counters.Share));
    }

    [Fact]
    public void What_is_much_slower_than_the_others_is_an_outlier_and_may_come_back()
    {
        Look();
        Second(0, slow: 2, failing: 0);
        Assert.True(First.Ejected);
        Assert.Equal("its answers take 2000 ms, and the median's 100 ms", State(0).Because);
        _at += 2;
        Assert.True(First.TryTrial(At()));
        Answer(_service, 0, 200, 0.1);
        Pass(1);
        Assert.False(First.Ejected);
    }

    [Fact]
    public void Half_of_the_backends_may_be_outliers_and_no_more()
    {
        var service = Routed.Service(6);
        for (var backend = 0; backend < 6; backend++)
            for (var i = 0; i < 50; i++) Answer(service, backend, backend > 2 && i % 3 == 0 ? 500 : 200, 0.1);
        Pass(1, service);
        Assert.Equal(3, service.Backends.Count(b => b.Counters.Ejected));
        Assert.False(service.Counters.Panic);
    }

    [Fact]
    public void When_fewer_than_half_are_well_all_that_take_connections_are_used()
    {
        for (var i = 0; i < 3; i++)
            _service.Backends[i].Counters.Eject(EjectionCause.ErrorRate, TimeSpan.FromSeconds(9), 0, At());
        _service.Backends[3].Counters.Eject(At());
        Look();
        Assert.True(_service.Counters.Panic);
        var tried = new Tried();
        var picked = Enumerable.Range(0, 500).Select(i =>
            Balancer.Pick(_service, in tried, KeyHash.Mix((ulong)i), At())!.Port - 5000).ToHashSet();
        Assert.Equal([1, 2, 3, 5], picked.Order());
        Assert.EndsWith("it is used all the same, since fewer than half are well", State(0).Because);
    }

    [Fact]
    public void Requests_that_are_judged_allocate_nothing()
    {
        var rounds = new long[5];
        for (var round = 0; round < rounds.Length; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 5000; i++)
            {
                var failed = i % 7 == 0;
                var attempt = new Attempt(failed ? AttemptOutcome.ServerError : AttemptOutcome.Answered,
                    failed ? 503 : 200, TimeSpan.FromMilliseconds(5), (ulong)i);
                Ejection.Report(_service, _service.Backends[i % 5], in attempt, At());
                _service.Counters.Breaker.Refuses(_service, (ulong)i, At());
            }
            rounds[round] = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Contains(0L, rounds);
    }

    private Instant At() => Routed.Start + TimeSpan.FromSeconds(_at);

    private BackendState State(int backend) => BackendState.Of(_service, _service.Backends[backend], At());

    private void Look() => Appraisal.Look(_service, 1, At());

    private void Pass(double seconds, RoutedService? service = null)
    {
        for (var half = 0; half < seconds * 2; half++)
        {
            _at += 0.5;
            Appraisal.Look(service ?? _service, 1, At());
        }
    }

    /// <summary>A second in which every backend answers fifty requests, and one slowly or not.</summary>
    private void Second(int odd, double slow, double failing)
    {
        for (var i = 0; i < 50; i++)
            for (var backend = 0; backend < 5; backend++)
            {
                var fails = backend == odd && failing > 0 && i % (int)(1 / failing) == 0;
                Answer(_service, backend, fails ? 500 : 200, backend == odd ? slow : 0.1);
            }
        Pass(1);
    }

    private void Answer(RoutedService service, int backend, int status, double seconds) =>
        Ejection.Report(service, service.Backends[backend], new Attempt(
            status >= 500 ? AttemptOutcome.ServerError : AttemptOutcome.Answered, status,
            TimeSpan.FromSeconds(seconds), 1), At());
}
