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

    private static ServiceSpec Service(string name, params RouteSpec[] routes) =>
        new() { Name = ServiceName.Of(name), Routes = [.. routes] };

    private static StatusView Status(params string[] gateways) => new()
    {
        Cluster = "shop", Ready = true, Leader = null, Revision = 1, Rollout = null,
        Gateways = [.. gateways.Select(address => new GatewayView(address, "g"))],
    };
}
