using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

public sealed class LookTests
{
    private static Documents Converged() => new Documents()
        .Put(Keys.Term, new Term("server-1", "p1"))
        .Revision(1, Documents.Spec(1, replicas: 3)).Asked(1).Rollout(1, 1, RolloutStage.Done)
        .Node("a-1", 1, "order-1").Node("b-1", 1, "order-2").Node("c-1", 1, "order-3").Gateway("g1");

    private static StatusView Status(Documents documents) => Look.Status(documents.State, "shop");

    [Fact]
    public void A_converged_cluster_is_ready()
    {
        var status = Status(Converged());
        Assert.True(status.Ready);
        Assert.Equal(("server-1", 1), (status.Leader, status.Revision));
        Assert.Equal([new ServiceView("order", 3, 3, 3, 1)], status.Services);
        Assert.Equal(["a-1 a ready", "b-1 b ready", "c-1 c ready"],
            status.Nodes.Select(n => $"{n.Name} {n.Zone} {n.State}"));
        Assert.Equal([new GatewayView("http://127.0.0.1:8080", "g1")], status.Gateways);
    }

    [Fact]
    public void What_a_gateway_could_not_take_is_told()
    {
        var documents = Converged().Put(Keys.Gateway("g2"), new GatewaySeen { Troubles = ["a.crt cannot be used"] });
        Assert.Equal([new GatewayTroubleView("g2", "a.crt cannot be used")], Status(documents).GatewayTroubles);
        Assert.Contains("g2: a.crt cannot be used.", Why.Cluster(documents.State, "shop"));
    }

    [Fact]
    public void Certificates_that_the_cluster_orders_are_told()
    {
        var from = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        var acme = new AcmeSpec { Directory = "https://ca.test/", Domains = ["b.test", "a.test", "c.test"] };
        var documents = Converged()
            .Revision(1, Documents.Spec(1, replicas: 3) with { Tls = new TlsSpec { Acme = acme } })
            .Put(Keys.AcmeCertificate("a.test"), new AcmeCertificate("https://ca.test/", "chain", "key", from, from))
            .Put(Keys.AcmeTroubles, new AcmeTroubles { Domains = [new AcmeTrouble("b.test", 2, "no")] });
        Assert.Equal(
        [
            new AcmeView("b.test", null, null, 2, "no"), new AcmeView("a.test", from, from, 0, ""),
            new AcmeView("c.test", null, null, 0, ""),
        ], Status(documents).Acme);
        Assert.Empty(Status(Converged()).Acme);
    }

    [Fact]
    public void It_is_not_ready_until_every_gateway_has_taken_in_every_node()
    {
        var behind = Converged().State.Nodes[NodeName.Of("c-1")].Seen!.ModRevision - 1;
        Assert.False(Status(Converged().Gateway("g2", applied: behind)).Ready);
        Assert.True(Status(Converged().Gateway("g2", applied: behind + 1)).Ready);
    }

    [Fact]
    public void Without_a_gateway_nothing_that_serves_is_ready() =>
        Assert.False(Status(Converged().Delete(Keys.Gateway("g1"))).Ready);

    [Theory]
    [InlineData(RolloutStage.Done, true)]
    [InlineData(RolloutStage.RolledBack, true)]
    [InlineData(RolloutStage.Watching, false)]
    [InlineData(RolloutStage.Paused, false)]
    [InlineData(RolloutStage.Failed, false)]
    public void A_rollout_must_have_ended_well(RolloutStage stage, bool ready) =>
        Assert.Equal(ready, Status(Converged().Rollout(1, 1, stage).Gateway("g1")).Ready);

    [Fact]
    public void A_revision_that_was_asked_for_and_not_taken_up_is_pending()
    {
        var status = Status(Converged().Revision(2, Documents.Spec(2, 3), 1).Asked(2).Gateway("g1"));
        Assert.False(status.Ready);
        Assert.Equal(new RolloutView("pending", 2, 1, ""), status.Rollout);
    }

    [Fact]
    public void A_scaled_service_is_not_ready_until_the_new_count_is()
    {
        var status = Status(Converged().Asked(1, new Scale(ServiceName.Of("order"), 4)).Gateway("g1"));
        Assert.False(status.Ready);
        Assert.Equal(new ServiceView("order", 4, 3, 3, 1), status.Services[0]);
    }

    [Fact]
    public void During_a_rollout_replicas_of_the_old_revision_are_ready_but_not_up_to_date()
    {
        var status = Status(Converged()
            .Revision(2, Documents.Spec(2, 3), 1).Asked(2).Rollout(1, 2, RolloutStage.Rolling)
            .Node("a-1", 2, "order-4").Gateway("g1"));
        Assert.Equal(new ServiceView("order", 3, 3, 1, 2), status.Services[0]);
        Assert.Equal(("rolling", 2), (status.Rollout!.Stage, status.Revision));
    }

    [Fact]
    public void A_revision_that_does_not_touch_a_service_is_its_replicas_revision_too()
    {
        var documents = Converged()
            .Revision(2, Documents.Spec(1, replicas: 4), 1).Asked(2).Rollout(2, 2, RolloutStage.Done)
            .Node("a-1", ("order-1", 1, Phase.Ready), ("order-4", 2, Phase.Ready)).Gateway("g1");
        Assert.True(Status(documents).Ready);
        Assert.Equal(2, Status(documents).Services[0].Revision);
        Assert.All(Look.Replicas(documents.State), r => Assert.Equal(2, r.Revision));
    }

    [Fact]
    public void A_job_that_did_its_work_is_what_was_desired()
    {
        var documents = Converged().Node("a-1", ("order-1", 1, Phase.Completed)).Gateway("g1");
        Assert.True(Status(documents).Ready);
    }

    [Fact]
    public void A_global_service_is_desired_once_on_every_live_node_that_is_not_drained_and_fits()
    {
        var spec = Documents.Spec(1);
        var deploy = new DeploySpec
        {
            Mode = DeployMode.Global,
            Placement = new PlacementSpec { Constraints = [new ConstraintSpec("node.zone", false, "c")] },
        };
        spec = spec with { Services = [spec.Services[0] with { Deploy = deploy }] };
        var documents = Converged().Revision(1, spec);
        Assert.Equal(2, Status(documents).Services[0].Desired);
        documents.Put(Keys.Asked, new Asked { Revision = 1, Drained = [NodeName.Of("a-1")] });
        Assert.Equal(1, Status(documents).Services[0].Desired);
    }

    [Fact]
    public void A_node_is_ready_drained_silent_or_dead()
    {
        var documents = Converged()
            .Put(Keys.Asked, new Asked { Revision = 1, Drained = [NodeName.Of("a-1")] })
            .Delete(Keys.Seen(NodeName.Of("b-1")))
            .Put(Keys.Dead(NodeName.Of("c-1")), new Dead(ZoneName.Of("c"), 1, "nobody heard it for 1.5 s"));
        Assert.Equal(["drained", "silent", "dead"], Status(documents).Nodes.Select(n => n.State));
        Assert.Equal(["a", "b", "c"], Status(documents).Nodes.Select(n => n.Zone));
        var replicas = Look.Replicas(documents.State);
        Assert.Equal(["ready", "lost", "lost"], replicas.Select(r => r.State));
        Assert.Equal([100, null, null], replicas.Select(r => r.Pid));
    }

    [Fact]
    public void The_json_has_every_key_also_those_without_a_value()
    {
        var documents =
            Converged().Put(Keys.Seen(NodeName.Of("a-1")), new Seen { Incarnation = 1, Zone = ZoneName.Of("a") });
        var text = ViewJson.Write(Look.Replicas(documents.State));
        Assert.StartsWith("""
            [{"replica":"order-1","service":"order","node":"a-1","zone":"a","state":"pending","ready":false,
            """ + """
            "pid":null,"port":null,"revision":1,"restarts":0,
            """, text);
        Assert.Contains("\"leader\":null", ViewJson.Write(Status(new Documents())));
        Assert.Equal(Status(Converged()), ViewJson.Read<StatusView>(ViewJson.Write(Status(Converged()))));
    }

    [Fact]
    public void Replicas_are_sorted_by_service_and_number()
    {
        var state = Converged().Node("a-1", 1, "order-10", "order-9", "cart-11").State;
        Assert.Equal(["cart-11", "order-2", "order-3", "order-9", "order-10"],
            Look.Replicas(state).Select(r => r.Replica));
    }
}
