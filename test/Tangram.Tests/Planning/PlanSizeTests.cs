using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>Plans that no single transaction could hold.</summary>
public sealed class PlanSizeTests
{
    /// <summary>Carries plan after plan out, each from the state after the one before, until there is none.</summary>
    private static int Settle(StoreEngine store)
    {
        var term = store.Apply(new Txn { Then = [new StoreOp.Put(Keys.Term, Json.Write(new Term("s", "i")))] }).Answer;
        for (var parts = 0; ; parts++)
        {
            Assert.True(parts < 500, "it does not come to an end");
            var state = ClusterState.From(store.Range(""));
            var plan = Planner.Diff(state, PlanningFacts.None);
            if (plan.Steps.Count == 0) return parts;
            var txn = PlanTxn.Of(state, PlanTxn.FirstPart(state, plan.Steps), term.Revision);
            Assert.Null(TxnRules.Broken(txn));
            Assert.True(store.Apply(txn).Answer.Succeeded);
        }
    }

    private static Documents Cluster(ClusterSpec spec, int nodes, Func<int, string[]> replicas)
    {
        var documents = new Documents().Revision(1, spec).Asked(1).Rollout(1, 1, RolloutStage.Done);
        for (var n = 1; n <= nodes; n++) documents.Node($"{"abc"[n % 3]}-{n}", 1, replicas(n));
        return documents;
    }

    [Fact]
    public void Starts_on_many_nodes_go_out_in_parts_that_a_store_accepts()
    {
        var store = Cluster(Documents.Spec(("order", 400), ("web", 400)), 200, _ => []).Store();
        Assert.InRange(Settle(store), 200 / PlanTxn.MostNodes, 800 / PlanTxn.MostNodes);
        var state = ClusterState.From(store.Range(""));
        Assert.Equal(800, state.Nodes.Values.Sum(n => n.Assignments.Count));
    }

    [Fact]
    public void Drains_that_rest_on_many_nodes_fit_too()
    {
        var store = Cluster(Documents.Spec(("order", 0)), 150, n => [$"order-{n}"]).Store();
        Assert.Equal(2 * 150 / PlanTxn.MostNodes, Settle(store));
    }

    [Fact]
    public void Declaring_as_many_nodes_dead_as_one_turn_does_fits()
    {
        var store = Cluster(Documents.Spec(("order", 0)), PlanTxn.MostNodes, _ => []).Store();
        var state = ClusterState.From(store.Range(""));
        var steps = state.Nodes.Values.Select(n => new Step.DeclareDead(n.Name, new Dead(n.Zone!.Value, 1, "x"), "x"));
        Assert.Null(TxnRules.Broken(PlanTxn.Of(state, [.. steps], 1)));
    }

    [Fact]
    public void Nodes_with_hundreds_of_replicas_do_not_make_a_part_too_large_for_the_store()
    {
        var service = new string('s', 50);
        var state = Cluster(Documents.Spec((service, 0)), PlanTxn.MostNodes,
            n => [.. Enumerable.Range(1, 500).Select(i => $"{service}-{n * 1000 + i}")]).State;
        var all = (from node in state.Nodes.Values
                   from a in node.Assignments
                   select new Step.Stop(node.Name, a.Replica, "its node is dead and it has been replaced"))
            .ToArray();
        var part = PlanTxn.FirstPart(state, all);
        Assert.NotEmpty(part);
        Assert.Null(TxnRules.Broken(PlanTxn.Of(state, part, 1)));
    }

    [Fact]
    public void A_plan_for_many_nodes_goes_out_in_parts_of_which_none_needs_a_new_plan()
    {
        var store = Cluster(Documents.Spec(("order", 400), ("web", 400)), 200, _ => []).Store();
        var term = store.Apply(new Txn { Then = [new StoreOp.Put(Keys.Term, Json.Write(new Term("s", "i")))] }).Answer;
        var state = ClusterState.From(store.Range(""));
        var parts = PlanTxn.Parts(state, Planner.Diff(state, PlanningFacts.None).Steps);
        Assert.Equal(200 / PlanTxn.MostNodesOfPart, parts.Count);
        var highest = new Dictionary<ServiceName, ReplicaName>();
        foreach (var part in parts)
        {
            var txn = PlanTxn.Of(state, part, term.Revision);
            Assert.Null(TxnRules.Broken(txn));
            var answer = store.Apply(txn).Answer;
            Assert.True(answer.Succeeded);
            state = PlanTxn.After(state, part, answer.Revision);
            foreach (var starts in part.OfType<Step.Start>().GroupBy(s => s.Service))
            {
                if (highest.TryGetValue(starts.Key, out var before))
                    Assert.All(starts, s => Assert.True(s.Replica.CompareTo(before) > 0));
                highest[starts.Key] = starts.Max(s => s.Replica);
            }
        }
        var after = ClusterState.From(store.Range(""));
        Assert.Empty(Planner.Diff(after, PlanningFacts.None).Steps);
        Assert.Equal(800, after.Nodes.Values.SelectMany(n => n.Assignments).Select(a => a.Replica).Distinct().Count());
    }

    [Fact]
    public void A_part_has_no_effect_once_somebody_else_has_written_between()
    {
        var store = Cluster(Documents.Spec(("order", 400)), 200, _ => []).Store();
        var term = store.Apply(new Txn { Then = [new StoreOp.Put(Keys.Term, Json.Write(new Term("s", "i")))] }).Answer;
        var state = ClusterState.From(store.Range(""));
        var parts = PlanTxn.Parts(state, Planner.Diff(state, PlanningFacts.None).Steps);
        var answer = store.Apply(PlanTxn.Of(state, parts[0], term.Revision)).Answer;
        store.Apply(new Txn { Then = [new StoreOp.Put(Keys.Asked, Json.Write(new Asked { Revision = 1 }))] });
        Assert.False(store.Apply(PlanTxn.Of(PlanTxn.After(state, parts[0], answer.Revision), parts[1], term.Revision))
            .Answer.Succeeded);
    }

    [Fact]
    public void Drains_wait_until_everything_else_of_a_large_plan_has_gone_out()
    {
        var state = Cluster(Documents.Spec(("order", 0), ("web", 400)), 150, n => [$"order-{n}"]).State;
        var steps = Planner.Diff(state, PlanningFacts.None).Steps;
        Assert.Contains(steps, s => s is Step.Drain);
        Assert.All(PlanTxn.Parts(state, steps), part => Assert.DoesNotContain(part, s => s is Step.Drain));
    }

    [Fact]
    public void When_there_is_not_room_for_all_a_service_of_which_nothing_is_left_comes_first()
    {
        var one = new Resources { Cpus = 1 };
        var spec = Documents.Spec(("a-spare", 5), ("b-gone", 1)) is var plain
            ? plain with { Services = [.. plain.Services.Select(s => s with
            {
                Deploy = s.Deploy with { Resources = new ResourcesSpec { Reservations = one } },
            })] }
            : throw new InvalidOperationException();
        var documents = new Documents().Revision(1, spec).Asked(1).Rollout(1, 1, RolloutStage.Done)
            .Node("a-1", 1, "a-spare-1", "a-spare-2").Node("b-1", 1, "a-spare-3", "a-spare-4", "b-gone-1").Dead("b-1");
        var seen = documents.State.Nodes[NodeName.Of("a-1")].Seen!.Value;
        documents.Put(Keys.Seen(NodeName.Of("a-1")), seen with { Capacity = new Resources { Cpus = 3 } });
        var plan = Planner.Diff(documents.State, PlanningFacts.None);
        Assert.Equal("b-gone", Assert.Single(plan.Steps.OfType<Step.Start>()).Service.Value);
        Assert.Equal(3, Assert.Single(plan.Waiting).Homeless);
    }
}
