using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class RouteReaderTests
{
    private static RouteSpec Route(string text) =>
        Assert.Single(Yaml.Web($"x-tangram: {{ probe: tcp, route: {{ {text} }} }}").Routes);

    [Fact]
    public void Conditions_are_read_in_every_form()
    {
        var route = Route("""
            host: "*.Shop.local", path_exact: /api/, path_regex: "^/a", scheme: https, method: [post, GET], priority: 7,
            header: { X-Beta: "1", X-Old: { present: false } }, cookie: { sid: { prefix: a } },
            query: { q: { regex: "^[0-9]+$$" }, r: { present: true }, s: { exact: x } },
            client: [10.0.0.0/8, "2001:db8::/32", 192.0.2.1], device: mobile, type: [api, page]
            """.ReplaceLineEndings(" "));
        Assert.Equal(("*.shop.local", "/api/", true, 7), (route.Host, route.Path, route.Exact, route.Priority));
        Assert.Equal(new ConditionsSpec
        {
            Scheme = "https", Methods = ["GET", "POST"], PathRegex = "^/a",
            Values =
            [
                new(ValueSource.Header, "x-beta", ValueTest.Exact, "1"),
                new(ValueSource.Header, "x-old", ValueTest.Absent, ""),
                new(ValueSource.Cookie, "sid", ValueTest.Prefix, "a"),
                new(ValueSource.Query, "q", ValueTest.Regex, "^[0-9]+$"),
                new(ValueSource.Query, "r", ValueTest.Present, ""),
                new(ValueSource.Query, "s", ValueTest.Exact, "x"),
            ],
            Clients = ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"],
            Devices = [DeviceClass.Mobile], Types = [RequestType.Api, RequestType.Page],
        }, route.When);
        Assert.Equal(12, route.When!.Count);
        Assert.Null(route.Treatment);
    }

    [Fact]
    public void Treatments_are_read_in_every_form()
    {
        var treatment = Route("""
            path: /api, rewrite: /v2/, timeout: 3s, priority_class: low,
            split: { to: { web: 5% }, newest: 0.1, by: { cookie: user } },
            request_headers: { set: { X-A: "1" }, add: { X-B: "" }, remove: [X-C] },
            response_headers: { remove: Server },
            rate_limit: { requests: 100, per: 1m, burst: 20, by: { header: X-Key } },
            mirror: { to: web, share: 10%, body: 1k }
            """.ReplaceLineEndings(" ")).Treatment!;
        Assert.Equal(("/v2/", TimeSpan.FromSeconds(3)), (treatment.Rewrite, treatment.Timeout));
        Assert.Equal(PriorityClass.Low, treatment.PriorityClass);
        Assert.Equal(new SplitSpec(new KeySpec(KeySource.Cookie, "user"),
            [new SplitShare(ServiceName.Of("web"), 0.05), new SplitShare(null, 0.1)]), treatment.Split);
        Assert.Equal([new(HeaderVerb.Set, "X-A", "1"), new(HeaderVerb.Add, "X-B", ""),
            new(HeaderVerb.Remove, "X-C", null)], treatment.RequestHeaders);
        Assert.Equal([new(HeaderVerb.Remove, "Server", null)], treatment.ResponseHeaders);
        Assert.Equal(new RateLimitSpec(100, TimeSpan.FromMinutes(1), 20, new KeySpec(KeySource.Header, "x-key")),
            treatment.RateLimit);
        Assert.Equal(new MirrorSpec(ServiceName.Of("web"), 0.1, 1024), treatment.Mirror);
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var treatment =
            Route("rate_limit: { requests: 5 }, mirror: { to: web }, split: { to: { web: 1% } }").Treatment!;
        var client = new KeySpec(KeySource.Client, null);
        Assert.Equal(new RateLimitSpec(5, TimeSpan.FromSeconds(1), 5, client), treatment.RateLimit);
        Assert.Equal(new MirrorSpec(ServiceName.Of("web"), 1, 65536), treatment.Mirror);
        Assert.Equal(client, treatment.Split!.By);
        Assert.Equal(new RedirectSpec(307, null, null, "/b"), Route("redirect: { path: /b }").Treatment!.Redirect);
        Assert.Equal(new RouteSpec(null, "/"), Route("path: /"));
    }

    [Fact]
    public void The_gateways_own_routes_and_trusted_proxies_are_read()
    {
        var spec = Yaml.Spec(Yaml.WebFile("x-tangram: { probe: tcp }") + """
            x-tangram:
              gateway:
                trusted_proxies: 10.0.0.0/8
                routes:
                - { host: old.local, redirect: { status: 301, scheme: https, host: "new.local:8443" } }
                - { path: /x, to: web }
            """);
        Assert.Equal(["10.0.0.0/8"], spec.TrustedProxies);
        Assert.Equal(new RedirectSpec(301, "https", "new.local:8443", null), spec.GatewayRoutes[0].Treatment!.Redirect);
        Assert.Equal("web", spec.GatewayRoutes[1].To?.Value);
    }

    [Fact]
    public void A_spec_with_every_kind_of_route_is_stored_and_read_again()
    {
        var service = Yaml.Web("""
            x-tangram: { probe: tcp, route: [ { path_exact: /a, priority: 2, method: GET, client: 10.0.0.0/8,
             header: { a: b }, device: bot, type: grpc, rewrite: /b, timeout: 1s,
             priority_class: high, request_headers: { set: { a: b } },
             split: { newest: 5%, by: random }, rate_limit: { requests: 1, by: route }, mirror: { to: web } },
             { host: a.b, redirect: { host: c.d } }, { path: /plain } ] }
            """.ReplaceLineEndings(" "));
        var text = Json.Write(service);
        Assert.Equal(service, Json.Read<ServiceSpec>(text));
        // Plain routes stay as small as they were.
        Assert.Contains("""{"path":"/plain"}""", text);
    }

    [Theory]
    [InlineData("header: { a: { prefix: b, exact: c } }", "4:52: the condition on 'a' has 2 tests")]
    [InlineData("header: { 'a b': c }", "4:49: 'a b' is not the name of a header")]
    [InlineData("header: x", "4:47: 'header' takes a map and is one value")]
    [InlineData("heder: { a: b }", "4:39: 'heder' is not a key of x-tangram.route. write 'header'")]
    [InlineData("header: { a: { regx: b } }", "4:54: 'regx' is not a key of x-tangram.route.header, cookie and " +
        "query. write 'regex'")]
    [InlineData("header: { a: { regex: '(' } }", "4:61: 'regex' is '(', which is not a regular expression")]
    [InlineData("header: { a: { regex: '(?=x)y' } }", "4:61: 'regex' is '(?=x)y', which needs backtracking")]
    [InlineData("path_regex: '(a{100}){100}'", "4:51: 'path_regex' is '(a{100}){100}', which repeats more than 1000")]
    [InlineData("path: /a, path_exact: /a", "4:61: 'path' and 'path_exact' exclude each other")]
    [InlineData("method: GTE", "4:47: 'method' has 'GTE', which is not a method. write GET")]
    [InlineData("method: []", "4:47: 'method' is an empty list")]
    [InlineData("client: 10.0.0.1/8", "4:47: 'client' has '10.0.0.1/8', which does not begin its network. " +
        "write 10.0.0.0/8, or 10.0.0.1/32 for the one address")]
    [InlineData("client: 10.0.0.0/33", "4:47: 'client' has '10.0.0.0/33', which is not a network")]
    [InlineData("client: localhost", "4:47: 'client' has 'localhost', which is not a network")]
    [InlineData("device: phone", "4:47: 'device' has 'phone', which is not honoured. write desktop or mobile")]
    [InlineData("type: pages", "4:45: 'type' has 'pages', which is not honoured. write page")]
    [InlineData("scheme: ftp", "4:47: 'scheme' is 'ftp', which is not honoured")]
    [InlineData("priority: -1", "4:49: 'priority' is '-1', which is not a whole number from 0 to 1000")]
    [InlineData("redirect: { status: 200, path: /x }", "4:59: 'status' is '200', which is not honoured")]
    [InlineData("redirect: { status: 301 }", "4:49: the redirect leads back to where it came from")]
    [InlineData("redirect: { host: 'a/b' }", "4:57: 'host' is 'a/b', which is no place to go")]
    [InlineData("redirect: { path: /x }, timeout: 1s", "4:72: 'timeout' and 'redirect' exclude each other")]
    [InlineData("rewrite: x", "4:48: 'rewrite' is 'x', which is not the path of a route. write '/x'")]
    [InlineData("split: {}", "4:46: the split names no share")]
    [InlineData("split: { to: { nobody: 5% } }", "4:37: the route leads to 'nobody', which is not in the file")]
    [InlineData("split: { to: { wev: 5% } }", "4:37: the route leads to 'wev', which is not in the file. write 'web'")]
    [InlineData("split: { to: { web: 60% }, newest: 50% }", "4:46: the shares of the split are more than 100%")]
    [InlineData("split: { newest: 0% }", "4:56: 'newest' is '0%', which is not a share above 0 and up to 100%")]
    [InlineData("split: { newest: 5%, by: user }", "4:64: 'by' is 'user', which is not honoured. write by: { cookie")]
    [InlineData("split: { newest: 5%, by: {} }", "4:64: 'by' has 0 keys")]
    [InlineData("rate_limit: { per: 1s }", "4:51: the rate limit does not say how many requests")]
    [InlineData("rate_limit: { requests: 0 }", "4:63: 'requests' is '0', which is not a whole number from 1 to")]
    [InlineData("rate_limit: { requests: 1000000, per: 1ms }", "4:77: the rate limit lets more than a million")]
    [InlineData("rate_limit: { requests: 1, by: { header: 'a b' } }", "4:80: 'a b' is not the name of a header")]
    [InlineData("mirror: { share: 5% }", "4:47: the mirror does not say where to")]
    [InlineData("mirror: { to: web, body: 2M }", "4:64: 'body' is '2M', which is not a size from 0 to 1M")]
    [InlineData("request_headers: { set: { Content-Length: '1' } }", "4:65: the header 'Content-Length' belongs to")]
    [InlineData("request_headers: { set: { A: \"x\\ny\" } }", "4:68: 'x\\ny' cannot stand in a header")]
    [InlineData("request_headers: {}", "4:56: 'request_headers' changes nothing")]
    [InlineData("request_headers: { remove: [] }", "4:66: 'remove' is an empty list")]
    [InlineData("timeout: 5", "4:48: 'timeout' is '5', which is not a duration")]
    [InlineData("to: web", "4:39: 'to' is not a key of x-tangram.route. move it: 'to' belongs to")]
    public void A_wrong_route_is_refused_in_its_place(string route, string told) => Assert.StartsWith(
        "compose.yaml:" + told, Yaml.WebError($"x-tangram: {{ probe: tcp, route: {{ {route} }} }}"));

    [Fact]
    public void Two_routes_that_ask_for_the_same_are_refused_with_both_places()
    {
        var told = Yaml.WebError("x-tangram: { route: [{ path: /a, method: [GET, POST] }, " +
            "{ priority: 1, rewrite: /b, method: [post, get], path: /a/ }] }");
        Assert.StartsWith("compose.yaml:4:61: the route of any host with path '/a' and the same conditions is given " +
            "twice, first at compose.yaml:4:26", told);
        var other = Assert.Single(Yaml.Errors(Yaml.WebFile("x-tangram: { route: { host: a.b } }") +
            "  api: { command: x, x-tangram: { route: { host: a.b } } }\n")).ToString();
        Assert.StartsWith("compose.yaml:5:42: the route of a.b with path '/' belongs to 'web' already, at " +
            "compose.yaml:4:25", other);
        var top = Assert.Single(Yaml.Errors(Yaml.WebFile("x-tangram: { route: { host: a.b } }") +
            "x-tangram: { gateway: { routes: [{ host: a.b, redirect: { host: c } }] } }\n")).ToString();
        Assert.StartsWith("compose.yaml:4:25: the route of a.b with path '/' belongs to the gateway already, at " +
            "compose.yaml:5:34", top);
    }

    [Fact]
    public void Two_routes_that_differ_in_a_condition_are_allowed() => Assert.Equal(3, Yaml.Web(
        "x-tangram: { route: [{ path: /a }, { path: /a, method: GET }, { path_exact: /a }] }").Routes.Count);

    [Theory]
    [InlineData("{ path: /x }", "the route leads nowhere")]
    [InlineData("{ to: web, redirect: { host: b } }", "'to' and 'redirect' exclude each other")]
    [InlineData("{ to: job }", "the route leads to 'job', which takes no requests. name a service that is no job")]
    [InlineData("{ to: quiet }", "the route leads to 'quiet', which takes no requests. give 'quiet' an")]
    [InlineData("{ to: off }", "the route leads to 'off', which runs only with a profile that is not active")]
    public void A_route_of_the_gateway_leads_somewhere(string route, string told) =>
        Assert.Contains(told, Assert.Single(Yaml.Errors(Yaml.WebFile("x-tangram: { probe: tcp }") +
            "  job: { command: x, deploy: { mode: replicated-job } }\n  quiet: { command: x }\n" +
            "  off: { command: x, profiles: [later], expose: ['1'] }\n" +
            $"x-tangram: {{ gateway: {{ routes: [{route}] }} }}\n")).ToString());

    [Fact]
    public void Routes_of_the_gateway_are_a_list() => Assert.Contains("'routes' takes a list and is a map",
        Assert.Single(Yaml.Errors(Yaml.WebFile() + "x-tangram: { gateway: { routes: { to: web } } }\n")).ToString());
}
