using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class RouteIndexTests
{
    private static readonly (RouteSpec Route, ServiceName Service)[] Routes =
    [
        (new RouteSpec("shop.local", "/"), ServiceName.Of("web")),
        (new RouteSpec("shop.local", "/api"), ServiceName.Of("api")),
        (new RouteSpec("shop.local", "/api/orders/"), ServiceName.Of("order")),
        (new RouteSpec(null, "/status"), ServiceName.Of("status")),
        (new RouteSpec("[::1]", "/six"), ServiceName.Of("six")),
    ];

    [Theory]
    [InlineData("shop.local", "/", "web")]
    [InlineData("SHOP.local:8080", "/x/y", "web")]
    [InlineData("shop.local.", "/api", "api")]
    [InlineData("shop.local", "/api/", "api")]
    [InlineData("shop.local", "/apis", "web")]
    [InlineData("shop.local", "/API", "web")]
    [InlineData("shop.local", "/api/orders", "order")]
    [InlineData("shop.local", "/api/orders/7/lines", "order")]
    [InlineData("shop.local", "/api/ordersX", "api")]
    [InlineData("shop.local", "/status", "web")]
    [InlineData("other", "/status/x", "status")]
    [InlineData("other", "/", null)]
    [InlineData("", "", null)]
    [InlineData("[::1]:80", "/six", "six")]
    [InlineData("[::1]", "/six", "six")]
    public void Matches_the_host_and_the_longest_path(string host, string path, string? service) =>
        Assert.Equal(service, new RouteIndex(Routes).Match(host, path)?.Value);

    /// <summary>A dumb second implementation to compare with.</summary>
    [Fact]
    public void Agrees_with_comparing_every_route()
    {
        var rng = new Rng(7);
        string Path(int most) =>
            string.Concat(Enumerable.Range(0, rng.Next(most + 1)).Select(_ => "/" + "abc"[rng.Next(3)]));
        RouteSpec Route() => new(rng.Chance(0.5) ? "h" : null, Path(3) + "/");
        for (var round = 0; round < 200; round++)
        {
            var routes = Enumerable.Range(0, 8).Select(i => (Route: Route(), Service: ServiceName.Of($"s{i}")))
                .ToArray();
            var index = new RouteIndex(routes);
            for (var ask = 0; ask < 50; ask++)
            {
                var (host, path) = (rng.Chance(0.5) ? "h" : "x", Path(6) + "/");
                var expected = routes
                    .Where(r => (r.Route.Host ?? host) == host)
                    .Where(r => path.StartsWith(r.Route.Path.TrimEnd('/') + "/", StringComparison.Ordinal))
                    .OrderBy(r => r.Route.Host is null).ThenByDescending(r => r.Route.Path.TrimEnd('/').Length)
                    .Select(r => (ServiceName?)r.Service).FirstOrDefault();
                Assert.Equal(expected, index.Match(host, path));
            }
        }
    }
}
