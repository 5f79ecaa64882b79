using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class ClusterStateTests
{
    /// <summary>What was deleted while nobody watched leaves no key behind that could tell.</summary>
    [Fact]
    public void After_a_gap_routes_depend_on_what_is_no_longer_there_too()
    {
        var node = NodeName.Of("a-1");
        var documents = new Documents().Node("a-1", 1, "order-1")
            .Put(Keys.Dead(node), new Dead(ZoneName.Of("a"), 1, "it was silent"));
        var before = documents.State;

        var after = documents.Delete(Keys.Dead(node)).State;

        Assert.True(after.RoutedRevision > before.RoutedRevision,
            $"a gateway that has routed {before.RoutedRevision} would keep the node's routes off");
    }

    /// <summary>All that a state says is said again by the one that is made of its pairs.</summary>
    [Fact]
    public void A_state_that_was_written_out_reads_back_the_same()
    {
        var before = new Documents().Node("a-1", 1, "order-1").Node("b-1", 1)
            .Put(Keys.Dead(NodeName.Of("b-1")), new Dead(ZoneName.Of("b"), 1, "it was silent"))
            .Put(Keys.Term, new Term("server", "one")).Put(Keys.Gateway("g"), new GatewaySeen { Applied = 3 })
            .Put(Keys.Capacity(ServiceName.Of("order")), new Capacities()).State;
        var after = ClusterState.From(before.ToRange());
        Assert.Equal(before.ToRange().Pairs, after.ToRange().Pairs);
        Assert.Equal(before.Nodes.Values, after.Nodes.Values);
        Assert.Equal(before.Gateways.Values, after.Gateways.Values);
        Assert.Equal(before.Capacities.Values, after.Capacities.Values);
        Assert.Equal((before.Revision, before.Term, before.Asked), (after.Revision, after.Term, after.Asked));
        Assert.NotEmpty(before.ToRange().Pairs);
    }
}
