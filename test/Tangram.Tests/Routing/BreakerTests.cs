using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class BreakerTests
{
    private readonly RoutedService _service = Routed.Service(4);

    private BackendCounters First => _service.Backends[0].Counters;

    [Fact]
    public void Half_of_twenty_requests_open_it_and_nineteen_do_not()
    {
        Mixed(_service.Backends[0], 19, 0);
        Assert.False(First.Ejected);
        Report(_service.Backends[0], 500, 0);
        Assert.InRange(First.EjectedFor(At(0))!.Value.TotalSeconds, 5, 5 * 1.25);
        var state = BackendState.Of(_service, _service.Backends[0], At(0));
        Assert.Equal(BreakerState.Open, state.Breaker);
        Assert.Equal("its breaker opened: 11 of 20 requests failed", state.Because);
    }

    [Fact]
    public void What_failed_before_the_window_does_not_count()
    {
        for (var second = 0; second < 60; second++) Report(_service.Backends[0], second % 2 == 0 ? 500 : 200, second);
        Assert.False(First.Ejected);
    }

    [Fact]
    public void Off_means_off()
    {
        var service = Routed.Service(4, traffic: new TrafficSpec { Breaker = new BreakerSpec { Off = true } });
        Mixed(service.Backends[0], 100, 0, service);
        Assert.False(service.Backends[0].Counters.Ejected);
    }

    [Fact]
    public void Answers_that_were_under_way_do_not_close_it_but_a_trial_does_and_then_it_starts_slowly()
    {
        Mixed(_service.Backends[0], 20, 0);
        Report(_service.Backends[0], 200, 1);
        Assert.True(First.Ejected);
        Assert.False(First.TryTrial(At(4.9)));
        Assert.True(First.TryTrial(At(6.3)));
        Assert.False(First.TryTrial(At(6.3)));
        Assert.Equal(BreakerState.HalfOpen, BackendState.Of(_service, _service.Backends[0], At(6.3)).Breaker);
        Report(_service.Backends[0], 200, 6.4);
        Assert.False(First.Ejected);
        Assert.Equal(SlowStart.Least, First.Share, 0.001);
        // What it failed before is forgotten.
        Report(_service.Backends[0], 500, 6.5);
        Assert.False(First.Ejected);
    }

    [Fact]
    public void A_trial_that_fails_and_a_relapse_double_its_time()
    {
        Mixed(_service.Backends[0], 20, 0);
        Assert.True(First.TryTrial(At(7)));
        Report(_service.Backends[0], 500, 7);
        Assert.InRange(First.EjectedFor(At(7))!.Value.TotalSeconds, 10, 12.5);
        Assert.True(First.TryTrial(At(20)));
        Report(_service.Backends[0], 200, 20);
        Mixed(_service.Backends[0], 20, 25);
        Assert.InRange(First.EjectedFor(At(25))!.Value.TotalSeconds, 20, 25);
        Assert.Equal("its breaker opened: 10 of 20 requests failed",
            BackendState.Of(_service, _service.Backends[0], At(25)).Because);
    }

    [Fact]
    public void One_backend_does_not_open_the_breaker_of_its_service()
    {
        for (var i = 0; i < 500; i++) Report(_service.Backends[0], 503, i * 0.01);
        Assert.Equal(BreakerState.Closed, _service.Counters.Breaker.State(At(5)));
        var alone = Routed.Service(1);
        for (var i = 0; i < 500; i++) Report(alone.Backends[0], 503, i * 0.01, alone);
        Assert.Equal(BreakerState.Closed, alone.Counters.Breaker.State(At(5)));
    }

    [Fact]
    public void Errors_of_a_program_or_ends_of_processes_do_not_open_it()
    {
        foreach (var backend in _service.Backends)
            for (var i = 0; i < 100; i++)
            {
                Report(backend, 500, 0);
                Ejection.Report(_service, backend, new Attempt(AttemptOutcome.NoAnswer), At(0));
                Ejection.Report(_service, backend, new Attempt(AttemptOutcome.NeverSent), At(0));
            }
        Assert.Null(_service.Counters.Breaker.Refuses(_service, 1, At(0)));
    }

    [Fact]
    public void When_no_backend_is_well_requests_are_refused_until_single_trials_and_a_slow_start()
    {
        Break(_service);
        var breaker = _service.Counters.Breaker;
        Assert.InRange(breaker.Refuses(_service, 1, At(1))!.Value.TotalSeconds, 3.9, 6);
        var admitted = Enumerable.Range(0, 1000).Count(i => breaker.Refuses(_service, Chance(i), At(7)) is null);
        Assert.Equal(1, admitted);
        Report(_service.Backends[0], 200, 7.1);
        Assert.Equal(BreakerState.Closed, breaker.State(At(7.1)));
        Assert.InRange(Admitted(7.2), 50, 150);
        Assert.InRange(Admitted(9.6), 430, 570);
        Assert.Equal(1000, Admitted(12.2));

        int Admitted(double at) =>
            Enumerable.Range(0, 1000).Count(i => breaker.Refuses(_service, Chance(i), At(at)) is null);
    }

    [Fact]
    public void A_replacement_that_is_fresh_is_asked_at_once()
    {
        Break(_service);
        var replaced = _service with
        {
            Backends = _service.Backends.SetItem(0, _service.Backends[0] with { Counters = new BackendCounters() }),
        };
        Assert.NotNull(_service.Counters.Breaker.Refuses(_service, 1, At(1)));
        Assert.Null(replaced.Counters.Breaker.Refuses(replaced, 1, At(1)));
    }

    [Fact]
    public void Two_gateways_come_back_at_different_times_and_with_one_request_each()
    {
        var other = Routed.Service(4);
        Break(_service);
        Break(other, seed: 99);
        var (mine, theirs) = (_service.Counters.Breaker, other.Counters.Breaker);
        Assert.NotEqual(mine.Refuses(_service, 1, At(1)), theirs.Refuses(other, 1, At(1)));
        var admitted = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var at = At(5 + i * 0.00015);
            if (mine.Refuses(_service, Chance(i), at) is null) admitted++;
            if (theirs.Refuses(other, Chance(i), at) is null) admitted++;
        }
        // A trial that has not come back makes room for another after a second.
        Assert.InRange(admitted, 2, 4);
    }

    /// <summary>All backends answer 503.</summary>
    private static void Break(RoutedService service, int seed = 1)
    {
        for (var i = 0; i < 25; i++)
            foreach (var backend in service.Backends)
                Ejection.Report(service, backend,
                    new Attempt(AttemptOutcome.ServerError, 503, null, Chance(seed * 1000 + i)), At(0));
        Assert.Equal(BreakerState.Open, service.Counters.Breaker.State(At(0)));
    }

    private static ulong Chance(int i) => KeyHash.Mix((ulong)i);

    /// <summary>Every second request fails, and the last does.</summary>
    private void Mixed(Backend backend, int count, double at, RoutedService? service = null)
    {
        for (var i = 0; i < count; i++) Report(backend, (count - i) % 2 == 1 ? 500 : 200, at, service);
    }

    private void Report(Backend backend, int status, double at, RoutedService? service = null) =>
        Ejection.Report(service ?? _service, backend, new Attempt(
            status >= 500 ? AttemptOutcome.ServerError : AttemptOutcome.Answered, status, null, 12345), At(at));

    private static Instant At(double seconds) => Routed.Start + TimeSpan.FromSeconds(seconds);
}
