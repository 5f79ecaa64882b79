using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Deploying;

/// <summary>A write took effect, its answer was lost, and meanwhile things are again as they were before it: what the
/// store holds is not what is.</summary>
public sealed class LostAnswerTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);
    private static readonly NodeName Node = NodeName.Of("a-1");
    private static readonly ReplicaName Order1 = ReplicaName.Of("order-1");
    private readonly StoreEngine _store = new();
    private Instant _now = new(TimeSpan.TicksPerHour);

    [Fact]
    public void A_replica_that_is_ready_again_does_not_stay_unready_for_the_others()
    {
        var agent = new AgentMachine(new NodeIdentity(Node, ZoneName.Of("a"), [], new Resources(), 1), Ttl, [], _now);
        Put(Keys.Revision(1), new Revision { Number = 1, Spec = Documents.Spec(1) });
        Put(Keys.Assigned(Node), new Assigned
        {
            Replicas = [new Assignment { Replica = Order1, Service = ServiceName.Of("order"), Revision = 1 }],
        });
        Begin(agent);
        Answered(agent, new ReplicaEvent.Launched(Order1, 1, 100, 20_000, null));
        foreach (var ok in (bool[])[true, false, false]) Answered(agent, Check(ok));

        Lost(agent, Check(false), Check(true));

        Assert.Equal(Phase.Ready, State.Nodes[Node].Find(Order1)!.Phase);
    }

    [Fact]
    public void A_replica_that_a_gateway_has_let_go_is_not_reported_busy_for_ever()
    {
        var gateway = new GatewayMachine("g", isPublic: false, Ttl);
        Begin(gateway);
        Answered(gateway, new TrafficSeen(3, [], []));

        Lost(gateway, new TrafficSeen(3, [Order1], []), new TrafficSeen(3, [], []));

        Assert.Empty(State.Gateways["g"].Value.Busy);
    }

    private ClusterState State => ClusterState.From(_store.Range(""));

    private static ReplicaEvent.Checked Check(bool ok) => new(Order1, 1, ok, ok ? "" : "no");

    private void Put<T>(string key, T document) =>
        _store.Apply(new Txn { Then = [new StoreOp.Put(key, Json.Write(document))] });

    private void Begin(IMachine machine)
    {
        Put(Keys.Asked, new Asked { Revision = 1 });
        var effects = new List<Effect>();
        machine.On(new Event.Tick(), _now, effects);
        var grant = Assert.Single(effects.OfType<Effect.Grant>());
        Answered(machine, new Event.Leased(grant.Request, _store.Grant(grant.Ttl, _now), _now));
    }

    /// <summary>10 ms later. Returns what it asks to be written.</summary>
    private Effect.Commit? Give(IMachine machine, Event @event)
    {
        var effects = new List<Effect>();
        machine.On(@event, _now += TimeSpan.FromMilliseconds(10), effects);
        return effects.OfType<Effect.Commit>().LastOrDefault();
    }

    /// <summary>The event, and then a moment in which the store works and every change is seen.</summary>
    private void Answered(IMachine machine, Event @event)
    {
        var commit = Give(machine, @event);
        for (var turn = 0; turn < 10; turn++)
        {
            if (commit is { } one)
                commit = Give(machine, new Event.Committed(one.Request, _store.Apply(one.Txn).Answer));
            commit = Give(machine, new Event.StateChanged(State)) ?? commit;
            commit = Give(machine, new Event.Tick()) ?? commit;
        }
    }

    /// <summary>What the first event has written is written, and answered after the second with nothing.</summary>
    private void Lost(IMachine machine, Event first, Event second)
    {
        var commit = Assert.IsType<Effect.Commit>(Give(machine, first));
        Assert.True(_store.Apply(commit.Txn).Answer.Succeeded);
        Assert.Null(Give(machine, second));
        Answered(machine, new Event.Committed(commit.Request, TxnAnswer.Failed(StoreStatus.Unknown, "lost")));
    }
}
