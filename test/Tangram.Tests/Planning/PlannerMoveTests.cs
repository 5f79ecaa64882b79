using System.Collections.Immutable;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed class PlannerMoveTests
{
    private static readonly ServiceName Order = ServiceName.Of("order");

    [Fact]
    public void A_start_first_move_begins_where_every_node_holds_as_many_as_it_may()
    {
        var plan = Planner.Diff(FullAtRevision(1, target: 2), PlanningFacts.None);
        var starts = plan.Steps.OfType<Step.Start>().ToArray();
        Assert.Equal(2, starts.Length);
        Assert.All(starts, s => Assert.Equal(2, s.Revision));
        Assert.Empty(plan.Steps.OfType<Step.Drain>());
    }

    [Fact]
    public void A_service_whose_nodes_are_full_says_so()
    {
        var state = FullAtRevision(1, target: 1);
        var more = state with
        {
            Asked = new Versioned<Asked>(state.Asked!.Value with { Scale = [new Scale(Order, 7)] }, 1),
        };
        var waiting = Assert.Single(Planner.Diff(more, PlanningFacts.None).Waiting);
        Assert.Equal("no node fits: of 3 nodes, 3 already run 2, the most that max_replicas_per_node allows",
            waiting.Because);
    }

    private static ClusterState FullAtRevision(int running, int target)
    {
        var replicas = Enumerable.Range(1, 6).Select(i => new Assignment
        {
            Replica = ReplicaName.Of(Order, i), Service = Order, Revision = running,
        }).ToArray();
        var nodes = new[] { "a-1", "b-1", "c-1" }.Select((name, n) =>
        {
            EquatableArray<Assignment> mine = [replicas[2 * n], replicas[2 * n + 1]];
            var seen = new Seen
            {
                Incarnation = 1, Zone = ZoneName.Of(name[..1]),
                Replicas = mine.Select(a => new SeenReplica { Replica = a.Replica, Phase = Phase.Ready, Starts = 1 })
                    .ToEquatableArray(),
            };
            return new NodeState
            {
                Name = NodeName.Of(name), Assigned = new Versioned<Assigned>(new Assigned { Replicas = mine }, 2),
                Seen = new Versioned<Seen>(seen, 3),
            };
        });
        return new ClusterState
        {
            Revision = 5,
            Asked = new Versioned<Asked>(new Asked { Revision = target }, 1),
            Rollout = new Versioned<Rollout>(new Rollout
            {
                Current = running, Target = target, Serials = [new NextSerial(Order, 7)],
                Stage = running == target ? RolloutStage.Done : RolloutStage.Rolling,
            }, 4),
            Revisions = ImmutableSortedDictionary<int, Revision>.Empty
                .Add(1, new Revision { Number = 1, Spec = Spec("1") })
                .Add(2, new Revision { Number = 2, Spec = Spec("2") }),
            Nodes = ImmutableSortedDictionary<NodeName, NodeState>.Empty
                .AddRange(nodes.Select(n => KeyValuePair.Create(n.Name, n))),
        };
    }

    private static ClusterSpec Spec(string version) => new()
    {
        Name = "shop",
        Services =
        [
            new ServiceSpec
            {
                Name = Order, Command = ["run", version], Expose = [80],
                Deploy = new DeploySpec
                {
                    Replicas = 6, Placement = new PlacementSpec { MaxReplicasPerNode = 2 },
                    Update = new UpdateSpec { Parallelism = 2 },
                },
            },
        ],
    };
}
