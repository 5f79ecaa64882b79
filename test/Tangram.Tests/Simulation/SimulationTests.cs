using Tangram.Proving.Simulation;

namespace Tangram.Tests.Simulation;

/// <summary>Whole clusters in virtual time. A failure prints its seed; <c>./tangram simulate --seed N</c> repeats
/// it.</summary>
[Collection(nameof(AllCores))]
public sealed class SimulationTests
{
    private const int Seeds = 500;

    [Fact]
    public void Every_seed_keeps_the_invariants_and_converges()
    {
        var results = new SimulationResult[Seeds];
        Parallel.For(0, Seeds, i => results[i] = Simulator.Run((ulong)i + 1));
        var broken =
            results.Where(r => !r.Held).Select(r => $"./tangram simulate --seed {r.Seed}: {r.Violations[0]}").ToArray();
        Assert.True(broken.Length == 0, string.Join('\n', broken));
        Assert.True(results.Sum(r => r.Moves) > Seeds, "the simulated people deployed too little to prove anything");
        Assert.True(results.Sum(r => r.JobRuns) > Seeds * 10, "too few jobs ran to prove anything");
        Assert.True(results.Sum(r => r.Faults) > Seeds * 20, "too few faults happened to prove anything");
    }

    [Fact]
    public void One_seed_gives_one_history() =>
        Assert.Equal(Simulator.Run(7).Trace, Simulator.Run(7).Trace);

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_broken_variant_is_noticed(string name, ulong seed)
    {
        // Their seeds were found without jobs, and those of jobs with them.
        var options = BrokenVariants.All.Where(v => v.Name == name).Select(v => v.Options with { Jobs = false })
            .Concat(BrokenVariants.OfJobs.Where(v => v.Name == name).Select(v => v.Options)).Single();
        Assert.False(Simulator.Run(seed, options).Held, $"seed {seed} no longer shows that {name}");
    }

    public static TheoryData<string, ulong> Variants()
    {
        var data = new TheoryData<string, ulong>();
        foreach (var (name, seed, _) in BrokenVariants.All.Concat(BrokenVariants.OfJobs)) data.Add(name, seed);
        return data;
    }
}

/// <summary>Uses every core, so it runs when nothing that measures time does.</summary>
[CollectionDefinition(nameof(AllCores), DisableParallelization = true)]
public sealed class AllCores;
