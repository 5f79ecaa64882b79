using Tangram.Model;
using Tangram.Proving.Traffic;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>The experiment by which Linkerd introduced peak EWMA ("Beyond Round Robin", 2016).</summary>
public sealed class PeakEwmaTests
{
    private static readonly Instant Now = Routed.Start;

    [Theory]
    [InlineData(BalancePolicy.RoundRobin, 0.945, 0.965)]
    [InlineData(BalancePolicy.LeastRequests, 0.985, 0.995)]
    [InlineData(BalancePolicy.PeakEwma, 0.999, 1)]
    public void One_of_eleven_backends_is_slow_for_half_a_minute(BalancePolicy policy, double least, double most) =>
        Assert.InRange(TrafficRun.Of(AnchorScenarios.SlowBackend(policy)).Success, least, most);

    [Fact]
    public void So_it_is_when_the_clients_give_up_by_themselves() =>
        Assert.InRange(TrafficRun.Of(AnchorScenarios.SlowBackend(BalancePolicy.PeakEwma) with
        {
            GivenUp = AttemptOutcome.ClientFault,
        }).Success, 0.998, 1);

    [Fact]
    public void A_peak_is_taken_over_at_once_and_forgotten_slowly()
    {
        var counters = new BackendCounters();
        Answer(counters, 0.1, 0);
        Answer(counters, 2, 1);
        Assert.Equal(2, counters.Cost(At(1)), 0.01);
        for (var i = 0; i < 100; i++) Answer(counters, 0.1, 1 + i * 0.1);
        Assert.InRange(counters.Cost(At(11)), 0.6, 1);
        Assert.InRange(counters.MeanLatency, 0.1, 0.3);
    }

    [Fact]
    public void What_is_in_flight_multiplies_it()
    {
        var counters = new BackendCounters();
        Answer(counters, 0.1, 0);
        for (var i = 0; i < 4; i++) counters.Enter();
        Assert.Equal(0.5, counters.Cost(At(0)), 0.001);
    }

    [Fact]
    public void A_failure_at_once_is_no_fast_answer()
    {
        var (healthy, failing) = (new BackendCounters(), new BackendCounters());
        for (var i = 0; i < 20; i++)
        {
            Answer(healthy, 0.1, i * 0.01);
            Answer(failing, 0.1, i * 0.01);
        }
        failing.Learn(new Attempt(AttemptOutcome.ServerError, 500, TimeSpan.FromMilliseconds(1)), At(1));
        Assert.True(failing.Cost(At(1)) > 1.5 * healthy.Cost(At(1)));
        for (var i = 0; i < 100; i++)
            failing.Learn(new Attempt(AttemptOutcome.Answered, 429, TimeSpan.FromMilliseconds(1)), At(1));
        Assert.Equal(Latency.MostPenalty, failing.Cost(At(1)), 0.01);
    }

    [Fact]
    public void A_backend_of_which_nothing_is_known_gets_one_request_and_then_waits()
    {
        var (known, fresh) = (new BackendCounters(), new BackendCounters());
        Answer(known, 0.1, 0);
        for (var i = 0; i < 1000; i++) known.Enter();
        Assert.Equal(0, fresh.Cost(At(0)));
        fresh.Enter();
        Assert.True(fresh.Cost(At(0)) > known.Cost(At(0)));
    }

    private static Instant At(double seconds) => Now + TimeSpan.FromSeconds(seconds);

    private static void Answer(BackendCounters counters, double took, double at) =>
        counters.Learn(new Attempt(AttemptOutcome.Answered, 200, TimeSpan.FromSeconds(took)), At(at));
}
