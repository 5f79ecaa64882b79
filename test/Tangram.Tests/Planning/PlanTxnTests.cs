using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Planning;

/// <summary>Plans against a real store engine: what rests on something that has changed has no effect.</summary>
public sealed class PlanTxnTests
{
    private readonly StoreEngine _store;
    private readonly long _term;

    public PlanTxnTests() : this(Moving.Settled(3).Asked(1, new Scale(Moving.Order, 2))) { }

    private PlanTxnTests(Documents documents)
    {
        _store = documents.Gateway("g", 1_000_000).Store();
        _term = Put(Keys.Term, new Term("server", "one"));
    }

    private ClusterState State => ClusterState.From(_store.Range(""));

    private long Put<T>(string key, T document) =>
        _store.Apply(new Txn { Then = [new StoreOp.Put(key, Json.Write(document))] }).Answer.Revision;

    private void Delete(string key) => _store.Apply(new Txn { Then = [new StoreOp.Delete(key)] });

    private static IReadOnlyList<Step> Steps(ClusterState state)
    {
        var steps = PlanTxn.FirstPart(state, Planner.Diff(state, PlanningFacts.None).Steps);
        Assert.NotEmpty(steps);
        return steps;
    }

    private bool Succeeds(ClusterState state, IReadOnlyList<Step> steps, long term)
    {
        var (before, answer) = (_store.State.Revision, _store.Apply(PlanTxn.Of(state, steps, term)).Answer);
        Assert.Equal(StoreStatus.Ok, answer.Status);
        Assert.Equal(answer.Succeeded, _store.State.Revision > before);
        return answer.Succeeded;
    }

    private bool Succeeds() => Succeeds(State, Steps(State), _term);

    [Fact]
    public void What_was_planned_from_the_state_as_it_is_takes_effect()
    {
        Assert.True(Succeeds());
        Assert.Single(State.Nodes.Values.SelectMany(n => n.Assignments), a => a.Intent == Intent.Drain);
    }

    [Fact]
    public void A_plan_of_an_older_term_has_no_effect()
    {
        var (state, steps) = (State, Steps(State));
        Delete(Keys.Term);
        Put(Keys.Term, new Term("server", "two"));
        Assert.False(Succeeds(state, steps, _term));
    }

    [Fact]
    public void A_leader_that_knows_of_the_next_term_but_planned_in_the_old_one_has_no_effect()
    {
        Delete(Keys.Term);
        Put(Keys.Term, new Term("server", "two"));
        Assert.False(Succeeds(State, Steps(State), _term));
    }

    [Fact]
    public void A_plan_for_what_is_no_longer_asked_has_no_effect()
    {
        var (state, steps) = (State, Steps(State));
        Put(Keys.Asked, new Asked { Revision = 1 });
        Assert.False(Succeeds(state, steps, _term));
    }

    [Fact]
    public void A_plan_from_before_the_rollout_went_on_has_no_effect()
    {
        var (state, steps) = (State, Steps(State));
        Put(Keys.Rollout, State.Rollout!.Value with { Stage = RolloutStage.RollingBack });
        Assert.False(Succeeds(state, steps, _term));
    }

    [Theory]
    [InlineData("a-1")]
    [InlineData("b-1")]
    [InlineData("c-1")]
    public void A_drain_has_no_effect_when_one_that_should_serve_on_has_changed(string node)
    {
        var (state, steps) = (State, Steps(State));
        Put(Keys.Seen(NodeName.Of(node)), State.Nodes[NodeName.Of(node)].Seen!.Value with { Replicas = [] });
        Assert.False(Succeeds(state, steps, _term));
    }

    [Fact]
    public void A_drain_has_no_effect_when_the_lease_of_one_that_should_serve_on_has_ended()
    {
        var (state, steps) = (State, Steps(State));
        Delete(Keys.Seen(NodeName.Of("a-1")));
        Assert.False(Succeeds(state, steps, _term));
    }

    [Fact]
    public void The_same_plan_takes_effect_only_once()
    {
        var (state, steps) = (State, Steps(State));
        Assert.True(Succeeds(state, steps, _term));
        Assert.False(Succeeds(state, steps, _term));
    }

    [Fact]
    public void A_start_on_a_node_that_died_meanwhile_has_no_effect()
    {
        Put(Keys.Asked, new Asked { Revision = 1, Scale = [new Scale(Moving.Order, 4)] });
        var (state, steps) = (State, Steps(State));
        var start = Assert.IsType<Step.Start>(Assert.Single(steps));
        Put(Keys.Dead(start.Node), new Dead(ZoneName.Of("a"), 1, "it was silent"));
        Assert.False(Succeeds(state, steps, _term));
    }

    [Fact]
    public void A_node_that_was_heard_of_meanwhile_is_not_declared_dead()
    {
        var (state, node) = (State, NodeName.Of("a-1"));
        var steps = new[] { new Step.DeclareDead(node, new Dead(ZoneName.Of("a"), 1, "silent"), "silent") };
        Put(Keys.Seen(node), State.Nodes[node].Seen!.Value with { Incarnation = 2 });
        Assert.False(Succeeds(state, steps, _term));
        Assert.True(Succeeds(State, steps, _term));
        Assert.Equal("silent", State.Nodes[node].Dead!.Value.Because);
    }

    [Fact]
    public void A_welcome_from_before_a_second_death_has_no_effect()
    {
        var node = NodeName.Of("a-1");
        Put(Keys.Dead(node), new Dead(ZoneName.Of("a"), 1, "first"));
        var state = State;
        Put(Keys.Dead(node), new Dead(ZoneName.Of("a"), 1, "second"));
        Assert.False(Succeeds(state, [new Step.Welcome(node, "heard")], _term));
    }

    [Fact]
    public void A_name_is_never_given_twice_even_when_nothing_remembers_its_replica()
    {
        var used = new HashSet<string>();
        for (var round = 0; round < 5; round++)
        {
            Put(Keys.Asked, new Asked { Revision = 1, Scale = [new Scale(Moving.Order, 4)] });
            var steps = Steps(State);
            Assert.All(steps.OfType<Step.Start>(), s => Assert.True(used.Add(s.Replica.Value), $"{s.Replica} again"));
            Assert.True(Succeeds(State, steps, _term));
            foreach (var node in State.Nodes.Keys.ToArray()) Delete(Keys.Assigned(node));
        }
        Assert.Equal(1 + 4 * 4, used.Count);
    }

    [Fact]
    public void The_last_replica_of_a_node_takes_the_key_with_it()
    {
        var node = NodeName.Of("c-1");
        var steps = new[] { new Step.Forget(node, ReplicaName.Of("order-3"), "it has stopped") };
        Assert.True(Succeeds(State, steps, _term));
        Assert.Null(State.Nodes[node].Assigned);
    }
}
