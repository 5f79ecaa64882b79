using System.Collections.Immutable;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Bench;

/// <summary>500 services of mixed sizes, 100,000 replicas in all, on 5,000 nodes in five zones: a fifth of the
/// services ask for a label, a tenth limit replicas per node, 5 % publish a port on the host, all reserve CPU and
/// memory.</summary>
internal static class PlanningScenario
{
    public const int Nodes = 5_000, Services = 500, Replicas = 100_000;

    public static ClusterState Build(ulong seed)
    {
        var rng = new Rng(seed);
        var spec = new ClusterSpec { Name = "bench", Services = ServicesOf(rng) };
        var nodes = ImmutableSortedDictionary.CreateBuilder<NodeName, NodeState>();
        for (var i = 0; i < Nodes; i++)
        {
            var name = NodeName.Of($"node-{i:0000}");
            nodes[name] = new NodeState { Name = name, Seen = new Versioned<Seen>(SeenOf(i, []), 3) };
        }
        return new ClusterState
        {
            Revision = 10,
            Asked = new Versioned<Asked>(new Asked { Revision = 1 }, 1),
            Rollout = new Versioned<Rollout>(new Rollout { Target = 1 }, 4),
            Revisions = ImmutableSortedDictionary<int, Revision>.Empty.Add(1, new Revision { Number = 1, Spec = spec }),
            Nodes = nodes.ToImmutable(),
        };
    }

    /// <summary>The state after a plan, with every replica ready.</summary>
    public static ClusterState Running(ClusterState state, Plan plan)
    {
        var starts = plan.Steps.OfType<Step.Start>().GroupBy(s => s.Node).ToDictionary(g => g.Key, g => g.ToArray());
        var nodes = state.Nodes.Select((pair, i) =>
        {
            var mine = starts.GetValueOrDefault(pair.Key) ?? [];
            var assigned = new Assigned { Replicas = PlanTxn.Apply([], mine) };
            var seen = SeenOf(i, assigned.Replicas.Select(a => new SeenReplica
            {
                Replica = a.Replica, Phase = Phase.Ready, Port = 20_000, Starts = 1, EverReady = true,
            }).ToEquatableArray());
            return KeyValuePair.Create(pair.Key, pair.Value with
            {
                Assigned = new Versioned<Assigned>(assigned, 5), Seen = new Versioned<Seen>(seen, 6),
            });
        });
        return state with
        {
            Nodes = state.Nodes.SetItems(nodes),
            Rollout = new Versioned<Rollout>(new Rollout { Current = 1, Target = 1, Stage = RolloutStage.Done }, 7),
        };
    }

    public static ClusterState WithoutNode(ClusterState state, int number)
    {
        var node = state.Nodes[NodeName.Of($"node-{number:0000}")];
        var dead = new Dead(node.Seen!.Value.Zone, 1, "bench");
        return state with
        {
            Nodes = state.Nodes.SetItem(node.Name, node with { Seen = null, Dead = new Versioned<Dead>(dead, 8) }),
        };
    }

    private static Seen SeenOf(int i, EquatableArray<SeenReplica> replicas) => new()
    {
        Incarnation = 1, Zone = ZoneName.Of($"zone-{i % 5}"),
        Labels = [new Variable("disk", i % 2 == 0 ? "ssd" : "hdd"), new Variable("rack", $"r{i % 50}")],
        Capacity = new Resources { Cpus = 32, Memory = 128L << 30 },
        Replicas = replicas,
    };

    private static EquatableArray<ServiceSpec> ServicesOf(Rng rng)
    {
        var weights = Enumerable.Range(0, Services).Select(_ => 0.05 + Math.Pow(rng.NextDouble(), 4)).ToArray();
        var sizes = weights.Select(w => Math.Max(1, (int)(w / weights.Sum() * Replicas))).ToArray();
        sizes[^1] += Replicas - sizes.Sum();
        return sizes.Select((size, i) => new ServiceSpec
        {
            Name = ServiceName.Of($"service-{i:000}"), Command = ["run"], Expose = [80],
            Ports = i % 20 == 0 ? [new PortSpec(null, 10_000 + i, 80, PortMode.Host)] : [],
            Deploy = new DeploySpec
            {
                Replicas = size,
                Placement = new PlacementSpec
                {
                    Constraints = i % 5 == 1 ? [new ConstraintSpec("node.labels.disk", true, "ssd")] : [],
                    MaxReplicasPerNode = i % 10 == 2 ? Math.Max(1, size / 500) : 0,
                    Spread = i % 7 == 3 ? ["node.zone", "node.labels.rack"] : [],
                },
                Resources = new ResourcesSpec
                {
                    Reservations =
                        new Resources { Cpus = 0.1 + 0.1 * rng.Next(4), Memory = (128L + 128 * rng.Next(4)) << 20 },
                },
            },
        }).ToEquatableArray();
    }
}
