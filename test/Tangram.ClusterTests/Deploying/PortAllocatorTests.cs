using System.Net;
using System.Net.Sockets;
using Tangram.Deploying;
using Tangram.Model;

namespace Tangram.ClusterTests.Deploying;

public sealed class PortAllocatorTests
{
    private static readonly ReplicaName Order = ReplicaName.Of("order-1"), Stock = ReplicaName.Of("stock-1");

    [Fact]
    public void Ports_lie_outside_the_kernels_range_and_are_not_given_twice()
    {
        var ports = new PortAllocator("shop", "32768 60999");
        var given = Enumerable.Range(1, 200).Select(i => Port(ports.Allocate(ReplicaName.Of($"order-{i}")))).ToList();
        Assert.Equal(200, given.Distinct().Count());
        Assert.All(given, port => Assert.True(port is >= 20_000 and < 32_768 or > 60_999 and <= 65_535));
    }

    [Fact]
    public void A_released_port_is_not_given_again_at_once()
    {
        var ports = new PortAllocator("shop");
        var first = Port(ports.Allocate(Order));
        ports.Release(Order);
        Assert.NotEqual(first, Port(ports.Allocate(Order)));
    }

    [Fact]
    public void Clusters_begin_at_different_places_and_always_at_the_same()
    {
        Assert.NotEqual(First("shop"), First("blog"));
        Assert.Equal(First("wiki"), First("wiki"));

        static int First(string cluster) => Port(new PortAllocator(cluster).Allocate(Order));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    public void A_taken_port_is_skipped_and_names_its_owner(string address)
    {
        var ports = new PortAllocator("taken" + address);
        var next = Port(ports.Allocate(Order));
        ports.Release(Order);
        var bound = IPAddress.Parse(address);
        using var listener = new Socket(bound.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try { listener.Bind(new IPEndPoint(bound, next + 1)); }
        catch (SocketException e) { Assert.Skip($"{address} cannot be bound here: {e.Message}"); }
        listener.Listen();

        var refused = Assert.IsType<PortAnswer.Refused>(ports.Claim(Order, next + 1));
        Assert.Contains($"port {next + 1} is taken by", refused.Because);
        Assert.Contains($"(pid {Environment.ProcessId})", refused.Because);
        Assert.NotEqual(next + 1, Port(ports.Allocate(Order)));
    }

    [Fact]
    public void A_port_that_a_replica_holds_is_refused_to_others()
    {
        var ports = new PortAllocator("shop");
        var port = Port(ports.Allocate(Order));
        Assert.Contains("held by order-1", Assert.IsType<PortAnswer.Refused>(ports.Claim(Stock, port)).Because);
        ports.Release(Order);
        Assert.Equal(port, Port(ports.Claim(Stock, port)));
        ports.Hold(Order, port + 1);
        Assert.IsType<PortAnswer.Refused>(ports.Claim(Stock, port + 1));
    }

    private static int Port(PortAnswer answer) => Assert.IsType<PortAnswer.Allocated>(answer).Port;
}
