using System.Net;
using Tangram.ClusterTests.Drilling;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing;

/// <summary>For practice, a gateway reaches a replica by way of another port, and directly again.</summary>
public sealed class DetourTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task No_connection_that_waits_is_used_again_when_the_way_changes()
    {
        await using var direct = new RawBackend("direct", (_, _) => Act.Answer);
        await using var around = new RawBackend("around", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(direct.Port);
        var replica = ReplicaName.Of(GatewayBed.Order, direct.Port);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal((HttpStatusCode.OK, "direct"), await bed.GetAsync());
            Assert.Null(bed.Gateway.Detour(replica, around.Port, Second * 10));
            Assert.Equal((HttpStatusCode.OK, "around"), await bed.GetAsync());
            Assert.Null(bed.Gateway.Detour(replica, around.Port, TimeSpan.Zero));
        }
        Assert.Equal((HttpStatusCode.OK, "direct"), await bed.GetAsync());
    }

    [Fact]
    public async Task Nobody_renews_it_and_it_ends_and_only_a_backend_has_one()
    {
        await using var direct = new RawBackend("direct", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(direct.Port);
        var replica = ReplicaName.Of(GatewayBed.Order, direct.Port);
        // Nobody listens there: as after the death of whoever did.
        Assert.Null(bed.Gateway.Detour(replica, GatewayBed.ClosedPort(), Second * 0.3));
        await Until.SomeAsync(async () => await bed.GetAsync() is { Text: "direct" } ? this : null, Second * 2,
            () => "it is reached directly again");
        Assert.Equal("no requests go to 'order-1'",
            bed.Gateway.Detour(ReplicaName.Of(GatewayBed.Order, 1), 80, Second));
    }
}
