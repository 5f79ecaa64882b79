using System.Net;
using System.Net.WebSockets;
using System.Text;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing.Rules;

/// <summary>What a file says of routes is what a client meets.</summary>
public sealed class RuleTests
{
    [Fact]
    public async Task A_request_goes_where_its_conditions_say()
    {
        await using var bed = await RuleBed.StartAsync("""
            web: { command: x, x-tangram: { probe: tcp, route: { path: / } } }
            beta: { command: x, x-tangram: { probe: tcp, route: [ { header: { X-Beta: "1" } },
              { cookie: { beta: { present: true } } }, { query: { beta: { prefix: y } } } ] } }
            writes: { command: x, x-tangram: { probe: tcp, route: { method: [POST, PUT] } } }
            phone: { command: x, x-tangram: { probe: tcp, route: { device: mobile, priority: 1 } } }
            pages: { command: x, x-tangram: { probe: tcp, route: { path: /shop, type: page } } }
            live: { command: x, x-tangram: { probe: tcp, route: { type: websocket } } }
            tenant: { command: x, x-tangram: { probe: tcp, route: { host: "*.shop.local" } } }
            local: { command: x, x-tangram: { probe: tcp, route: { path_exact: /who, client: 127.0.0.0/8 } } }
            far: { command: x, x-tangram: { probe: tcp, route: { path: /who, client: 10.0.0.0/8 } } }
            """);
        async Task GoesAsync(string to, string path, string host = "shop.local", HttpMethod? method = null,
            params (string, string)[] headers) =>
            Assert.Equal(to, (await bed.AskAsync(path, host, method, null, headers))[0]);
        await GoesAsync("web", "/");
        await GoesAsync("beta", "/x", headers: ("X-Beta", "1"));
        await GoesAsync("web", "/x", headers: ("X-Beta", "2"));
        await GoesAsync("beta", "/x", headers: ("Cookie", "a=b; beta=1"));
        await GoesAsync("beta", "/x?a=b&beta=y%65s");
        await GoesAsync("web", "/x?beta=no");
        await GoesAsync("writes", "/x", method: HttpMethod.Post);
        await GoesAsync("phone", "/x", headers: ("User-Agent", "Mozilla/5.0 (iPhone) Mobile"));
        await GoesAsync("pages", "/shop/1", headers: ("Accept", "text/html"));
        await GoesAsync("web", "/shop/1", headers: ("Accept", "application/json"));
        await GoesAsync("tenant", "/", "a.b.shop.local");
        await GoesAsync("local", "/who");
        await GoesAsync("web", "/who/else");
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{bed.Gateway.Port}/live"), default);
        var buffer = new byte[100];
        var told = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("live", Encoding.ASCII.GetString(buffer, 0, told.Count));
    }

    [Fact]
    public async Task Over_http2_the_same_holds()
    {
        await using var bed = await RuleBed.StartAsync("""
            web: { command: x, x-tangram: { probe: tcp, route: { path: / } } }
            beta: { command: x, x-tangram: { probe: tcp, route: { host: "*.shop.local", rewrite: /b,
              header: { X-Beta: "1" }, cookie: { a: b }, query: { q: "1" } } } }
            """);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(bed.Gateway.Url, "/x?q=1"))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = "a.shop.local";
        request.Headers.Add("X-Beta", "1");
        request.Headers.Add("Cookie", "c=d; a=b");
        using var response = await bed.Gateway.Client.SendAsync(request);
        Assert.StartsWith("beta\nGET /b/x?q=1", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_redirect_is_answered_by_the_gateway_alone()
    {
        await using var bed = await RuleBed.StartAsync("""
            web: { command: x, x-tangram: { probe: tcp, route: [ { path: / },
              { path: /old, redirect: { status: 301, path: /new }, response_headers: { set: { X-Why: moved } } } ] } }
            ---
            x-tangram: { gateway: { routes: [ { host: old.local, redirect: { host: new.local, scheme: https } },
              { host: safe.local, redirect: { status: 308, scheme: https } },
              { host: given.local, path: /x, to: web } ] } }
            """);
        async Task LeadsAsync(int status, string to, string path, string host = "shop.local")
        {
            using var response = await bed.SendAsync(path, host);
            Assert.Equal((status, to), ((int)response.StatusCode, response.Headers.Location?.OriginalString));
        }
        await LeadsAsync(301, "/new/a%20b?c=d%2Fe", "/old/a%20b?c=d%2Fe");
        await LeadsAsync(301, "/new", "/old");
        await LeadsAsync(307, "https://new.local/a?b=c", "/a?b=c", "old.local");
        await LeadsAsync(308, "https://safe.local/a", "/a", "safe.local:8080");
        Assert.Equal("web", (await bed.AskAsync("/x/y", "given.local"))[0]);
        using var moved = await bed.SendAsync("/old");
        Assert.Equal("moved", Assert.Single(moved.Headers.GetValues("X-Why")));
        Assert.Equal(0, moved.Content.Headers.ContentLength);
        Assert.Single(bed.Backends["web"].Asked);
    }

    [Fact]
    public async Task Path_and_headers_are_changed_on_the_way()
    {
        await using var bed = await RuleBed.StartAsync("""
            web:
              command: x
              x-tangram:
                probe: tcp
                route:
                - path: /api/v1
                  rewrite: /
                  request_headers:
                    { set: { X-Team: shop, Host: inner.local, Content-Type: text/css }, add: { X-Tag: b },
                      remove: Cookie }
                  response_headers: { set: { X-Frame-Options: DENY }, remove: [Server, x-powered-by] }
                - { path: /keep }
            """);
        var lines = await bed.AskAsync("/api/v1/a%20b%2Fc?d=%20e", "shop.local", HttpMethod.Post,
            new StringContent("body", Encoding.UTF8, "text/plain"),
            ("X-Team", "other"), ("X-Tag", "a"), ("Cookie", "sid=1"));
        Assert.Equal("POST /a%20b%2Fc?d=%20e", lines[1]);
        Assert.Contains("Host: inner.local", lines);
        Assert.Contains("Content-Type: text/css", lines);
        Assert.Contains("X-Team: shop", lines);
        Assert.Contains("X-Tag: a,b", lines.Select(line => line.Replace(", ", ",")));
        Assert.DoesNotContain(lines, line => line.StartsWith("Cookie"));
        Assert.Equal("body", lines[^1]);
        using var response = await bed.SendAsync("/api/v1");
        Assert.Equal("DENY", Assert.Single(response.Headers.GetValues("X-Frame-Options")));
        Assert.False(response.Headers.Contains("Server") || response.Headers.Contains("X-Powered-By"));
        using var kept = await bed.SendAsync("/keep");
        Assert.True(kept.Headers.Contains("Server") && kept.Headers.Contains("X-Powered-By"));
    }

    [Fact]
    public async Task A_split_gives_each_user_one_side_and_about_its_share_to_the_other()
    {
        await using var bed = await RuleBed.StartAsync("""
            web: { command: x, x-tangram: { probe: tcp, route:
              [ { path: /, split: { to: { next: 20% }, by: { cookie: user } } },
                { path: /any, split: { to: { next: 20% }, by: random } } ] } }
            next: { command: x, x-tangram: { probe: tcp } }
            """);
        async Task<string> SideAsync(string path, int user) =>
            (await bed.AskAsync(path, headers: ("Cookie", $"user={user}")))[0];
        var next = 0;
        for (var user = 0; user < 200; user++)
        {
            var side = await SideAsync("/", user);
            if (side == "next") next++;
            Assert.Equal(side, await SideAsync("/other", user));
        }
        Assert.InRange(next, 15, 70);
        var random = 0;
        for (var ask = 0; ask < 200; ask++) if (await SideAsync("/any", 1) == "next") random++;
        Assert.InRange(random, 15, 70);
    }

    [Fact]
    public async Task A_share_of_the_requests_tries_the_newest_revision_while_there_are_two()
    {
        await using var bed = await RuleBed.StartAsync("""
            web: { command: x, x-tangram: { probe: tcp, route: { path: /, split: { newest: 20%, by: random } } } }
            """);
        await using var old = await EchoBackend.StartAsync("old");
        await using var other = await EchoBackend.StartAsync("older");
        var (web, newest) = (ServiceName.Of("web"), bed.Backends["web"].Port);
        bed.Gateway.Publish(bed.Spec, (web, newest, 2), (web, old.Port, 1), (web, other.Port, 1));
        for (var ask = 0; ask < 200; ask++) await bed.AskAsync("/");
        Assert.InRange(bed.Backends["web"].Asked.Count, 15, 70);

        // Its backends are gone: nobody notices.
        bed.Gateway.Publish(bed.Spec, (web, GatewayBed.ClosedPort(), 2), (web, old.Port, 1), (web, other.Port, 1));
        for (var ask = 0; ask < 50; ask++) await bed.AskAsync("/");
        // The old ones are gone: all is newest.
        bed.Gateway.Publish(bed.Spec, (web, newest, 2));
        for (var ask = 0; ask < 50; ask++) Assert.Equal("web", (await bed.AskAsync("/"))[0]);
    }

    [Fact]
    public async Task A_route_with_a_timeout_is_answered_in_time_and_its_streams_are_not_cut()
    {
        await using var bed = await RuleBed.StartAsync("""
            web: { command: x, x-tangram: { probe: tcp, route: { path: /, timeout: 300ms } } }
            """);
        await bed.AskAsync("/");
        bed.Backends["web"].Waits = true;
        var began = TimeProvider.System.GetTimestamp();
        using (var late = await bed.SendAsync("/"))
        {
            Assert.Equal(HttpStatusCode.GatewayTimeout, late.StatusCode);
            Assert.Equal("timed-out", Assert.Single(late.Headers.GetValues("Tangram-Error")));
            Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0.29, 3);
        }
        // Asked once: what took too long is not asked of another.
        Assert.Equal(2, bed.Backends["web"].Asked.Count);

        await using var streaming = await AppBackend.StartAsync();
        bed.Gateway.Publish(bed.Spec, (ServiceName.Of("web"), streaming.Port, 1));
        using var client = new HttpClient();
        using var stream = await client.GetAsync(new Uri(bed.Gateway.Url, "/stream?type=text/plain"),
            HttpCompletionOption.ResponseHeadersRead);
        var body = await stream.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[5]);
        var more = body.ReadAsync(new byte[1]).AsTask();
        Assert.NotSame(more, await Task.WhenAny(more, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System)));
    }

    [Fact]
    public async Task Trusted_proxies_say_who_their_client_is_and_others_do_not()
    {
        const string services = """
            web: { command: x, x-tangram: { probe: tcp, route: { path: / } } }
            inner: { command: x, x-tangram: { probe: tcp, route: { client: 10.0.0.0/8 } } }
            safe: { command: x, x-tangram: { probe: tcp, route: { path: /s, scheme: https } } }

            """;
        var said = new[] { ("X-Forwarded-For", "6.6.6.6, 10.1.1.1"), ("X-Forwarded-Proto", "https") };
        await using var trusting = await RuleBed.StartAsync(
            services + "---\nx-tangram: { gateway: { trusted_proxies: 127.0.0.1, routes: [ { host: old.local, " +
            "redirect: { host: new.local } }, { host: safe.local, redirect: { scheme: https } } ] } }\n");
        var lines = await trusting.AskAsync("/", headers: said);
        Assert.Equal("inner", lines[0]);
        Assert.Contains("X-Forwarded-For: 6.6.6.6, 10.1.1.1, 127.0.0.1", lines);
        Assert.Equal("safe", (await trusting.AskAsync("/s", headers: said))[0]);
        Assert.Equal("web", (await trusting.AskAsync("/s"))[0]);

        using (var redirect = await trusting.SendAsync("/", "old.local", headers: said))
            Assert.Equal("https://new.local/", redirect.Headers.Location?.OriginalString);
        // It came by https already.
        Assert.Equal("inner", (await trusting.AskAsync("/", "safe.local", headers: said))[0]);

        await using var strict = await RuleBed.StartAsync(services);
        lines = await strict.AskAsync("/s", headers: said);
        Assert.Equal("web", lines[0]);
        Assert.Contains("X-Forwarded-For: 127.0.0.1", lines);
        Assert.Contains("X-Forwarded-Proto: http", lines);
    }
}
