using Tangram.Planning.Designing;

namespace Tangram.Tests.Planning.Designing;

public sealed class VolumeChecksTests
{
    private static DesignFinding[] Found(params string[] services) => [.. Yaml.Design("services:\n" +
        string.Join('\n', services.Select((s, n) => $"  s{n}: {{ command: x, {s} }}")) +
        "\nvolumes: { data: , other: }\nx-tangram: { zones: [a, b] }")
        .Where(f => f.Check is "two-writers" or "volume-stays")];

    private const string Pinned = "placement: { constraints: [node.hostname == a-1], max_replicas_per_node: 1 }";

    [Fact]
    public void Two_services_write_into_one_folder()
    {
        const string one = "volumes: ['/tmp:/tmp'], x-tangram: { singleton: true }";
        var finding = Assert.Single(Found(one, one));
        Assert.Equal(("two-writers", "s0: s1 writes into the volume '/tmp' too"), (finding.Check, finding.Sentence));
        Assert.Empty(Found(one, "volumes: ['/usr:/usr'], x-tangram: { singleton: true }"));
    }

    [Fact]
    public void Two_services_write_into_one_named_volume() => Assert.Contains(
        Found($"volumes: ['data:/data'], deploy: {{ {Pinned} }}", $"volumes: ['data:/x'], deploy: {{ {Pinned} }}"),
        f => f.What == "s1 writes into the volume 'data' too");

    [Fact]
    public void Replicas_share_a_bind_and_those_on_one_node_a_named_volume()
    {
        Assert.Equal("up to 3 replicas on one node write into the volume '/tmp'",
            Assert.Single(Found("volumes: ['/tmp:/tmp'], deploy: { replicas: 3 }")).What);
        Assert.Contains(Found("volumes: ['data:/data'], deploy: { replicas: 3 }"),
            f => f.What == "up to 3 replicas on one node write into the volume 'data'");
        Assert.DoesNotContain(Found(
            "volumes: ['data:/data'], deploy: { replicas: 3, placement: { max_replicas_per_node: 1 } }"),
            f => f.Check == "two-writers");
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData(", deploy: { update_config: { order: stop-first } }", 0)]
    [InlineData(", x-tangram: { singleton: true }", 0)]
    public void The_old_and_the_new_one_of_a_move(string more, int findings) => Assert.Equal(findings,
        Found($"volumes: ['/tmp:/tmp']{more}").Count(f => f.What.StartsWith("during each move")));

    [Fact]
    public void A_named_volume_does_not_move_with_its_replica()
    {
        var finding = Assert.Single(Found("volumes: ['data:/data'], x-tangram: { singleton: true }"));
        Assert.Equal("volume-stays", finding.Check);
        Assert.Equal("the volume 'data' is a folder of each of 2 nodes, and a replica may move", finding.What);
        Assert.Empty(Found($"volumes: ['data:/data'], deploy: {{ {Pinned} }}, x-tangram: {{ singleton: true }}"));
        Assert.Empty(Found("volumes: ['data:/data'], deploy: { mode: global }"));
    }
}
