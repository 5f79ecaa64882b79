using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Deploying;

/// <summary>An agent and its singleton: started only under a lease that the store knows of, ended before that can
/// pass on. The lease is for 3 s, so its holder counts on 2.7 s; at 2.2 s a singleton is asked to end, at 2.5 s
/// killed.</summary>
public sealed class SingletonAgentTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(3);
    private static readonly NodeName Node = NodeName.Of("a-1");
    private static readonly ReplicaName Timer = ReplicaName.Of("timer-1");

    private readonly Documents _documents = new Documents().Revision(1, Spec(singleton: true)).Asked(1);
    private AgentMachine _agent = Agent([], Instant.Zero);

    [Fact]
    public void It_starts_only_when_a_state_was_read_under_the_lease()
    {
        Assigned();
        Assert.Empty(State(0).OfType<ReplicaEffect.Launch>());
        Lease(0.1);
        Assert.Empty(Committed(0.2).OfType<ReplicaEffect.Launch>());
        Seen();
        var effects = State(0.3);
        var (guard, launch) = (effects.FindIndex(e => e is GuardSingletons), effects.FindIndex(e =>
            e is ReplicaEffect.Launch));
        Assert.True(guard >= 0 && launch > guard, "the guard is told before anything is started");
        Assert.Equal(At(2.8), ((GuardSingletons)effects[guard]).Until);
    }

    [Fact]
    public void Without_a_store_it_is_asked_to_end_and_then_killed_before_its_deadline()
    {
        Running();
        Assert.Empty(Tick(2.2).OfType<ReplicaEffect.Signal>());
        Assert.Equal("SIGTERM", Assert.Single(Tick(2.4).OfType<ReplicaEffect.Signal>()).Name);
        Assert.Empty(Tick(2.5).OfType<ReplicaEffect.Kill>());
        Assert.Single(Tick(2.65).OfType<ReplicaEffect.Kill>());
        Assert.Empty(Happened(2.7, new ReplicaEvent.Exited(Timer, 1, 137, "")).OfType<ReplicaEffect.Launch>());
        Assert.Empty(Tick(9).OfType<ReplicaEffect.Launch>());
    }

    [Fact]
    public void It_starts_again_when_the_same_lease_turns_out_to_live()
    {
        Running();
        Tick(2.4);
        Happened(2.5, new ReplicaEvent.Exited(Timer, 1, 0, ""));
        Assert.Single(Lease(2.6).OfType<ReplicaEffect.Launch>());
    }

    [Theory]
    [InlineData(2.4, 1)]
    [InlineData(2.6, 0)]
    public void That_its_node_lost_the_right_to_run_it_is_no_end_of_its_own(double at, int ends)
    {
        var replica = new ReplicaMachine(Timer, new Tenure(Ttl, At(3)));
        replica.Adopt(Survivor, Instant.Zero);
        replica.Assign(new Assignment { Replica = Timer, Service = ServiceName.Of("timer"), Revision = 1 },
            Spec(singleton: true).Services[0]);
        replica.Turn(At(at), []);
        replica.On(new ReplicaEvent.Exited(Timer, 1, 143, ""), At(at), []);
        Assert.Equal((ends, Phase.Waiting), (replica.Seen.Ends, replica.Seen.Phase));
    }

    [Fact]
    public void Under_another_lease_it_waits_until_that_is_known_to_the_store()
    {
        Running();
        Tick(2.4);
        Happened(2.5, new ReplicaEvent.Exited(Timer, 1, 0, ""));
        Committed(2.5);
        Lease(2.6, ttl: 0);
        Assert.Empty(Lease(3.7, lease: 8).OfType<ReplicaEffect.Launch>());
        Committed(3.8);
        Seen();
        Assert.Single(State(3.9).OfType<ReplicaEffect.Launch>());
    }

    [Fact]
    public void One_that_was_withdrawn_meanwhile_does_not_start_again()
    {
        Running();
        Tick(2.4);
        Happened(2.5, new ReplicaEvent.Exited(Timer, 1, 0, ""));
        Committed(2.5);
        Lease(2.6, ttl: 0);
        Lease(3.7, lease: 8);
        Committed(3.8);
        Assigned(Intent.Stop);
        Seen();
        Assert.Empty(State(3.9).OfType<ReplicaEffect.Launch>());
    }

    [Fact]
    public void A_renewal_moves_the_guard()
    {
        Running();
        Assert.Equal(At(3.9), Assert.Single(Lease(1.2).OfType<GuardSingletons>()).Until);
        Assert.Empty(Tick(2.4).OfType<ReplicaEffect.Signal>());
    }

    [Fact]
    public void A_survivor_goes_on_as_long_as_the_former_agent_had_the_right_to()
    {
        _agent = Agent([Survivor], At(2));
        Assert.DoesNotContain(Tick(0.1), e => e is ReplicaEffect);
        Assert.Single(Tick(1.6).OfType<ReplicaEffect.Signal>());
        Assert.Single(Tick(1.9).OfType<ReplicaEffect.Kill>());
    }

    [Fact]
    public void A_survivor_without_a_right_is_ended_at_once()
    {
        _agent = Agent([Survivor], Instant.Zero);
        Assert.Single(Tick(0.1).OfType<ReplicaEffect.Kill>());
    }

    [Fact]
    public void A_survivor_goes_on_under_the_new_lease()
    {
        _agent = Agent([Survivor], At(2));
        Assigned();
        Lease(0.1);
        Committed(0.2);
        Seen();
        var effects = State(0.3);
        Assert.Equal(At(2.8), Assert.Single(effects.OfType<GuardSingletons>()).Until);
        Assert.Empty(Tick(2.2).OfType<ReplicaEffect.Signal>());
    }

    [Fact]
    public void The_lease_is_not_given_back_while_it_runs()
    {
        Running();
        var effects = new List<Effect>();
        _agent.Resign(effects);
        Assert.Empty(effects);
    }

    [Fact]
    public void A_replica_that_is_no_singleton_needs_no_lease()
    {
        _documents.Revision(1, Spec(singleton: false));
        Assigned();
        Assert.Single(State(0).OfType<ReplicaEffect.Launch>());
        Assert.DoesNotContain(Tick(60), e => e is ReplicaEffect.Signal or ReplicaEffect.Kill);
    }

    private static Survivor Survivor => new(Timer, ServiceName.Of("timer"), 1, 1, 4711, 0, Singleton: true);

    private static AgentMachine Agent(Survivor[] survivors, Instant guarded) => new(
        new NodeIdentity(Node, ZoneName.Of("a"), [], new Resources(), 1), Ttl, survivors, Instant.Zero, guarded);

    /// <summary>Under a lease of which the renewal was sent at 0.1 s.</summary>
    private void Running()
    {
        Assigned();
        Lease(0.1);
        Committed(0.2);
        Seen();
        State(0.3);
        Happened(0.4, new ReplicaEvent.Launched(Timer, 1, 4711, 0, null));
    }

    private void Assigned(Intent intent = Intent.Run) => _documents.Put(Keys.Assigned(Node), new Assigned
    {
        Replicas =
        [
            new Assignment { Replica = Timer, Service = ServiceName.Of("timer"), Revision = 1, Intent = intent },
        ],
    });

    private void Seen() => _documents.Put(Keys.Seen(Node), new Seen { Incarnation = 1, Zone = ZoneName.Of("a") });

    private long _commit;
    private long _ask;

    /// <summary>A grant or renewal that is sent and answered at once; a TTL of 0 says that the lease has
    /// ended.</summary>
    private List<Effect> Lease(double at, long lease = 7, double ttl = 3)
    {
        Tick(at);
        var answer = new LeaseAnswer(StoreStatus.Ok, lease, TimeSpan.FromSeconds(ttl));
        return On(at, new Event.Leased(_ask, answer, At(at)));
    }

    /// <summary>The answers to the writes of <c>seen</c> that are on their way, and to those that follow.</summary>
    private List<Effect> Committed(double at)
    {
        var effects = new List<Effect>();
        while (_commit is var request and not 0)
        {
            _commit = 0;
            effects.AddRange(On(at, new Event.Committed(request,
                new TxnAnswer(StoreStatus.Ok, true, _documents.State.Revision + 1, []))));
        }
        return effects;
    }

    private List<Effect> Tick(double at) => On(at, new Event.Tick());
    private List<Effect> State(double at) => On(at, new Event.StateChanged(_documents.State));
    private List<Effect> Happened(double at, Event @event) => On(at, @event);

    private List<Effect> On(double at, Event @event)
    {
        var effects = new List<Effect>();
        _agent.On(@event, At(at), effects);
        foreach (var effect in effects)
        {
            if (effect is Effect.Commit commit) _commit = commit.Request;
            if (effect is Effect.Grant grant) _ask = grant.Request;
            if (effect is Effect.KeepAlive renewal) _ask = renewal.Request;
        }
        return effects;
    }

    private static Instant At(double seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);

    private static ClusterSpec Spec(bool singleton) => new()
    {
        Name = "shop",
        Services = [new ServiceSpec { Name = ServiceName.Of("timer"), Command = ["run"], Singleton = singleton }],
    };
}
