using Tangram.Cli;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

public sealed class DrillAddressTests
{
    private static readonly ClusterSpec Shop = new()
    {
        Name = "shop",
        Services =
        [
            Service("order", new RouteSpec(null, "/api/orders")),
            Service("some", new RouteSpec("*.shop.local", "/any"), new RouteSpec("shop.local", "/some")),
            Service("stock"),
        ],
    };

    [Theory]
    [InlineData(null, "http://127.0.0.1:81/api/orders", null)]
    [InlineData("stock-3", "http://127.0.0.1:81/api/orders", null)]
    [InlineData("some", "http://127.0.0.1:81/some", "shop.local")]
    [InlineData("order-2", "http://127.0.0.1:81/api/orders", null)]
    public void Asks_for_the_first_route_that_any_GET_may_take(string? target, string url, string? host)
    {
        var options = DrillAddress.Options(DrillBed.Killing(DrillBed.Fault(FaultKind.ReplicaKilled, 0, target: target)),
            Shop, Status("https://127.0.0.1:443", "http://127.0.0.1:81"));
        Assert.Equal(new Uri(url), options.Url);
        Assert.Equal(host, options.Headers.FirstOrDefault(h => h.Name == "Host")?.Value);
        Assert.Equal(100, options.Rate);
    }

    [Fact]
    public void A_route_of_one_host_is_asked_by_its_name()
    {
        var options = DrillAddress.Options(DrillBed.Killing(), Shop with { Services = [Shop.Services[1]] },
            Status("http://127.0.0.1:81"));
        Assert.Equal("http://127.0.0.1:81/some", options.Url.ToString());
        Assert.Equal("shop.local", options.Headers[0].Value);
    }

    [Fact]
    public void Without_a_route_or_a_gateway_it_says_what_to_write()
    {
        var none = Shop with { Services = [Shop.Services[2]] };
        Assert.Contains("load: { path", Assert.Throws<CommandFailure>(
            () => DrillAddress.Options(DrillBed.Killing(), none, Status("http://127.0.0.1:81"))).Message);
        Assert.Contains("load: { url", Assert.Throws<CommandFailure>(
            () => DrillAddress.Options(DrillBed.Killing(), Shop, Status("tcp://127.0.0.1:80"))).Message);
    }

    [Fact]
    public void On_several_machines_clients_know_every_gateway_by_its_machine()
    {
        var status = Status() with
        {
            Gateways =
            [
                new GatewayView("http://0.0.0.0:8080", "g-a"), new GatewayView("https://0.0.0.0:8443", "g-a"),
                new GatewayView("http://0.0.0.0:8080", "g-b"), new GatewayView("http://0.0.0.0:8080", "g-c"),
                new GatewayView("http://shop.example:80", "g-d"),
            ],
        };
        DrilledMachine[] machines = [Machine("g-a", "10.0.0.1"), Machine("g-b", "10.0.0.2"), Machine(null, "10.0.0.3")];
        var options = DrillAddress.Options(DrillBed.Killing(), Shop, status, machines);
        Assert.Equal("http://10.0.0.1:8080/api/orders", options.Url.ToString());
        Assert.Equal(["http://10.0.0.2:8080/api/orders", "http://shop.example/api/orders"],
            options.Also.Select(url => url.ToString()));
    }

    private static DrilledMachine Machine(string? gateway, string host) =>
        new(host, host, false, null, null, null, gateway, null, []);

    private static ServiceSpec Service(string name, params RouteSpec[] routes) =>
        new() { Name = ServiceName.Of(name), Routes = [.. routes] };

    private static StatusView Status(params string[] gateways) => new()
    {
        Cluster = "shop", Ready = true, Leader = null, Revision = 1, Rollout = null,
        Gateways = [.. gateways.Select(address => new GatewayView(address, "g"))],
    };
}
