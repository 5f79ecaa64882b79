using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class RelayRulesTests
{
    private static readonly PeerIdentity Agent = new("shop", PeerRole.Agent, NodeName.Of("n1"));
    private static readonly Seen Sound = new()
    {
        Incarnation = 1, Zone = ZoneName.Of("a"), Address = "10.0.0.1", Link = "10.0.0.1:7601", Instance = "i",
        Replicas = EquatableArray.Create([new SeenReplica { Replica = ReplicaName.Of("web-1"), Port = 80 }]),
    };

    private static string? Refusal(string key, string value, long lease = 5) =>
        RelayRules.Refuses(Agent, new Txn { Then = [new StoreOp.Put(key, value, lease)] });

    [Fact]
    public void What_an_agent_says_of_itself_is_relayed() => Assert.Null(Refusal("seen/n1", Json.Write(Sound)));

    [Theory]
    [InlineData(PeerRole.Agent, "acme/challenge acme/troubles")]
    [InlineData(PeerRole.Client, "acme/challenge acme/troubles")]
    [InlineData(PeerRole.Gateway, "acme/challenge acme/troubles acme/certificates/shop.test")]
    [InlineData(PeerRole.Server, "acme/challenge acme/troubles acme/certificates/shop.test acme/account")]
    public void Private_keys_go_to_those_who_use_them(PeerRole role, string reads)
    {
        var peer = new PeerIdentity("shop", role, NodeName.Of("n1"));
        foreach (var key in (string[])["acme/challenge", "acme/troubles", "acme/certificates/shop.test",
            "acme/account"])
        {
            var may = reads.Split(' ').Contains(key);
            Assert.Equal(may, RelayRules.MayRead(peer, key));
            Assert.Equal(may, RelayRules.Refuses(peer, new Txn { Then = [new StoreOp.Get(key)] }) is null);
            // What differs from one guess to the next can be found out.
            var guess = new Compare(key, CompareTarget.Value, CompareResult.Less, Text: "m");
            Assert.Equal(may, RelayRules.Refuses(peer, new Txn { Compares = [guess] }) is null);
        }
    }

    [Theory]
    [InlineData("seen/n2")]
    [InlineData("term")]
    [InlineData("gateways/n2")]
    public void The_keys_of_others_are_not_its_own(string key) =>
        Assert.Contains("may write only seen/n1 and gateways/n1", Refusal(key, Json.Write(Sound)));

    [Theory]
    [InlineData("rubbish")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"\"}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"replicas\":[null]}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"replicas\":[{\"replica\":\"w-1\",\"phase\":99}]}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"replicas\":[{\"replica\":\"w-1\"},{\"replica\":\"w-1\"}]}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"replicas\":[{\"replica\":\"w-1\",\"port\":99999}]}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"link\":\"nowhere\"}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"address\":\"http://x/\"}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"capacity\":null}")]
    [InlineData("{\"incarnation\":1,\"zone\":\"a\",\"labels\":[null]}")]
    public void A_document_that_nobody_could_read_is_not_relayed(string value) =>
        Assert.StartsWith("what tangram://shop/agent/n1 writes of itself cannot be used: ", Refusal("seen/n1", value));

    [Fact]
    public void What_would_outlive_its_writer_is_not_relayed() =>
        Assert.Contains("has to hang on a lease", Refusal("seen/n1", Json.Write(Sound), lease: 0));

    [Fact]
    public void A_lease_with_anothers_key_is_anothers()
    {
        KeyValue[] pairs = [new("seen/n1", "", 1, 1, 1, Lease: 5), new("seen/n2", "", 1, 1, 1, Lease: 6)];
        Assert.True(RelayRules.MayOwn(Agent, 5, pairs));
        Assert.True(RelayRules.MayOwn(Agent, 7, pairs));
        Assert.False(RelayRules.MayOwn(Agent, 6, pairs));
    }

    [Fact]
    public void Secrets_go_only_to_nodes_that_run_what_they_are_given_to()
    {
        var spec = new ClusterSpec
        {
            Name = "shop",
            Services = [new ServiceSpec { Name = ServiceName.Of("web"), GrantsHash = "g", FilesHash = "f" }],
            Tls = new TlsSpec { GrantsHash = "t" },
        };
        ClusterState Assigned(params Assignment[] replicas) => ClusterState.From(new RangeAnswer(StoreStatus.Ok, 1,
        [
            new(Keys.Revision(1), Json.Write(new Revision { Number = 1, Spec = spec }), 1, 1, 1, 0),
            new("assigned/n1", Json.Write(new Assigned { Replicas = [.. replicas] }), 1, 1, 1, 0),
        ]));
        var web = new Assignment
        {
            Replica = ReplicaName.Of("web-1"), Service = ServiceName.Of("web"), Revision = 1,
        };
        var server = new PeerIdentity("shop", PeerRole.Server, NodeName.Of("s1"));
        var gateway = new PeerIdentity("shop", PeerRole.Gateway, NodeName.Of("n1"));
        Assert.Null(RelayRules.RefusesFiles(Agent, "g", Assigned(web)));
        Assert.Null(RelayRules.RefusesFiles(Agent, "f", Assigned()));
        Assert.Null(RelayRules.RefusesFiles(server, "g", Assigned()));
        Assert.Contains("no revision has gone", RelayRules.RefusesFiles(Agent, "gone", Assigned(web)));
        Assert.NotNull(RelayRules.RefusesFiles(gateway, "gone", Assigned(web)));
        Assert.Contains("agent/n1 runs no service", RelayRules.RefusesFiles(Agent, "g", Assigned()));
        Assert.NotNull(RelayRules.RefusesFiles(gateway, "g", Assigned(web)));
        Assert.Null(RelayRules.RefusesFiles(gateway, "t", Assigned()));
        Assert.NotNull(RelayRules.RefusesFiles(Agent, "t", Assigned(web)));
    }
}
