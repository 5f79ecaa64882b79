using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving.Simulation;

namespace Tangram.Tests.Simulation;

/// <summary>A lost zone in clusters that are large for a test and small beside the ones that
/// <c>bench/Tangram.Bench -- scale</c> measures.</summary>
[Collection(nameof(AllCores))]
public sealed class ZoneLossTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_lost_zone_is_noticed_within_3_seconds_replaced_and_taken_back(ulong seed)
    {
        var result = ZoneLoss.Run(new ZoneLossOptions { Seed = seed, Nodes = 50 });
        Assert.Empty(result.Violations);
        Assert.Equal(17, result.Lost);
        Assert.Equal(0, result.FalselyDead);
        Assert.True(result.Detected <= TimeSpan.FromSeconds(3), $"detected after {result.Detected}");
        // Two seconds more, and up to two that a simulated process takes to be ready.
        Assert.True(result.Whole <= result.Detected + TimeSpan.FromSeconds(4), $"whole after {result.Whole}");
        Assert.NotNull(result.Returned);
        Assert.Empty(result.Said);
    }

    [Fact]
    public void What_a_node_says_does_not_grow_with_the_cluster_and_a_settled_one_writes_nothing()
    {
        foreach (var nodes in new[] { 30, 120 })
        {
            var (beats, commits, steady) = (0, 0, false);
            ZoneLoss.Run(new ZoneLossOptions { Nodes = nodes, Hooks = new SimulatorOptions { OnEffect = Count } },
                phase => steady = phase == ZoneLossPhase.Steady);
            // Twice a second to three neighbours and to all servers, for the ten seconds of calm.
            Assert.InRange(beats, nodes * 79, nodes * 81);
            Assert.Equal(0, commits);

            Effect? Count(string who, Effect effect)
            {
                if (steady && effect is Effect.Send) beats++;
                if (steady && effect is Effect.Commit) commits++;
                return effect;
            }
        }
    }

    [Fact]
    public void What_two_zones_cannot_carry_is_said_and_no_node_is_given_more_than_it_offers()
    {
        var most = 0;
        var result = ZoneLoss.Run(new ZoneLossOptions
        {
            Nodes = 30, CoresPerNode = 25, Patience = TimeSpan.FromSeconds(15),
            Hooks = new SimulatorOptions
            {
                OnEffect = (_, effect) =>
                {
                    foreach (var put in (effect as Effect.Commit)?.Txn.Then.OfType<StoreOp.Put>() ?? [])
                        if (put.Key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal))
                            most = Math.Max(most, Json.Read<Assigned>(put.Value).Replicas.Count(
                                a => a.Intent == Intent.Run));
                    return effect;
                },
            },
        });
        Assert.Empty(result.Violations);
        Assert.True(result.Detected <= TimeSpan.FromSeconds(3), "gateways must leave the dead all the same");
        Assert.Equal(25, most);
        Assert.Equal(20 * 25, result.Ready);
        Assert.Null(result.Whole);
        Assert.Collection(result.Said,
            said => Assert.StartsWith("the living nodes cannot carry everything: 100 replicas", said),
            said => Assert.Equal("every replica has room again", said));
    }
}
