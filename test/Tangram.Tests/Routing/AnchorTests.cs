using Tangram.Model;
using Tangram.Proving.Traffic;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

/// <summary>Published results that are to be reproduced.</summary>
public sealed class AnchorTests
{
    [Fact]
    public void Retries_of_a_service_that_fails_as_a_whole_add_a_fifth_and_no_more()
    {
        Assert.InRange(TrafficRun.Of(AnchorScenarios.RetryStorm(budgeted: true)).Amplification, 1.1, 1.2);
        Assert.InRange(TrafficRun.Of(AnchorScenarios.RetryStorm(budgeted: false)).Amplification, 3.9, 4);
    }

    [Fact]
    public void The_better_of_two_leaves_no_backend_far_above_the_mean()
    {
        var (random, better) = (MostLoaded.Random(10_000, seed: 1), MostLoaded.OfTwo(10_000, seed: 1));
        Assert.InRange(random, 6, 9);
        Assert.InRange(better, 3, 4);
    }

    [Theory]
    [InlineData(BalancePolicy.PeakEwma, false, 0.98)]
    [InlineData(BalancePolicy.PeakEwma, true, 0.99)]
    [InlineData(BalancePolicy.LeastRequests, true, 0.99)]
    [InlineData(BalancePolicy.RoundRobin, true, 0.99)]
    public void A_backend_that_fails_at_once_attracts_nothing(BalancePolicy policy, bool ejects, double least) =>
        Assert.InRange(TrafficRun.Of(AnchorScenarios.FailsAtOnce(policy, ejects)).Success, least, 1);

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        var scenario = AnchorScenarios.SlowBackend(BalancePolicy.PeakEwma) with { Duration = TimeSpan.FromSeconds(20) };
        Assert.Equal(TrafficRun.Of(scenario), TrafficRun.Of(scenario));
    }
}
