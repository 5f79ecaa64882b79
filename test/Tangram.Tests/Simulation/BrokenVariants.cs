using Tangram.Coordinating;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Proving.Simulation;
using Tangram.Routing;

namespace Tangram.Tests.Simulation;

/// <summary>Bugs put in on purpose, each at the boundary of a machine, with a seed that shows each. A variant that no
/// longer fails means that the invariants have gone blind.</summary>
public static class BrokenVariants
{
    public static readonly (string Name, ulong Seed, SimulatorOptions Options)[] All =
    [
        ("the leader compares nothing but its term", 5,
            Effects((who, e) => Server(who) ? Compares(e, c => c.Key == Keys.Term) : e)),
        ("the leader writes blindly", 5, Effects((who, e) => Server(who) ? Compares(e, _ => false) : e)),
        ("serials start again", 1, Effects((who, e) => Server(who) ? Puts(e, WithoutSerials) : e)),
        ("replicas are stopped without being drained", 1,
            Effects((who, e) => Server(who) ? Puts(e, StoppedAtOnce) : e)),
        ("a process that starts is taken for ready by the leader", 1,
            Events((who, e) =>
                Server(who) && e is Event.StateChanged s ? new Event.StateChanged(AllReady(s.State)) : e)),
        ("a failed check counts as ready", 5,
            Events((_, e) => e is ReplicaEvent.Checked c ? c with { Ok = true } : e)),
        ("a gateway acknowledges routes before they are in force", 1,
            Events((_, e) => e is TrafficSeen t ? t with { Applied = long.MaxValue } : e)),
        ("a gateway says nothing of requests in flight", 1,
            Events((_, e) => e is TrafficSeen t ? t with { Busy = [] } : e)),
        ("a gateway reports no outcomes", 4, Events((_, e) => e is TrafficSeen t ? t with { Outcomes = [] } : e)),
        ("an unknown outcome is acknowledged", 20, Answers((who, a) =>
            who == "people" && a.Status == StoreStatus.Unknown ? a with { Status = StoreStatus.Ok, Succeeded = true }
                : a)),
        ("a conflict is acknowledged", 30, Answers((who, a) =>
            who == "people" && a is { Status: StoreStatus.Ok, Succeeded: false } ? a with { Succeeded = true } : a)),
        ("a restarted agent forgets its replicas", 1, new SimulatorOptions { Adopts = _ => false }),
        ("replicas are never ended", 1, Effects((_, e) => e is ReplicaEffect.Signal or ReplicaEffect.Kill ? null : e)),
        ("the lease of a dead node counts as ended", 1,
            Events((who, e) =>
                Server(who) && e is Event.StateChanged s ? new Event.StateChanged(DeadUnseen(s.State)) : e)),
        ("the guard of singletons is given too much time", 2, Effects((_, e) =>
            e is GuardSingletons g ? new GuardSingletons(g.Until + TimeSpan.FromSeconds(5)) : e)),
        ("it is forgotten whom a replica was to relieve", 92,
            Effects((who, e) => Server(who) ? Puts(e, Unrelated) : e)),
        ("nothing moves for a better spread", 92,
            Effects((who, e) => Server(who) && e is Effect.Commit c && c.Txn.Then.Any(Relieves) ? null : e)),
        ("ended processes go unnoticed", 1, Events((_, e) => e is ReplicaEvent.Exited ? null : e)),
    ];

    /// <summary>The same for jobs, with the application's jobs in.</summary>
    public static readonly (string Name, ulong Seed, SimulatorOptions Options)[] OfJobs =
    [
        ("the leader forgets which occurrence it decided", 1, Jobs(j => j with
        {
            Handled = j.Handled - TimeSpan.FromSeconds(5),
        })),
        ("a completion is forgotten", 1, Jobs(j => j with
        {
            Runs = [.. j.Runs.Select(r => r with { Completed = [] })],
        })),
        ("a request by hand is not ticked off", 1, Jobs(j => j with { Asked = 0 })),
        ("a job that runs counts as completed", 1,
            Events((who, e) =>
                Server(who) && e is Event.StateChanged s ? new Event.StateChanged(AllCompleted(s.State)) : e)),
        ("an agent that returns does not know how its jobs ended", 8, new SimulatorOptions { Adopts = s => s.Pid > 0 }),
        ("a job that failed counts as completed", 2,
            Events((_, e) => e is ReplicaEvent.Exited { Code: > 0 } x ? x with { Code = 0 } : e)),
        ("the leader writes about jobs whatever stands there", 74, Effects((who, e) =>
            Server(who) ? Compares(e, c => !c.Key.StartsWith(Keys.JobPrefix, StringComparison.Ordinal)
                && c.Key != Keys.Term && c.Key != Keys.Rollout) : e)),
    ];

    private static SimulatorOptions Jobs(Func<JobRuns, JobRuns> change) => Effects((who, e) =>
        Server(who) ? Puts(e, put => put.Key.StartsWith(Keys.JobPrefix, StringComparison.Ordinal)
            ? put with { Value = Json.Write(change(Json.Read<JobRuns>(put.Value))) }
            : put) : e);

    private static ClusterState AllCompleted(ClusterState state) => Replicas(state, r =>
        (r.Replica.Value.StartsWith("task", StringComparison.Ordinal)
            || r.Replica.Value.StartsWith("timed", StringComparison.Ordinal)) && r.Phase == Phase.Ready
            ? r with { Phase = Phase.Completed } : r);

    private static bool Server(string who) => who.StartsWith("server", StringComparison.Ordinal);

    private static SimulatorOptions Effects(Func<string, Effect, Effect?> change) => new() { OnEffect = change };
    private static SimulatorOptions Events(Func<string, Event, Event?> change) => new() { OnEvent = change };
    private static SimulatorOptions Answers(Func<string, TxnAnswer, TxnAnswer> change) => new() { OnAnswer = change };

    private static Effect Compares(Effect effect, Func<Compare, bool> keep) =>
        effect is Effect.Commit commit && commit.Txn.Then.All(op => op is not StoreOp.Put { Key: Keys.Term })
            ? commit with { Txn = commit.Txn with { Compares = [.. commit.Txn.Compares.Where(keep)] } }
            : effect;

    private static Effect Puts(Effect effect, Func<StoreOp.Put, StoreOp.Put> change) => effect is Effect.Commit commit
        ? commit with { Txn =
            commit.Txn with { Then = [.. commit.Txn.Then.Select(op => op is StoreOp.Put p ? change(p) : op)] } }
        : effect;

    private static StoreOp.Put WithoutSerials(StoreOp.Put put) => put.Key == Keys.Rollout
        ? put with { Value = Json.Write(Json.Read<Rollout>(put.Value) with { Serials = [] }) }
        : put;

    private static bool Relieves(StoreOp op) =>
        op is StoreOp.Put put && put.Key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)
        && put.Value.Contains("\"relieves\"", StringComparison.Ordinal);

    private static StoreOp.Put Unrelated(StoreOp.Put put) => Relieves(put)
        ? put with
        {
            Value = Json.Write(new Assigned
            {
                Replicas = Json.Read<Assigned>(put.Value).Replicas.Select(a => a with { Relieves = null })
                    .ToEquatableArray(),
            }),
        }
        : put;

    private static StoreOp.Put StoppedAtOnce(StoreOp.Put put) =>
        put.Key.StartsWith(Keys.AssignedPrefix, StringComparison.Ordinal)
            ? put with { Value = put.Value.Replace("\"Drain\"", "\"Stop\"", StringComparison.Ordinal) }
            : put;

    private static ClusterState DeadUnseen(ClusterState state) => state with
    {
        Nodes = state.Nodes.SetItems(state.Nodes.Where(n => n.Value.Dead is not null)
            .Select(n => KeyValuePair.Create(n.Key, n.Value with { Seen = null }))),
    };

    private static ClusterState AllReady(ClusterState state) => Replicas(state, r =>
        r.Phase == Phase.Starting ? r with { Phase = Phase.Ready } : r);

    private static ClusterState Replicas(ClusterState state, Func<SeenReplica, SeenReplica> change) => state with
    {
        Nodes = state.Nodes.SetItems(state.Nodes.Where(n => n.Value.Seen is not null)
            .Select(n => KeyValuePair.Create(n.Key, n.Value with
            {
                Seen = n.Value.Seen! with
                {
                    Value = n.Value.Seen.Value with
                    {
                        Replicas = n.Value.Seen.Value.Replicas.Select(change).ToEquatableArray(),
                    },
                },
            }))),
    };
}
