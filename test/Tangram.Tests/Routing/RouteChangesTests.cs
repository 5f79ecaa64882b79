using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Routing;

/// <summary>Routes that are derived from what has changed are the routes that are derived from everything.</summary>
public sealed class RouteChangesTests
{
    private static readonly string[] Services = ["cart", "order", "stock", "web"];
    private static readonly ClusterSpec Spec = Documents.Spec([.. Services.Select(s => (s, 3))]);

    private static StoreBatch Batch(long revision, string key, string? value) => new(revision,
        [new KeyChange(new KeyValue(key, value ?? "", 1, revision, 1, 0), Deleted: value is null)]);

    /// <summary>Something that a leader or an agent might write, or two of them that do not fit together.</summary>
    private static (string Key, string? Value) Change(Rng rng, ClusterState state)
    {
        var node = NodeName.Of($"{"abc"[rng.Next(3)]}-{rng.Next(3)}");
        var known = state.Nodes.GetValueOrDefault(node);
        var zone = ZoneName.Of(node.Value[..1]);
        switch (rng.Next(12))
        {
            case 0: return (Keys.Dead(node), known?.Dead is null ? Json.Write(new Dead(zone, 1, "test")) : null);
            case 1: return (Keys.Seen(node), null);
            case 2:
                var stage = (RolloutStage)rng.Next(7);
                return (Keys.Rollout, Json.Write(new Rollout { Current = 1, Target = 1 + rng.Next(2), Stage = stage }));
            case 3 or 4 or 5 or 6:
                return (Keys.Assigned(node), Json.Write(new Assigned { Replicas = Assignments(rng, node) }));
            default:
                return (Keys.Seen(node), Json.Write(new Seen
                {
                    Incarnation = 1, Zone = zone, Replicas = (known?.Assignments ?? []).Select(a => new SeenReplica
                    {
                        Replica = a.Replica, Phase = rng.Chance(0.7) ? Phase.Ready : Phase.Unready, Port = 5000,
                        Starts = 1 + rng.Next(2),
                    }).ToEquatableArray(),
                }));
        }
    }

    private static EquatableArray<Assignment> Assignments(Rng rng, NodeName node) => Enumerable.Range(1, rng.Next(5))
        .Select(i => new Assignment
        {
            Replica = ReplicaName.Of($"{Services[i % 4]}-{node.Value[0] * 10 + node.Value[2] - '0' + 1000 * i}"),
            Service = ServiceName.Of(Services[i % 4]), Revision = 1 + rng.Next(2),
            Intent = rng.Chance(0.7) ? Intent.Run : Intent.Drain,
        }).OrderBy(a => a.Replica).ToEquatableArray();

    private static string Told(RouteTable table)
    {
        static string Of(IEnumerable<Backend> backends) => string.Join(' ', backends.OrderBy(b => b.Replica)
            .Select(b => $"{b.Replica}@{b.Node}:{b.Revision}/{b.Starts}{b.Intent}{b.Counters.Successes}"));
        return string.Join('\n', table.Services.Select(s => $"{s.Name}: {Of(s.Backends)}")
            .Append($"unrouted {Of(table.Unrouted)}").Append($"abandoned {Of(table.Abandoned)}")
            .Append($"applied {table.AppliedRevision}, target {table.Target}")
            .Append($"tallies {string.Join(' ', table.Tallies.Select(t => $"{t.Service} {t.Revision}"))}"));
    }

    [Fact]
    public void Changes_lead_to_the_same_routes_as_everything_anew()
    {
        for (var seed = 1UL; seed <= 200; seed++)
        {
            var rng = new Rng(seed);
            var state = new Documents().Revision(1, Spec).Revision(2, Spec).Asked(1)
                .Rollout(1, 1, RolloutStage.Done).State;
            var (changes, anew) = (RouteTable.Empty, RouteTable.Empty);
            for (var i = 0; i < 60; i++)
            {
                var (key, value) = Change(rng, state);
                state = state.Apply(Batch(state.Revision + 1, key, value));
                if (rng.Chance(0.3)) continue;
                (changes, anew) = (RouteDeriver.Derive(state, changes), RouteDeriver.DeriveAll(state, anew));
                Assert.True(Told(changes) == Told(anew), $"seed {seed}, change {i} of {key}:\n{Told(changes)}\n" +
                                                         $"and not\n{Told(anew)}");
            }
        }
    }
}
