using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

public sealed class MembershipTests
{
    private static readonly string[] Six = ["a-1", "a-2", "b-1", "b-2", "c-1", "c-2"];
    private readonly Membership _membership = new();
    private Instant _now = new(TimeSpan.TicksPerHour);
    private MembershipVerdict _verdict = new([], [], null);

    private static Documents Nodes(params string[] names)
    {
        var documents = new Documents();
        foreach (var name in names) documents.Node(name, 1);
        return documents;
    }

    /// <summary>A while in which the silent ones say nothing, and their watchers say so when they must.</summary>
    private void Pass(double seconds, Documents documents, string[] silent, bool neighboursHear = false)
    {
        var state = documents.State;
        var ring = state.Ring;
        for (var end = _now + TimeSpan.FromSeconds(seconds); _now < end;)
        {
            _now += Membership.Heartbeat / 2;
            foreach (var name in state.Nodes.Keys.Where(n => !silent.Contains(n.Value)))
            {
                var unheard = ring.WatchedBy(name).Where(w => silent.Contains(w.Value) && !neighboursHear);
                _membership.Hear(new Message(name, 1, unheard.ToEquatableArray()), _now);
            }
            _verdict = _membership.Judge(state, _now);
        }
    }

    private string[] Died => [.. _verdict.Died.Select(d => d.Node.Value)];

    [Fact]
    public void A_node_that_nobody_hears_is_dead_after_the_silence_and_not_before()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Pass(1.25, all, ["b-1"]);
        Assert.Empty(Died);
        Pass(0.5, all, ["b-1"]);
        Assert.Equal(["b-1"], Died);
        Assert.Contains("3 of 3 neighbours and the leader", _verdict.Died[0].Because);
    }

    [Fact]
    public void A_node_whose_agent_is_being_replaced_may_be_silent_until_its_key_is_gone()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Away(all, true);
        Pass(10, all, ["b-1"]);
        Assert.Empty(Died);
        all.Delete(Keys.Seen(NodeName.Of("b-1")));
        Pass(0.25, all, ["b-1"]);
        Assert.Equal(["b-1"], Died);
    }

    [Fact]
    public void An_agent_that_follows_another_is_not_accused_of_the_time_between()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Away(all, true);
        Pass(10, all, ["b-1"]);
        Away(all, false);
        Pass(1.25, all, ["b-1"]);
        Assert.Empty(Died);
        Pass(0.5, all, ["b-1"]);
        Assert.Equal(["b-1"], Died);
    }

    private static void Away(Documents documents, bool away) => documents.Put(Keys.Seen(NodeName.Of("b-1")),
        new Seen { Incarnation = 1, Zone = ZoneName.Of("b"), Away = away });

    [Fact]
    public void A_node_that_its_neighbours_hear_is_not_dead()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Pass(20, all, ["b-1"], neighboursHear: true);
        Assert.Empty(Died);
    }

    [Fact]
    public void A_node_whose_lease_is_gone_and_that_a_neighbour_still_hears_is_not_dead()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Pass(20, all.Silent("b-1"), ["b-1"], neighboursHear: true);
        Assert.Empty(Died);
    }

    [Fact]
    public void The_last_node_that_is_heard_may_confirm_by_itself_once_the_lease_is_gone()
    {
        var all = Nodes("a-1", "a-2", "b-1", "b-2").Dead("b-1").Dead("b-2");
        Pass(1, all, []);
        Pass(3, all.Silent("a-1"), ["a-1", "b-1", "b-2"]);
        Assert.Equal(["a-1"], Died);
    }

    [Fact]
    public void When_most_nodes_fall_silent_together_nothing_is_declared_dead_and_that_is_said()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Pass(10, all, ["a-1", "a-2", "b-1", "b-2"]);
        Assert.Empty(Died);
        Assert.StartsWith("4 of 6 nodes fell silent together", _verdict.Brake);
    }

    [Fact]
    public void A_whole_zone_of_two_may_die_at_once()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Pass(2, all, ["b-1", "b-2"]);
        Assert.Equal(["b-1", "b-2"], Died);
        Assert.Null(_verdict.Brake);
    }

    [Fact]
    public void A_leader_that_was_itself_asleep_does_not_count_the_silence()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        _now += TimeSpan.FromSeconds(30);
        _verdict = _membership.Judge(all.State, _now);
        Assert.Empty(Died);
        Assert.Null(_verdict.Brake);
        Pass(1, all, ["b-1"]);
        Assert.Empty(Died);
    }

    [Fact]
    public void A_new_leader_gives_every_node_the_whole_time_again()
    {
        var all = Nodes(Six);
        Pass(1, all, []);
        Pass(1.25, all, ["b-1"]);
        _membership.Reset();
        Pass(1.25, all, ["b-1"]);
        Assert.Empty(Died);
    }

    [Fact]
    public void A_dead_node_returns_when_its_agent_is_heard_and_not_when_only_its_key_is_there()
    {
        var all = Nodes(Six).Dead("b-1");
        Pass(3, all, ["b-1"]);
        Assert.Empty(_verdict.Returned);
        Pass(0.5, all, []);
        Assert.Equal("b-1", Assert.Single(_verdict.Returned).Node.Value);
    }

    [Fact]
    public void A_dead_node_that_is_heard_but_has_no_lease_yet_is_not_welcomed()
    {
        Pass(3, Nodes(Six).Dead("b-1").Silent("b-1"), []);
        Assert.Empty(_verdict.Returned);
    }

    /// <summary>What its last agent wrote says that replicas are ready which are gone.</summary>
    [Fact]
    public void A_dead_node_returns_when_its_new_agent_has_reported_and_not_when_it_is_only_heard()
    {
        var all = Nodes(Six).Dead("b-1");
        Pass(3, all, ["b-1"]);
        _membership.Hear(new Message(NodeName.Of("b-1"), 2, []), _now);
        Assert.Empty(_membership.Judge(all.State, _now).Returned);
        all.Put(Keys.Seen(NodeName.Of("b-1")), new Seen { Incarnation = 2, Zone = ZoneName.Of("b") });
        Assert.Equal("b-1", Assert.Single(_membership.Judge(all.State, _now).Returned).Node.Value);
    }
}
