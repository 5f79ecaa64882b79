using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class RingTests
{
    private static Documents Nodes(int count, string zones = "abc")
    {
        var documents = new Documents();
        for (var i = 0; i < count; i++) documents.Node($"{zones[i % zones.Length]}-{i}", 1);
        return documents;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(40)]
    public void Who_watches_a_node_and_whom_it_watches_agree(int count)
    {
        var state = Nodes(count).State;
        foreach (var node in state.Nodes.Keys)
        {
            var watchers = state.Ring.WatchersOf(node);
            Assert.Equal(Math.Min(Ring.Watchers, count - 1), watchers.Distinct().Count());
            Assert.DoesNotContain(node, watchers);
            Assert.All(watchers, w => Assert.Contains(node, state.Ring.WatchedBy(w)));
        }
    }

    [Theory]
    [InlineData(6, "abc")]
    [InlineData(300, "abc")]
    [InlineData(300, "ab")]
    [InlineData(300, "abcde")]
    public void Watchers_are_of_different_zones_so_that_most_survive_the_loss_of_one(int count, string zones)
    {
        var state = Nodes(count, zones).State;
        foreach (var node in state.Nodes.Keys)
        {
            var watchers = state.Ring.WatchersOf(node);
            Assert.True(watchers.Count(w => w.Value[0] != node.Value[0]) >= 2, $"{node}: {string.Join(' ', watchers)}");
        }
    }

    [Fact]
    public void No_node_watches_very_many_even_when_it_is_the_only_one_of_its_zone()
    {
        var state = Nodes(400).Node("d-1", 1).State;
        Assert.All(state.Nodes.Keys, n => Assert.InRange(state.Ring.WatchedBy(n).Count, 0, 16));
    }

    [Fact]
    public void A_node_that_is_lost_changes_the_watchers_of_few_others()
    {
        var documents = Nodes(200);
        var before = documents.State;
        var after = documents.Dead("b-1").State;
        Assert.InRange(after.Nodes.Keys.Count(n => !before.Ring.WatchersOf(n).SequenceEqual(after.Ring.WatchersOf(n))),
            1, 17);
    }

    [Fact]
    public void A_node_without_a_lease_watches_only_where_there_are_no_others()
    {
        Assert.Empty(Nodes(60).Silent("b-1").State.Ring.WatchedBy(NodeName.Of("b-1")));
        Assert.Equal(3, Nodes(4).Silent("b-1").State.Ring.WatchedBy(NodeName.Of("b-1")).Count);
    }

    [Fact]
    public void States_in_which_the_same_nodes_live_share_one()
    {
        var state = Nodes(5).State;
        ClusterState After(string key, string value) => state.Apply(new StoreBatch(state.Revision + 1,
            [new KeyChange(new KeyValue(key, value, 1, state.Revision + 1, 2, 0), Deleted: false)]));
        var seen = state.Nodes[NodeName.Of("b-1")].Seen!.Value;
        Assert.Same(state.Ring, After(Keys.Assigned(NodeName.Of("b-1")), Json.Write(new Assigned())).Ring);
        Assert.Same(state.Ring, After(Keys.Seen(NodeName.Of("b-1")), Json.Write(seen with { Incarnation = 9 })).Ring);
        Assert.NotSame(state.Ring, After(Keys.Dead(NodeName.Of("b-1")), Json.Write(new Dead(seen.Zone, 1, ""))).Ring);
        Assert.NotSame(state.Ring,
            After(Keys.Seen(NodeName.Of("b-1")), Json.Write(seen with { Zone = ZoneName.Of("c") })).Ring);
    }
}
