namespace Tangram.ClusterTests.Lab;

public sealed class RandomPlanTests
{
    private const int Seeds = 100, Faults = 30;

    [Fact]
    public void The_same_seed_gives_the_same_plan()
    {
        for (var seed = 0; seed < Seeds; seed++)
            Assert.Equal(Words(RandomPlan.Of(seed, Faults)), Words(RandomPlan.Of(seed, Faults)));
        Assert.NotEqual(Words(RandomPlan.Of(1, Faults)), Words(RandomPlan.Of(2, Faults)));
    }

    [Fact]
    public void A_plan_has_as_many_faults_as_asked_for_and_no_machine_is_befallen_twice_at_once() =>
        Assert.All(Enumerable.Range(0, Seeds).Select(seed => RandomPlan.Of(seed, Faults)), plan =>
        {
            Assert.Equal(Faults, plan.Sum(round => round.Strikes.Count));
            Assert.All(plan, round => Assert.Distinct(round.Strikes.SelectMany(strike => strike.Befallen)));
        });

    [Fact]
    public void Every_fault_happens() => Assert.Equal(Enum.GetValues<Fault>(),
        Enumerable.Range(0, Seeds).SelectMany(seed => RandomPlan.Of(seed, Faults)).SelectMany(round => round.Strikes)
            .Select(strike => strike.Fault).Distinct().Order());

    private static string Words(List<RandomRound> plan) => string.Join('\n', plan);
}
