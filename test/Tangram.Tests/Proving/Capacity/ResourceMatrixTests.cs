using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Proving.Capacity;
using Tangram.Tests.Coordinating;
using Tangram.Tests.Planning;

namespace Tangram.Tests.Proving.Capacity;

public sealed class ResourceMatrixTests
{
    private const string Shop =
        """
        services:
          order:
            command: serve
            deploy: { replicas: 6, resources: { limits: { cpus: "0.5", memory: 256M }, reservations: { cpus: "0.2" } } }
            x-tangram: { probe: tcp, forecast: { rate: 100/s, storage: 1G, bandwidth: 2M } }
          web:
            command: serve
            deploy: { replicas: 3, resources: { limits: { cpus: "1", memory: 1G } } }
          log: { command: serve, deploy: { mode: global, resources: { reservations: { cpus: "0.1", memory: 64M } } } }
        x-tangram: { zones: [a, b, c] }
        """;

    private const long M = 1 << 20, G = 1 << 30;

    [Fact]
    public void Nodes_are_as_large_as_what_they_hold_and_what_another_zone_leaves_them()
    {
        var matrix = ResourceMatrix.Of(ClusterState.Empty, Yaml.Spec(Shop));
        Assert.Equal(["a-1", "b-1", "c-1"], matrix.Nodes.Select(n => n.Node.Value));
        // Two orders, one web, one log; without another zone one order more on each, and one web on one of them.
        foreach (var node in matrix.Nodes)
        {
            Near(new Takes(4, 2.1, 2 * 256 * M + G + 64 * M, 2 * G, 4 * M, 0), node.Standard);
            Assert.InRange(node.Extended.Replicas, 5, 6);
            Assert.Equal(3 * G, node.Extended.Storage);
        }
        Near(new Takes(6, 3.6, 3 * 256 * M + 2 * G + 64 * M, 3 * G, 6 * M, 0), matrix.Extended);
        Assert.Empty(matrix.Unplaced);
    }

    [Fact]
    public void Whatever_zone_is_lost_everything_is_somewhere()
    {
        var rng = new Rng(3);
        for (var round = 0; round < 50; round++)
        {
            var (zones, each, replicas) = (2 + rng.Next(3), 1 + rng.Next(3), 1 + rng.Next(40));
            var spec = Yaml.Spec($"services: {{ web: {{ command: serve, deploy: {{ replicas: {replicas}, resources: " +
                "{ limits: { cpus: '1', memory: 1M } } } } }\nx-tangram: { zones: [" +
                string.Join(", ", "abcd".Take(zones)) + $"], nodes_per_zone: {each} }}");
            var matrix = ResourceMatrix.Of(ClusterState.Empty, spec);
            Assert.Equal(replicas, matrix.Nodes.Sum(n => n.Standard.Replicas));
            foreach (var node in matrix.Nodes)
            {
                Assert.True(node.Extended.Replicas >= node.Standard.Replicas);
                // What all of it comes to, spread evenly over the nodes that are left, and one more.
                Assert.InRange(node.Extended.Cpus, 0, Math.Ceiling(replicas / (double)((zones - 1) * each)) + 1);
            }
            foreach (var zone in matrix.Zones)
            {
                var nodes = matrix.Nodes.Where(n => n.Zone == zone.Zone).ToList();
                Assert.Equal(nodes.Sum(n => n.Standard.Replicas), zone.Standard.Replicas);
                // Not every node of a zone is at its fullest at once.
                Assert.InRange(zone.Extended.Replicas, zone.Standard.Replicas, nodes.Sum(n => n.Extended.Replicas));
            }
            foreach (var lost in spec.Zones)
                Assert.True(matrix.Nodes.Where(n => n.Zone != lost).Sum(n => n.Extended.Replicas) >= replicas);
        }
    }

    [Fact]
    public void What_the_file_does_not_tell_is_counted()
    {
        var matrix = ResourceMatrix.Of(ClusterState.Empty,
            Yaml.Spec("services: { web: { command: serve, deploy: { replicas: 2 } } }"));
        Assert.Equal((2, 2, 0), (matrix.Standard.Replicas, matrix.Standard.Untold, (int)matrix.Standard.Cpus));
        Assert.Contains(ResourceText.Sentences(matrix), s => s.EndsWith("on top.", StringComparison.Ordinal));
    }

    [Fact]
    public void What_finds_no_place_without_a_zone_is_said()
    {
        var matrix = ResourceMatrix.Of(ClusterState.Empty, Yaml.Spec(
            "services: { web: { command: serve, deploy: { replicas: 2, placement: " +
            "{ max_replicas_per_node: 1 } } } }\nx-tangram: { zones: [a, b] }"));
        Assert.Equal(2, matrix.Unplaced.Count);
        Assert.StartsWith("1 of web find no place when zone a is lost: ", matrix.Unplaced[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_that_are_there_count_with_what_they_offer()
    {
        var documents = new Documents().Node("a-1", 1).Node("b-1", 1);
        foreach (var node in documents.State.Nodes.Values)
            documents.Put(Keys.Seen(node.Name), node.Seen!.Value with
            {
                Capacity = new Resources { Cpus = 4, Memory = 8 * G },
            });
        var matrix = ResourceMatrix.Of(documents.State, Yaml.Spec(Shop));
        Assert.Equal(2, matrix.Nodes.Count);
        var text = string.Join('\n', ResourceText.Sentences(matrix));
        Assert.Contains("warning: a-1 offers 4 cores, of which 90 % may be taken, and 15", text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("of memory, of which", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_has_a_row_for_each_node_and_zone()
    {
        var rows = ResourceText.Rows(ResourceMatrix.Of(ClusterState.Empty, Yaml.Spec(Shop))).ToList();
        Assert.Equal(6, rows.Count);
        Assert.Equal(["a-1", "a", "4 → 6", "2.1 → 3.6", "1.6G → 2.9G", "2G → 3G", "4M/s → 6M/s"], rows[0]);
        Assert.Equal(["all of", "a"], rows[3][..2]);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(1536, "1.5k")]
    [InlineData(1L << 40, "1T")]
    public void Sizes_are_written_as_in_the_file(long bytes, string text) =>
        Assert.Equal(text, ResourceText.Bytes(bytes));

    private static void Near(Takes expected, Takes actual)
    {
        Assert.Equal(expected.Cpus, actual.Cpus, 1e-9);
        Assert.Equal(expected with { Cpus = 0 }, actual with { Cpus = 0 });
    }
}
