using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

public sealed class NewPathTests
{
    [Theory]
    [InlineData("/api", "/api/orders/7", "/", "/orders/7")]
    [InlineData("/api", "/api", "/", "/")]
    [InlineData("/api", "/api/", "/", "/")]
    [InlineData("/api", "/api/x/", "/v2", "/v2/x/")]
    [InlineData("/api", "/api", "/v2/", "/v2/")]
    [InlineData("/", "/x/y", "/v2", "/v2/x/y")]
    [InlineData("/", "/", "/v2", "/v2/")]
    public void Another_path_stands_in_the_routes_place(string route, string path, string instead, string next) =>
        Assert.Equal(next, NewPath.Of(new RouteSpec(null, route), path, instead));

    [Fact]
    public void Of_an_exact_path_nothing_is_left() =>
        Assert.Equal("/new", NewPath.Of(new RouteSpec(null, "/old") { Exact = true }, "/old", "/new"));

    [Theory]
    [InlineData(null, null, "/new", "/new/x")]
    [InlineData("https", null, null, "https://shop.local/old/x")]
    [InlineData("http", null, null, "http://shop.local:8080/old/x")]
    [InlineData(null, "b.local:81", null, "http://b.local:81/old/x")]
    [InlineData("https", "b.local", "/", "https://b.local/x")]
    public void A_redirect_changes_what_it_names(string? scheme, string? host, string? path, string location) =>
        Assert.Equal(location, NewPath.Location(new RouteSpec(null, "/old"), new RedirectSpec(307, scheme, host, path),
            "http", "shop.local:8080", "/old/x", p => p));

    /// <summary>A browser takes a location that begins with two slashes, or a slash and a backslash, for another
    /// host.</summary>
    [Theory]
    [InlineData("/old//evil.example")]
    [InlineData("/old/\\evil.example")]
    [InlineData("/old///evil.example")]
    public void A_path_never_becomes_a_host(string path) => Assert.Equal("/evil.example", NewPath.Location(
        new RouteSpec(null, "/old"), new RedirectSpec(307, null, null, "/"), "http", "h", path, p => p));

    [Fact]
    public void Without_a_host_there_is_nowhere_to_go_in_another_scheme() => Assert.Null(NewPath.Location(
        new RouteSpec(null, "/"), new RedirectSpec(307, "https", null, null), "http", "", "/", p => p));
}
