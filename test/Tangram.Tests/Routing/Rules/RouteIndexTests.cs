using System.Net;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

public sealed class RouteIndexTests
{
    private static readonly RouteIndex Index = new(
    [
        (new RouteSpec("shop.local", "/"), ServiceName.Of("web")),
        (new RouteSpec("shop.local", "/api"), ServiceName.Of("api")),
        (new RouteSpec("shop.local", "/api/orders/"), ServiceName.Of("order")),
        (new RouteSpec("shop.local", "/api/orders") { Exact = true }, ServiceName.Of("list")),
        (new RouteSpec("*.shop.local", "/"), ServiceName.Of("tenant")),
        (new RouteSpec("*.eu.shop.local", "/api"), ServiceName.Of("european")),
        (new RouteSpec(null, "/status"), ServiceName.Of("status")),
        (new RouteSpec("[::1]", "/six"), ServiceName.Of("six")),
    ]);

    [Theory]
    [InlineData("shop.local", "/", "web")]
    [InlineData("SHOP.local:8080", "/x/y", "web")]
    [InlineData("shop.local.", "/api", "api")]
    [InlineData("shop.local", "/api/", "api")]
    [InlineData("shop.local", "/apis", "web")]
    [InlineData("shop.local", "/API", "web")]
    [InlineData("shop.local", "/api/orders", "list")]
    [InlineData("shop.local", "/api/orders/", "order")]
    [InlineData("shop.local", "/api/orders/7/lines", "order")]
    [InlineData("shop.local", "/api/ordersX", "api")]
    [InlineData("shop.local", "/status", "web")]
    [InlineData("a.shop.local", "/api", "tenant")]
    [InlineData("A.b.Shop.local:1", "/api", "tenant")]
    [InlineData("a.eu.shop.local", "/api/x", "european")]
    [InlineData("a.eu.shop.local", "/", "tenant")]
    [InlineData("eu.shop.local", "/api", "tenant")]
    [InlineData(".shop.local", "/", "tenant")]
    [InlineData("xshop.local", "/status", "status")]
    [InlineData("other", "/status/x", "status")]
    [InlineData("other", "/", null)]
    [InlineData("", "", null)]
    [InlineData("[::1]:80", "/six", "six")]
    [InlineData("[::1]", "/six", "six")]
    public void Matches_the_host_and_the_longest_path(string host, string path, string? service) =>
        Assert.Equal(service, Index.Match(new PlainRequest(host, path))?.Service?.Value);

    [Fact]
    public void A_route_whose_conditions_do_not_hold_is_passed_over_for_a_shorter_path_and_a_wider_host()
    {
        RouteSpec Posting(string? host, string path) =>
            new(host, path) { When = new ConditionsSpec { Methods = ["POST"] } };
        var index = new RouteIndex(
        [
            (Posting("a.b", "/x/y"), ServiceName.Of("one")), (Posting("a.b", "/x"), ServiceName.Of("two")),
            (Posting("*.b", "/x"), ServiceName.Of("three")), (new RouteSpec(null, "/"), ServiceName.Of("rest")),
        ]);
        string? Match(string method, string host, string path) =>
            index.Match(new PlainRequest(host, path) { Method = method })?.Service?.Value;
        Assert.Equal("one", Match("POST", "a.b", "/x/y/z"));
        Assert.Equal("two", Match("POST", "a.b", "/x/z"));
        Assert.Equal("three", Match("POST", "c.b", "/x/z"));
        Assert.Equal("rest", Match("GET", "a.b", "/x/y/z"));
    }

    [Fact]
    public void Priority_comes_before_the_number_of_conditions_and_that_before_the_order()
    {
        var beta = new ValueConditionSpec(ValueSource.Header, "x-beta", ValueTest.Present, "");
        var index = new RouteIndex(
        [
            (new RouteSpec(null, "/"), ServiceName.Of("plain")),
            (new RouteSpec(null, "/") { When = new() { Methods = ["GET", "PUT"] } }, ServiceName.Of("gets")),
            (new RouteSpec(null, "/") { When = new() { Methods = ["GET"] } }, ServiceName.Of("later")),
            (new RouteSpec(null, "/") { When = new() { Methods = ["GET"], Values = [beta] } }, ServiceName.Of("beta")),
            (new RouteSpec(null, "/") { Priority = 1, When = new() { Methods = ["PUT"] } }, ServiceName.Of("first")),
        ]);
        string? Match(string method, params (string, string)[] headers) =>
            index.Match(new PlainRequest("h", "/") { Method = method, Headers = headers })?.Service?.Value;
        Assert.Equal("gets", Match("GET"));
        Assert.Equal("beta", Match("GET", ("X-Beta", "")));
        Assert.Equal("first", Match("PUT", ("X-Beta", "")));
        Assert.Equal("plain", Match("POST"));
    }

    [Fact]
    public void A_redirect_to_another_scheme_alone_is_not_for_requests_that_have_it()
    {
        var redirect = new RedirectSpec(307, "https", null, null);
        var index = new RouteIndex(
        [
            (new RouteSpec("h", "/") { Treatment = new() { Redirect = redirect } }, null),
            (new RouteSpec(null, "/"), ServiceName.Of("web")),
        ]);
        Assert.Null(index.Match(new PlainRequest("h", "/"))!.Service);
        Assert.Equal("web", index.Match(new PlainRequest("h", "/") { Scheme = "https" })?.Service?.Value);
    }

    [Fact]
    public void A_rate_limit_goes_on_in_the_next_index_as_long_as_it_is_the_same()
    {
        var limit = new RateLimitSpec(1, TimeSpan.FromSeconds(1), 1, new KeySpec(KeySource.None, null));
        var route = new RouteSpec("h", "/") { Treatment = new() { RateLimit = limit } };
        RateLimiter? Of(RouteIndex index) => index.Match(new PlainRequest("h", "/"))?.Limiter;
        var first = new RouteIndex([(route, ServiceName.Of("web"))]);
        var same = new RouteIndex([(route, ServiceName.Of("web"))], first);
        var other = route with { Treatment = new() { RateLimit = limit with { Requests = 2 } } };
        Assert.Same(Of(first), Of(same));
        Assert.NotSame(Of(first), Of(new RouteIndex([(other, ServiceName.Of("web"))], first)));
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        var request = new PlainRequest("a.EU.shop.local:8080", "/api/orders/7/lines/of/many/segments")
        {
            Client = IPAddress.Parse("10.1.2.3"), QueryText = "a=b&c=d",
            Headers = [("X-Beta", "1"), ("Cookie", "a=1; sid=7")],
        };
        var conditions = new ConditionsSpec
        {
            Methods = ["GET"], Clients = ["10.0.0.0/8"],
            Values =
            [
                new(ValueSource.Header, "x-beta", ValueTest.Exact, "1"),
                new(ValueSource.Cookie, "sid", ValueTest.Prefix, "7"),
                new(ValueSource.Query, "c", ValueTest.Present, ""),
            ],
        };
        var never = conditions with { Methods = ["PUT"] };
        var index = new RouteIndex(
        [
            (new RouteSpec("*.shop.local", "/api/orders") { When = conditions }, ServiceName.Of("order")),
            (new RouteSpec("*.eu.shop.local", "/api/orders/7") { When = never }, ServiceName.Of("other")),
        ]);
        Assert.NotNull(index.Match(request));
        Assert.NotNull(Index.Match(request));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            index.Match(request);
            Index.Match(request);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
