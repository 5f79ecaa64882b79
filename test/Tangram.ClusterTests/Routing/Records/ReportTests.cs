using Tangram.ClusterTests.BadInput;
using Tangram.ClusterTests.Drilling;
using Tangram.Observing;

namespace Tangram.ClusterTests.Routing.Records;

public sealed class ReportTests
{
    [Fact]
    public async Task A_server_shows_what_a_gateway_on_another_machine_has_counted()
    {
        // Given a server, an agent and a gateway, each a process of its own
        var (house, _, _, _) = await SmallHouse.ReadyAsync(encrypted: true);
        await using var mine = house;

        // When requests pass
        using var http = new HttpClient();
        for (var i = 0; i < 5; i++)
            using (await http.GetAsync(house.Gateway)) { }

        // Then the server's API tells of them, by the gateway's name
        using var client = new Cli.ClusterClient(new Cli.ClusterPlace(house.Cluster, house.Socket, null));
        var seen = await Until.SomeAsync(async () =>
            (await client.GetAsync<RoutesView>("/v1/routes", default)).Gateways.FirstOrDefault(g =>
                g.Routes.Sum(r => r.Requests) == 5), TimeSpan.FromSeconds(20), house.Printed);
        Assert.Equal("g1", seen.Gateway);
        var service = Assert.Single(seen.Services);
        Assert.Equal((2, 5L, 0L), (service.Backends.Count, service.Backends.Sum(b => b.Requests), service.Errors));
    }
}
