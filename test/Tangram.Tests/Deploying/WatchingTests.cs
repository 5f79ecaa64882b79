using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Deploying;

/// <summary>Agents and the leader's judgement of them together: who watches whom must mean the same to both.</summary>
public sealed class WatchingTests
{
    private static readonly string[] Six = ["a-1", "a-2", "b-1", "b-2", "c-1", "c-2"];

    private readonly Membership _membership = new();
    private readonly Dictionary<NodeName, AgentMachine> _agents = [];
    private Instant _now = new(TimeSpan.TicksPerHour);

    private AgentMachine Agent(NodeName name)
    {
        if (_agents.TryGetValue(name, out var agent)) return agent;
        var identity = new NodeIdentity(name, ZoneName.Of(name.Value[..1]), [], new Resources(), 1);
        return _agents[name] = new AgentMachine(identity, TimeSpan.FromSeconds(3), [], _now);
    }

    /// <summary>Who is declared dead while these are silent, each being dead from then on.</summary>
    private string[] Pass(double seconds, Documents documents, params string[] silent)
    {
        var died = new List<string>();
        foreach (var name in documents.State.Nodes.Keys) Tell(Agent(name), new Event.StateChanged(documents.State));
        for (var end = _now + TimeSpan.FromSeconds(seconds); _now < end;)
        {
            _now += Event.Tick.Every;
            foreach (var name in documents.State.Nodes.Keys.Where(n => !silent.Contains(n.Value)))
                foreach (var send in Tell(Agent(name), new Event.Tick()).OfType<Effect.Send>())
                    if (send.To is null) _membership.Hear(send.Message, _now);
                    else Tell(Agent(send.To.Value), new Event.Heard(send.Message));
            foreach (var (node, _) in _membership.Judge(documents.State, _now).Died)
            {
                died.Add(node.Value);
                documents.Dead(node.Value);
                foreach (var name in documents.State.Nodes.Keys)
                    Tell(Agent(name), new Event.StateChanged(documents.State));
            }
        }
        return [.. died.Order()];
    }

    private List<Effect> Tell(AgentMachine agent, Event @event)
    {
        var effects = new List<Effect>();
        agent.On(@event, _now, effects);
        return effects;
    }

    private static Documents Nodes(IEnumerable<string> names)
    {
        var documents = new Documents();
        foreach (var name in names) documents.Node(name, 1);
        return documents;
    }

    [Fact]
    public void After_a_zone_was_lost_the_loss_of_one_node_more_is_noticed()
    {
        var nodes = Nodes(Six);
        Assert.Empty(Pass(3, nodes));
        Assert.Equal(["b-1", "b-2"], Pass(4, nodes, "b-1", "b-2"));
        Assert.Equal(["a-2"], Pass(4, nodes, "a-2", "b-1", "b-2"));
    }

    [Fact]
    public void A_node_that_took_the_place_of_another_is_watched_too()
    {
        Assert.Empty(Pass(3, Nodes(Six)));
        var replaced = Nodes(Six.Except(["b-2"]).Append("d-1"));
        Assert.Empty(Pass(3, replaced));
        Assert.Equal(["d-1"], Pass(4, replaced, "d-1"));
    }
}
