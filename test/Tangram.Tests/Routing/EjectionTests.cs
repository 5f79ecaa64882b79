using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class EjectionTests
{
    private static readonly Instant Now = Routed.Start;

    [Fact]
    public void A_refused_connection_ejects_at_once_and_without_a_cap()
    {
        var service = Routed.Service(3);
        foreach (var backend in service.Backends) Ejection.Report(service, backend, AttemptOutcome.NeverSent, Now);
        Assert.All(service.Backends, b => Assert.Equal(BackendCounters.FirstEjection, b.Counters.EjectedFor(Now)));
        Assert.All(service.Backends, b => Assert.Equal(0, b.Tally.Read().Requests));
    }

    [Fact]
    public void The_fifth_failure_in_a_row_ejects_but_no_more_than_half_of_the_backends()
    {
        var service = Routed.Service(5);
        foreach (var backend in service.Backends)
            for (var i = 0; i < Ejection.FailuresToEject; i++)
            {
                Assert.False(backend.Counters.Ejected);
                Ejection.Report(service, backend, AttemptOutcome.ServerError, Now);
            }
        Assert.Equal(2, service.Backends.Count(b => b.Counters.Ejected));
    }

    [Fact]
    public void An_answer_between_failures_starts_the_count_again()
    {
        var breaker = new BreakerSpec { Off = true };
        var service = Routed.Service(4, traffic: new TrafficSpec { Breaker = breaker });
        for (var i = 0; i < 40; i++)
        {
            var outcome = i % 4 == 3 ? AttemptOutcome.Answered : AttemptOutcome.ServerError;
            Ejection.Report(service, service.Backends[0], outcome, Now);
        }
        Assert.False(service.Backends[0].Counters.Ejected);
        Assert.Equal(new Outcomes(Routed.Order, 1, 40, 30), service.Backends[0].Tally.Read());
    }

    [Fact]
    public void Failed_trials_double_the_time_up_to_ten_seconds_and_an_answer_ends_it()
    {
        var service = Routed.Service(2);
        var counters = service.Backends[0].Counters;
        var now = Now;
        foreach (var seconds in new[] { 1, 2, 4, 8, 10, 10 })
        {
            for (var i = 0; i < 20; i++) Ejection.Report(service, service.Backends[0], AttemptOutcome.NeverSent, now);
            Assert.Equal(TimeSpan.FromSeconds(seconds), counters.EjectedFor(now));
            now += TimeSpan.FromSeconds(seconds);
            Assert.True(counters.TryTrial(now));
        }
        Ejection.Report(service, service.Backends[0], AttemptOutcome.Answered, now);
        Assert.False(counters.Ejected);
        Ejection.Report(service, service.Backends[0], AttemptOutcome.NeverSent, now);
        Assert.Equal(BackendCounters.FirstEjection, counters.EjectedFor(now));
    }

    [Fact]
    public void A_trial_that_never_reports_back_blocks_nothing()
    {
        var counters = Routed.Service(1).Backends[0].Counters;
        counters.Eject(Now);
        var later = Now + BackendCounters.FirstEjection;
        Assert.True(counters.TryTrial(later));
        Assert.False(counters.TryTrial(later));
        Assert.True(counters.TryTrial(later + BackendCounters.TrialTime));
    }

    [Fact]
    public void An_answer_that_was_cut_counts_as_one_failed_request()
    {
        var service = Routed.Service(1);
        Ejection.Report(service, service.Backends[0], AttemptOutcome.Answered, Now);
        Ejection.Report(service, service.Backends[0], AttemptOutcome.Cut, Now);
        Assert.Equal(new Outcomes(Routed.Order, 1, 1, 1), service.Backends[0].Tally.Read());
    }

    [Fact]
    public void The_retry_budget_is_nearly_a_fifth_of_the_other_active_requests_with_a_floor()
    {
        var counters = Routed.Service(1).Counters;
        Assert.Equal(ServiceCounters.LeastRetries, Take(counters));
        for (var i = 0; i < ServiceCounters.LeastRetries; i++) counters.EndRetry();
        for (var i = 0; i < 1000; i++) counters.Enter();
        Assert.Equal(152, Take(counters));

        static int Take(ServiceCounters counters)
        {
            var taken = 0;
            while (counters.TryStartRetry()) taken++;
            return taken;
        }
    }
}
