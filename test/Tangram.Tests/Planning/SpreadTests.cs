using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>Replicas that lie anyhow come to lie as evenly as placement from nothing would lay them, by hardly more
/// moves than the nearest of all even layings is away, which a second implementation finds by looking at every
/// one.</summary>
public sealed class SpreadTests
{
    private const int Seeds = 150;
    private static readonly PlanningFacts Calm = PlanningFacts.None with { Calm = true };

    [Fact]
    public void Every_seed_becomes_even_by_few_moves_never_short_of_a_replica_and_then_rests()
    {
        var more = new List<ulong>();
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            var rng = new Rng(seed);
            var nodes = Enumerable.Range(0, 2 + rng.Next(7)).Select(i => $"{"abc"[rng.Next(3)]}-{i}").ToArray();
            var (count, counts) = (1 + rng.Next(10), nodes.ToDictionary(n => n, _ => 0));
            var home = Enumerable.Range(1, count).ToDictionary(i => i, _ => nodes[rng.Next(nodes.Length)]);
            foreach (var node in home.Values) counts[node]++;
            var documents = new Documents().Revision(1, Moving.Spec(1, count)).Asked(1)
                .Stage(1, 1, RolloutStage.Done, count + 1);
            foreach (var node in nodes)
                documents.Node(node, 1, [.. home.Where(h => h.Value == node).Select(h => $"order-{h.Key}")]);

            var moves = RunToRest(documents, count, rng, seed);

            var after = nodes.Select(n => (Node: n, Count: documents.State.Nodes[NodeName.Of(n)].Assignments.Count))
                .ToDictionary(n => n.Node, n => n.Count);
            Assert.True(Sizes(after).SequenceEqual(Sizes(FromNothing(nodes, count))),
                $"seed {seed}: {string.Join(" ", after)}");
            var fewest = Fewest(counts);
            if (moves > fewest) more.Add(seed);
            Assert.True(moves <= fewest + 1, $"seed {seed}: {moves} moves, {fewest} are enough");
        }
        Assert.True(more.Count <= Seeds / 20, $"seeds {string.Join(", ", more)} take one move more than is needed");
    }

    /// <summary>Does what is planned until nothing is, each start taking its time.</summary>
    private static int RunToRest(Documents documents, int desired, Rng rng, ulong seed)
    {
        var moves = 0;
        for (var turn = 0; turn < 500; turn++)
        {
            documents.Gateway("g");
            var plan = Planner.Diff(documents.State, Calm);
            var starting = documents.State.Nodes.Values.SelectMany(n => n.Seen!.Value.Replicas.Select(r => (n, r)))
                .Where(r => r.r.Phase == Phase.Starting).ToList();
            if (plan.Steps.Count == 0 && starting.Count == 0) return moves;
            moves += plan.Steps.OfType<Step.Start>().Count();
            foreach (var group in plan.Steps.GroupBy(s => s.AssignmentOf!.Value)) Apply(documents, group.Key, group);
            foreach (var (node, replica) in starting)
                if (rng.Next(2) == 0) documents.Looks(node.Name.Value, replica.Replica.Value, Phase.Ready);
            var serving = documents.State.Nodes.Values.Sum(n => n.Assignments.Count(a =>
                a.Intent == Intent.Run && n.Find(a.Replica)?.Phase == Phase.Ready));
            Assert.True(serving >= desired, $"seed {seed}, turn {turn}: {serving} of {desired} serve");
        }
        throw new InvalidOperationException($"seed {seed} does not come to rest");
    }

    private static void Apply(Documents documents, NodeName node, IEnumerable<Step> steps)
    {
        var mine = steps.ToArray();
        var before = documents.State.Nodes[node];
        var assigned = PlanTxn.Apply(before.Assignments, mine);
        documents.Put(Keys.Assigned(node), new Assigned { Replicas = assigned });
        documents.Put(Keys.Seen(node), before.Seen!.Value with
        {
            Replicas = assigned.Select(a => a.Intent == Intent.Stop
                ? new SeenReplica { Replica = a.Replica, Phase = Phase.Stopped }
                : before.Find(a.Replica) ?? new SeenReplica { Replica = a.Replica, Phase = Phase.Starting })
                .ToEquatableArray(),
        });
        var next = documents.State.Rollout!.Value.Serials[0].Next + mine.OfType<Step.Start>().Count();
        documents.Stage(1, 1, RolloutStage.Done, next);
    }

    private static Dictionary<string, int> FromNothing(string[] nodes, int count)
    {
        var fresh = new Documents().Revision(1, Moving.Spec(1, count)).Asked(1).Stage(0, 1, RolloutStage.Rolling);
        foreach (var node in nodes) fresh.Node(node, 1);
        var starts = fresh.Plan().Starts().ToLookup(s => s.Node.Value);
        return nodes.ToDictionary(n => n, n => starts[n].Count());
    }

    /// <summary>How many replicas the zones have, whichever they are, and whether the nodes of each are even.</summary>
    private static IEnumerable<int> Sizes(Dictionary<string, int> counts) => ZoneSums(counts).Order()
        .Append(counts.GroupBy(n => n.Key[0]).Max(z => z.Max(n => n.Value) - z.Min(n => n.Value)) <= 1 ? 1 : 0);

    private static List<int> ZoneSums(Dictionary<string, int> counts) =>
        [.. counts.GroupBy(n => n.Key[0]).Select(zone => zone.Sum(n => n.Value))];

    /// <summary>Of all ways to lay the replicas evenly, the one from which the fewest lie otherwise.</summary>
    private static int Fewest(Dictionary<string, int> before)
    {
        var nodes = before.Keys.ToArray();
        var fewest = int.MaxValue;
        foreach (var lay in Lays(nodes.Length, before.Values.Sum()))
        {
            var counts = nodes.Select((node, i) => (node, lay[i])).ToDictionary(n => n.node, n => n.Item2);
            var sums = ZoneSums(counts);
            if (sums.Max() - sums.Min() > 1 || Sizes(counts).Last() == 0) continue;
            fewest = Math.Min(fewest, nodes.Sum(n => Math.Max(0, before[n] - counts[n])));
        }
        return fewest;
    }

    private static IEnumerable<int[]> Lays(int nodes, int replicas) => nodes == 1
        ? [[replicas]]
        : Enumerable.Range(0, replicas + 1).SelectMany(first =>
            Lays(nodes - 1, replicas - first).Select(rest => (int[])[first, .. rest]));
}
