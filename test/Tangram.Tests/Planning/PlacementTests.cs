using Tangram.Model;
using Tangram.Planning.Placement;

namespace Tangram.Tests.Planning;

/// <summary>The placer beside a second implementation that scans every node for every replica.</summary>
public sealed class PlacementTests
{
    private const int Seeds = 400;

    private static readonly PlacementNode[] Three =
    [
        .. new[] { "a", "b", "c" }.Select(name => new PlacementNode
        {
            Name = NodeName.Of(name), Zone = ZoneName.Of(name), Capacity = new Resources { Cpus = 2 },
        }),
    ];

    [Fact]
    public void Binpack_fills_one_node_before_it_takes_the_next()
    {
        var placer = new Placer(Three);
        var answer = placer.Place(Service("order", PlacementStrategy.Binpack, cpus: 0.5), 6);
        Assert.Equal(["a", "a", "a", "a", "b", "b"], answer.Nodes.Select(n => n.Value));
        Assert.Null(answer.Refusal);
    }

    [Fact]
    public void Binpack_prefers_the_node_that_is_already_fullest()
    {
        var placer = new Placer(Three);
        placer.Occupy(NodeName.Of("b"), Service("stock", PlacementStrategy.Spread, cpus: 1));
        var answer = placer.Place(Service("order", PlacementStrategy.Binpack, cpus: 0.5), 3);
        Assert.Equal(["b", "b", "a"], answer.Nodes.Select(n => n.Value));
    }

    [Fact]
    public void Chooses_as_a_scan_of_every_node_would()
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            var rng = new Rng(seed);
            var nodes = Enumerable.Range(0, 1 + rng.Next(9)).Select(i => RandomNode(i, rng)).ToArray();
            var services = Enumerable.Range(0, 1 + rng.Next(4)).Select(i => RandomService(i, rng)).ToArray();
            var (placer, scan) = (new Placer(nodes), new PlacementScan(nodes));
            for (var turn = 0; turn < 8; turn++)
            {
                var (service, count) = (services[rng.Next(services.Length)], 1 + rng.Next(6));
                if (rng.Next(4) == 0)
                {
                    var (node, leaving) = (nodes[rng.Next(nodes.Length)].Name, rng.Next(2) == 0);
                    placer.Occupy(node, service, leaving);
                    scan.Occupy(node, service, leaving);
                    continue;
                }
                var expected = scan.Place(service, count);
                var answer = placer.Place(service, count);
                Assert.True(expected.SequenceEqual(answer.Nodes),
                    $"seed {seed}, turn {turn}: the scan chose {string.Join(" ", expected)} and the placer " +
                    string.Join(" ", answer.Nodes));
                Assert.Equal(expected.Count == count, answer.Refusal is null);
            }
        }
    }

    private static PlacementNode RandomNode(int i, Rng rng) => new()
    {
        Name = NodeName.Of($"node-{i}"), Zone = ZoneName.Of($"zone-{rng.Next(3)}"),
        Labels = [new Variable("disk", rng.Next(2) == 0 ? "ssd" : "hdd"), new Variable("rack", $"r{rng.Next(3)}")],
        Capacity = new Resources { Cpus = rng.Next(3) == 0 ? 0 : 1 + rng.Next(3), Memory = (long)rng.Next(4) << 30 },
        Cordoned = rng.Next(8) == 0 ? "drained" : null,
    };

    private static ServiceSpec RandomService(int i, Rng rng)
    {
        var strategy = rng.Next(3) == 0 ? PlacementStrategy.Binpack : PlacementStrategy.Spread;
        var service = Service($"service-{i}", strategy, cpus: rng.Next(3) * 0.25);
        return service with
        {
            Ports = rng.Next(4) == 0 ? [new PortSpec(null, 9_000 + rng.Next(2), 80, PortMode.Host)] : [],
            Deploy = service.Deploy with
            {
                Resources = service.Deploy.Resources with
                {
                    Reservations = service.Deploy.Resources.Reservations with { Memory = rng.Next(3) << 28 },
                },
                Placement = service.Deploy.Placement with
                {
                    Constraints = rng.Next(3) == 0
                        ? [new ConstraintSpec("node.labels.disk", rng.Next(2) == 0, "SSD")]
                        : [],
                    MaxReplicasPerNode = rng.Next(3),
                    Spread = rng.Next(3) switch
                    {
                        0 => ["node.zone", "node.labels.rack"],
                        1 => ["node.labels.rack"],
                        _ => [],
                    },
                },
            },
        };
    }

    private static ServiceSpec Service(string name, PlacementStrategy strategy, double cpus) => new()
    {
        Name = ServiceName.Of(name),
        Deploy = new DeploySpec
        {
            Placement = new PlacementSpec { Strategy = strategy },
            Resources = new ResourcesSpec { Reservations = new Resources { Cpus = cpus } },
        },
    };
}
