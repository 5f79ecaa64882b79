using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

public sealed class WhyTests
{
    private static string Explain(Documents documents, string subject, params string[] refusals) =>
        string.Join('\n', Why.Explain(documents.State, subject, refusals) ?? ["nothing has that name"]);

    private static Documents Running() => new Documents()
        .Revision(1, Documents.Spec(1, replicas: 3)).Asked(1).Rollout(1, 1, RolloutStage.Done)
        .Node("a-1", ("order-1", 1, Phase.Ready), ("order-2", 1, Phase.Waiting)).Gateway("g1");

    [Fact]
    public void A_replica_says_where_it_is_why_it_is_there_and_how_often_it_was_restarted()
    {
        var why = Explain(Running(), "order-1");
        Assert.Contains("order-1 is ready on a-1 (zone a), revision 1, pid 100, port 20000.", why);
        Assert.Contains("because it was missing.", why);
        Assert.Contains("restarted once; the last process that ended ended with exit code 1", why);
    }

    [Fact]
    public void A_ready_replica_that_is_not_routed_names_the_gateway_it_waits_for() =>
        Assert.Contains("waiting for g2", Explain(Running().Gateway("g2", applied: 0), "order-1"));

    [Fact]
    public void A_service_lists_what_is_not_ready_and_why_no_node_takes_one_more()
    {
        var why = Explain(Running(), "order", "a-1: it has 2 of at most 2 replicas of order");
        Assert.Contains("order shall have 3 replicas on revision 1: 1 ready", why);
        Assert.Contains("order-2 is waiting on a-1", why);
        Assert.Contains("1 replica has no node.", why);
        Assert.Contains("at most 2 replicas of order.", why);
    }

    [Fact]
    public void A_dead_node_says_why_it_was_declared_so()
    {
        var dead = Running().Put(Keys.Dead(NodeName.Of("a-1")),
            new Dead(ZoneName.Of("a"), 1, "two neighbours heard nothing"));
        Assert.Contains("declared dead because two neighbours heard nothing.", Explain(dead, "a-1"));
        Assert.Contains("a-1 is dead", Explain(dead, "order-1"));
    }

    [Fact]
    public void The_cluster_says_what_keeps_it_from_being_ready()
    {
        var why = Explain(Running().Rollout(0, 1, RolloutStage.Failed, "order exits at once"), "shop");
        Assert.Contains("shop is not ready", why);
        Assert.Contains("Revision 1 is failed: order exits at once.", why);
        Assert.Contains("order has 1 of 3", why);
    }

    [Fact]
    public void A_replica_that_waits_for_another_service_says_which()
    {
        var spec = Documents.Spec(("cart", 1), ("order", 2));
        var needs = new DependencySpec(ServiceName.Of("order"), DependencyCondition.Healthy, true, false);
        spec = spec with { Services = [spec.Services[0] with { DependsOn = [needs] }, spec.Services[1]] };
        var documents = Running().Revision(1, spec).Node("b-1", ("cart-1", 1, Phase.Pending));
        Assert.Contains("It depends on order: 1 of 2 are ready.", Explain(documents, "cart-1"));
    }

    public static TheoryData<Intent, Phase?> States()
    {
        var states = new TheoryData<Intent, Phase?>();
        foreach (var intent in Enum.GetValues<Intent>())
            foreach (var phase in Enum.GetValues<Phase>().Cast<Phase?>().Append(null)) states.Add(intent, phase);
        return states;
    }

    [Theory]
    [MemberData(nameof(States))]
    public void Every_state_that_a_replica_can_be_in_has_its_sentence(Intent intent, Phase? phase)
    {
        var node = NodeName.Of("a-1");
        var documents = Running().Put(Keys.Assigned(node), new Assigned
        {
            Replicas = [new Assignment
            {
                Replica = ReplicaName.Of("order-1"), Service = ServiceName.Of("order"), Revision = 1, Intent = intent,
            }],
        }).Put(Keys.Seen(node), new Seen
        {
            Incarnation = 1, Zone = ZoneName.Of("a"),
            Replicas = phase is null ? [] : [new SeenReplica
            {
                Replica = ReplicaName.Of("order-1"), Phase = phase.Value,
            }],
        });
        var sentence = WhyPhase.Sentence(intent, phase);
        Assert.EndsWith(".", sentence);
        Assert.Contains(sentence, Explain(documents, "order-1"));
    }

    [Fact]
    public void One_that_relieves_another_says_which_leaves()
    {
        var moving = Running().Put(Keys.Assigned(NodeName.Of("b-1")), new Assigned
        {
            Replicas = [new Assignment
            {
                Replica = ReplicaName.Of("order-3"), Service = ServiceName.Of("order"), Revision = 1,
                Relieves = ReplicaName.Of("order-1"),
            }],
        });
        Assert.Contains("When it serves, order-1 leaves", Explain(moving, "order-3"));
    }

    [Fact]
    public void An_unknown_name_is_not_explained() => Assert.Null(Why.Explain(Running().State, "nobody", []));
}
