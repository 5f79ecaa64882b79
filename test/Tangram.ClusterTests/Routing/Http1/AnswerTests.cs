using System.Net;
using System.Text;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing.Http1;

/// <summary>Answers as backends say them, | for CR LF, and what of them clients get.</summary>
public sealed class AnswerTests
{
    private const string Fine = "HTTP/1.1 200 OK|Content-Length: 4||fine";

    [Theory]
    [InlineData("HTTP/1.1 200 OK|Content-Length: 5|X-A: b||hello")]
    [InlineData("HTTP/1.1 200 OK|X-A: b|Transfer-Encoding: chunked||2|he|3;x|llo|0|Y: z||")]
    [InlineData("HTTP/1.1 100 Continue||HTTP/1.1 103 Hints|X-A: no||HTTP/1.1 200 OK|X-A: b|Content-Length: 5||hello")]
    [InlineData("HTTP/1.1 200 OK|X-A: b|Connection: close||hello")]
    [InlineData("HTTP/1.0 200 OK|X-A: b||hello")]
    [InlineData("HTTP/1.0 200 OK|X-A: b|Content-Length: 5||hello")]
    public async Task An_answer_arrives_at_once_or_byte_by_byte(string answer)
    {
        var apart = false;
        await using var backend = new ScriptedBackend(async (peer, _) =>
        {
            while (await peer.HeadAsync() is not null)
            {
                if (Volatile.Read(ref apart))
                    foreach (var one in Peer.Bytes(answer)) await peer.SendAsync(new[] { one });
                else await peer.SendAsync(answer);
                if (answer.StartsWith("HTTP/1.0", StringComparison.Ordinal) || answer.Contains("close")) return;
            }
        });
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var i = 0; i < 6; i++)
        {
            Volatile.Write(ref apart, i % 2 == 1);
            using var response = await bed.Client.GetAsync(bed.Url);
            Assert.Equal((HttpStatusCode.OK, "hello"),
                (response.StatusCode, await response.Content.ReadAsStringAsync()));
            Assert.Equal("b", Assert.Single(response.Headers.GetValues("X-A")));
        }
    }

    [Fact]
    public async Task Trailers_reach_a_client_of_http2_without_such_as_frame_a_message()
    {
        await using var backend = ScriptedBackend.Saying(
            "HTTP/1.1 200 OK|Transfer-Encoding: chunked||5|hello|0|X-Sum: 7|Content-Length: 9|Connection: x||");
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var request = new HttpRequestMessage(HttpMethod.Get, bed.Url)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await bed.Client.SendAsync(request);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        Assert.Equal("x-sum", Assert.Single(response.TrailingHeaders).Key);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK|Content-Length: 5||", 200)]
    [InlineData("HEAD", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||", 200)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified|Content-Length: 5||", 304)]
    [InlineData("GET", "HTTP/1.1 204 No Content||", 204)]
    [InlineData("GET", "HTTP/1.1 204 No Content|Transfer-Encoding: chunked||0||", 204)]
    [InlineData("GET", "HTTP/1.1 204 No Content|Content-Length: 5||hello", 204)]
    [InlineData("GET", "HTTP/1.1 205 Reset|Content-Length: 0||", 205)]
    [InlineData("GET", "HTTP/1.1 205 Reset|Content-Length: 5||hello", 205)]
    public async Task Answers_without_a_body_end_at_once(string method, string answer, int status)
    {
        await using var backend = ScriptedBackend.Saying(answer);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        bed.Client.Timeout = TimeSpan.FromSeconds(3);
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), bed.Url);
            using var response = await bed.Client.SendAsync(request);
            Assert.Equal((status, ""), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
            if (method == "HEAD" && answer.Contains("Length")) Assert.Equal(5, response.Content.Headers.ContentLength);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK|Content-Length: 4||fineHTTP/1.1 200 OK|Content-Length: 6||stolen")]
    [InlineData("HTTP/1.1 200 OK|Transfer-Encoding: chunked||4|fine|0||HTTP/1.1 200 OK|Content-Length: 6||stolen")]
    [InlineData("HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 4||4|fine|0||stolen")]
    public async Task What_follows_an_answer_is_not_for_the_next_client(string answer)
    {
        await using var backend = ScriptedBackend.Saying(answer);
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var i = 0; i < 20; i++) Assert.Equal((HttpStatusCode.OK, "fine"), await bed.GetAsync());
        Assert.Equal(20, backend.Connections);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK|Content-Length: 4|Content-Length: 5||fine")]
    [InlineData("HTTP/1.1 200 OK|Content-Length: +4||fine")]
    [InlineData("HTTP/1.1 200 OK|Transfer-Encoding: gzip||fine")]
    [InlineData("HTTP/1.1 200 OK|X: a| b|Content-Length: 4||fine")]
    [InlineData("HTTP/1.1 101 Switching Protocols||")]
    [InlineData("SSH-2.0-OpenSSH||")]
    [InlineData("HTTP/1.1 200 OK|Transfer-Encoding: chunked||x|fine|0||")]
    public async Task A_bad_answer_is_told_to_who_posts_and_replaced_for_who_gets(string answer)
    {
        await using var bad = ScriptedBackend.Saying(answer);
        await using var bed = await GatewayBed.StartAsync(bad.Port);
        using var response = await bed.Client.PostAsync(bed.Url, new StringContent("body"));
        Assert.Equal((HttpStatusCode.BadGateway, "no-answer"),
            (response.StatusCode, Assert.Single(response.Headers.GetValues("Tangram-Error"))));
        Assert.Single(bad.Heads);
        await using var good = ScriptedBackend.Saying(Fine);
        bed.Route([bad.Port, good.Port]);
        for (var i = 0; i < 20; i++) Assert.Equal((HttpStatusCode.OK, "fine"), await bed.GetAsync());
    }

    [Fact]
    public async Task Values_pass_as_they_are_and_what_is_nominated_does_not()
    {
        await using var backend = ScriptedBackend.Saying(
            "HTTP/1.1 200 Fine!|X-Tab: a\tb|X-Old: \u00e9|Content-Length: 4|" +
            "Connection: keep-alive, X-Secret|X-Secret: 1|Keep-Alive: timeout=5||fine");
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("GET / HTTP/1.1|Host: a||");
        var head = (await client.HeadAsync())!;
        Assert.StartsWith("HTTP/1.1 200 Fine!", head, StringComparison.Ordinal);
        Assert.Equal(("a\tb", "\u00e9", null, null),
            (Peer.Field(head, "X-Tab"), Peer.Field(head, "X-Old"), Peer.Field(head, "X-Secret"),
                Peer.Field(head, "Keep-Alive")));
        Assert.Equal("fine", Encoding.ASCII.GetString(await client.BodyAsync(head)));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_backend_that_says_nothing_is_told_of_in_time(string method)
    {
        await using var mute = new ScriptedBackend(async (peer, _) => await peer.RestAsync());
        var options = GatewayBed.Options with { ActivityTimeout = TimeSpan.FromSeconds(1) };
        await using var bed = await GatewayBed.StartAsync(
            new GatewayServer(options, TimeProvider.System, seed: 1), new("127.0.0.1", 0), mute.Port);
        using var request = new HttpRequestMessage(new HttpMethod(method), bed.Url);
        bed.Client.Timeout = TimeSpan.FromSeconds(8);
        using var response = await bed.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.GatewayTimeout, "timed-out"),
            (response.StatusCode, Assert.Single(response.Headers.GetValues("Tangram-Error"))));
    }
}
