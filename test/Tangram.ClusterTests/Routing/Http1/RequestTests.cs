using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing.Http1;

/// <summary>What of a client's request reaches the backend.</summary>
public sealed class RequestTests
{
    private const string Fine = "HTTP/1.1 200 OK|Content-Length: 4||fine";

    [Fact]
    public async Task A_client_that_waits_for_100_gets_it()
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("POST / HTTP/1.1|Host: a|Content-Length: 5|Expect: 100-continue||");
        Assert.Equal("HTTP/1.1 100 Continue", await client.HeadAsync());
        await client.SendAsync("hello");
        Assert.StartsWith("HTTP/1.1 200", await client.HeadAsync(), StringComparison.Ordinal);
        var head = Assert.Single(backend.Heads);
        Assert.Null(Peer.Field(head, "Expect"));
        Assert.Equal("5", Peer.Field(head, "Content-Length"));
    }

    [Fact]
    public async Task A_megabyte_of_headers_is_refused()
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        var sending = client.SendAsync($"GET / HTTP/1.1|Host: a|X: {new string('x', 1_000_000)}||");
        try
        {
            // What is not read any more may end the connection before the answer is.
            Assert.StartsWith("HTTP/1.1 431", await client.HeadAsync() ?? "HTTP/1.1 431", StringComparison.Ordinal);
            await sending;
        }
        catch (Exception e) when (e is IOException or SocketException) { }
        Assert.Empty(backend.Heads);
    }

    [Fact]
    public async Task What_a_client_nominates_is_not_passed_on_and_who_it_is_is_said_once()
    {
        await using var bad = new RawBackend("bad", (_, _) => Act.Close);
        await using var bad2 = new RawBackend("bad2", (_, _) => Act.Fail503);
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(bad.Port, bad2.Port, backend.Port);
        for (var i = 0; i < 10; i++)
        {
            using var client = await Peer.ConnectAsync(bed.Port);
            await client.SendAsync("GET /a HTTP/1.1|Host: a|Connection: X-Secret, X-Forwarded-For, Host|X-Secret: 1|" +
                "X-Forwarded-For: 6.6.6.6|Keep-Alive: 5|Proxy-Connection: x|X-Ok: 2|" +
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01||");
            Assert.StartsWith("HTTP/1.1 200", await client.HeadAsync(), StringComparison.Ordinal);
        }
        Assert.True(bad.Requests + bad2.Requests > 0);
        Assert.All(backend.Heads, head => Assert.Equal(
            "GET /a HTTP/1.1|Host: a|X-Forwarded-For: 127.0.0.1|X-Forwarded-Host: a|X-Forwarded-Proto: http|X-Ok: 2|" +
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            string.Join('|', head.Split("\r\n").Order(StringComparer.Ordinal))));
    }

    [Fact]
    public async Task A_tunnel_is_not_opened()
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("CONNECT a:80 HTTP/1.1|Host: a:80||");
        Assert.StartsWith("HTTP/1.1 501", await client.HeadAsync(), StringComparison.Ordinal);
        Assert.Empty(backend.Heads);
    }

    /// <summary>Otherwise the next who decodes it finds a path that no route was asked about.</summary>
    [Theory]
    [InlineData("/a%20b%2Fc", "/a%20b%2Fc")]
    [InlineData("/a%252Fb", "/a%252Fb")]
    [InlineData("/a/%252e%252e/b", "/a/%252e%252e/b")]
    [InlineData("/a/%2e%2e/b%20", "/b%20")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/%ff%25", "/%ff%25")]
    [InlineData("/a%c3%a9?q=%252e", "/a%c3%a9?q=%252e")]
    [InlineData("/", "/")]
    public async Task A_path_means_what_routes_were_chosen_by(string asked, string expected)
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync($"GET {asked} HTTP/1.1|Host: a||");
        Assert.StartsWith("HTTP/1.1 200", await client.HeadAsync(), StringComparison.Ordinal);
        Assert.Equal(expected, Assert.Single(backend.Heads).Split(' ')[1]);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked|Content-Length: 3|")]
    [InlineData("Content-Length: 3|Transfer-Encoding: chunked|")]
    public async Task Of_two_framings_at_most_one_is_passed_on(string fields)
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync($"POST / HTTP/1.1|Host: a|{fields}|5|hello|0||");
        await client.HeadAsync();
        Assert.All(backend.Heads, head => Assert.True(
            Peer.Field(head, "Content-Length") is null != Peer.Field(head, "Transfer-Encoding") is null, head));
    }

    [Theory]
    [InlineData("x: y\r\ntransfer-encoding")]
    [InlineData("transfer-encoding\u000b")]
    [InlineData("content-length ")]
    [InlineData("x\r\n\r\nget / http/1.1\r\nhost")]
    public async Task A_name_that_is_none_is_not_passed_on(string name)
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync(Http2(("x-a", "1"), (name, "chunked"), ("x-b", "2")));
        // It is sent without that header, or refused.
        await Task.WhenAny(client.RestAsync(), GatewayBed.UntilAsync(() => !backend.Heads.IsEmpty),
            Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System));
        Assert.All(backend.Heads, head =>
        {
            Assert.DoesNotContain("chunked", head, StringComparison.Ordinal);
            Assert.Equal("2", Peer.Field(head, "x-b"));
        });
        Assert.True(backend.Heads.Count <= 1);
    }

    [Fact]
    public async Task Cookies_that_http2_cut_are_one_again()
    {
        await using var backend = ScriptedBackend.Saying(Fine);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync(Http2(("cookie", "a=1"), ("cookie", "b=2"), ("x-c", "3"), ("x-c", "4")));
        await GatewayBed.UntilAsync(() => !backend.Heads.IsEmpty);
        var head = Assert.Single(backend.Heads);
        Assert.Equal("a=1; b=2", Peer.Field(head, "Cookie"));
        Assert.Equal(2, head.Split("\r\n").Count(line => line.StartsWith("x-c: ", StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>The preface, empty settings and one GET; names and values as they are (RFC 7541, 6.2.2).</summary>
    private static byte[] Http2(params (string Name, string Value)[] fields)
    {
        List<byte> block = [];
        foreach (var (name, value) in (IEnumerable<(string, string)>)
            [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a"), .. fields])
            block.AddRange([0, (byte)name.Length, .. Encoding.Latin1.GetBytes(name), (byte)value.Length,
                .. Encoding.Latin1.GetBytes(value)]);
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0,
            0, (byte)(block.Count >> 8), (byte)block.Count, 1, 5, 0, 0, 0, 1, .. block,
        ];
    }
}
