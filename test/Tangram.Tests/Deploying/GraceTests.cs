using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Deploying;

public sealed class GraceTests
{
    private static readonly NodeName Node = NodeName.Of("a-1");
    private readonly StoreEngine _store = new();
    private readonly LeaderMachine _leader = new("server-1", "1", TimeSpan.FromSeconds(3));
    private readonly Queue<Event> _answers = [];
    private Instant _now = new(TimeSpan.TicksPerHour);

    /// <summary>After 10 s the first batch is admitted: in that turn nothing is planned.</summary>
    [Fact]
    public void A_grace_period_does_not_begin_again_when_the_rollout_goes_on()
    {
        var (one, two) = (Spec(1), Spec(2));
        var documents = new Documents().Revision(1, one).Revision(2, two, 1).Asked(2)
            .Put(Keys.Rollout, new Rollout
            {
                Current = 1, Target = 2, Stage = RolloutStage.Rolling,
                Serials = [new NextSerial(ServiceName.Of("order"), 4)],
            })
            .Node("a-1", ("order-1", 1, Phase.Ready), ("order-2", 1, Phase.Ready), ("order-3", 2, Phase.Ready));
        var draining = documents.State.Nodes[Node].Assigned!.Value;
        documents.Put(Keys.Assigned(Node), draining with
        {
            Replicas = [draining.Replicas[0] with { Intent = Intent.Drain }, .. draining.Replicas.Skip(1)],
        });
        documents.Put(Keys.Gateway("g"), new GatewaySeen { Applied = 1_000, Busy = [ReplicaName.Of("order-1")] });
        foreach (var pair in documents.Pairs)
            _store.Apply(new Txn { Then = [new StoreOp.Put(pair.Key, pair.Value)] });

        Run(TimeSpan.FromSeconds(14));

        Assert.Contains(ServiceName.Of("order"), State.Rollout!.Value.Admitted);
        Assert.Equal(Intent.Stop, State.Nodes[Node].Assignments.Single(r => r.Replica.Value == "order-1").Intent);
    }

    private ClusterState State => ClusterState.From(_store.Range(""));

    private static ClusterSpec Spec(int version) => Documents.Spec(version) is var spec
        ? spec with { Services = [spec.Services[0] with { StopGracePeriod = TimeSpan.FromSeconds(12) }] }
        : throw new InvalidOperationException();

    private void Run(TimeSpan time)
    {
        for (var end = _now + time; _now < end; _now += Event.Tick.Every)
        {
            for (var left = _answers.Count; left > 0; left--) Give(_answers.Dequeue());
            Give(new Event.StateChanged(State));
            Give(new Event.Tick());
        }
    }

    /// <summary>What the store answers comes with the next tick.</summary>
    private void Give(Event @event)
    {
        var effects = new List<Effect>();
        _leader.On(@event, _now, effects);
        foreach (var effect in effects)
            switch (effect)
            {
                case Effect.Grant grant:
                    _answers.Enqueue(new Event.Leased(grant.Request, _store.Grant(grant.Ttl, _now), _now));
                    break;
                case Effect.KeepAlive keep:
                    _answers.Enqueue(new Event.Leased(keep.Request, _store.KeepAlive(keep.Lease, _now), _now));
                    break;
                case Effect.Commit commit:
                    _answers.Enqueue(new Event.Committed(commit.Request, _store.Apply(commit.Txn).Answer));
                    break;
            }
    }
}
