using System.Net;

namespace Tangram.ClusterTests.Routing.Rules;

public sealed class MirrorTests
{
    private const string Mirrored = """
        web: { command: x, x-tangram: { probe: tcp, route: { path: /api, rewrite: /,
          request_headers: { set: { X-Team: shop } }, mirror: { to: shadow, body: 1k } } } }
        shadow: { command: x, x-tangram: { probe: tcp } }
        """;

    [Fact]
    public async Task A_copy_arrives_with_path_headers_and_body()
    {
        await using var bed = await RuleBed.StartAsync(Mirrored);
        var shadow = bed.Backends["shadow"];
        Assert.Equal("web", (await bed.AskAsync("/api/a?b=c", headers: ("X-Own", "1")))[0]);
        Assert.Equal("web", (await bed.AskAsync("/api/d", method: HttpMethod.Post,
            body: new StringContent("hello")))[0]);
        await GatewayBed.UntilAsync(() => shadow.Asked.Count == 2);
        var copies = shadow.Asked.Select(text => text.Split('\n')).OrderBy(lines => lines[1]).ToArray();
        Assert.Equal("GET /a?b=c", copies[0][1]);
        foreach (var line in new[] { "Host: shop.local", "X-Own: 1", "X-Team: shop", "X-Forwarded-For: 127.0.0.1" })
            Assert.Contains(line, copies[0]);
        Assert.Contains("Tangram-Mirrored: 1", copies[0]);
        Assert.DoesNotContain(bed.Backends["web"].Asked, text => text.Contains("Tangram-Mirrored"));
        Assert.Equal(("POST /d", "hello"), (copies[1][1], copies[1][^1]));
    }

    [Fact]
    public async Task A_long_body_passes_and_is_not_copied()
    {
        await using var bed = await RuleBed.StartAsync(Mirrored);
        var whole = new string('x', 100_000);
        Assert.Equal(whole, (await bed.AskAsync("/api/known", method: HttpMethod.Post,
            body: new StringContent(whole)))[^1]);
        Assert.Equal(whole, (await bed.AskAsync("/api/chunked", method: HttpMethod.Put, body: new StringContent(whole),
            headers: ("Transfer-Encoding", "chunked")))[^1]);
        await bed.AskAsync("/api/last");
        await GatewayBed.UntilAsync(() => !bed.Backends["shadow"].Asked.IsEmpty);
        Assert.StartsWith("shadow\nGET /last", Assert.Single(bed.Backends["shadow"].Asked));
    }

    /// <summary>A mirror that answers nothing, one that refuses, and one that is not there: the client is answered all
    /// the same, and soon. More copies than can wait are dropped.</summary>
    [Fact]
    public async Task A_mirror_never_delays_the_client()
    {
        await using var bed = await RuleBed.StartAsync(Mirrored);
        bed.Backends["shadow"].Waits = true;
        await bed.AskAsync("/api");
        var began = TimeProvider.System.GetTimestamp();
        for (var ask = 0; ask < 300; ask++)
            Assert.Equal("web", (await bed.AskAsync("/api", method: ask % 2 == 0 ? HttpMethod.Get : HttpMethod.Post,
                body: ask % 2 == 0 ? null : new StringContent("hello")))[0]);
        // One wait for the mirror's patience alone would be 10 s.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 8);
        Assert.InRange(bed.Backends["shadow"].Asked.Count, 1, 32);
        Assert.InRange(bed.Gateway.Gateway.DroppedCopies, 301 - 32 - 64, 300);
        Assert.Equal(301, bed.Backends["web"].Asked.Count);

        var web = Tangram.Model.ServiceName.Of("web");
        bed.Gateway.Publish(bed.Spec, (web, bed.Backends["web"].Port, 1),
            (Tangram.Model.ServiceName.Of("shadow"), GatewayBed.ClosedPort(), 1));
        await bed.AskAsync("/api");
        bed.Gateway.Publish(bed.Spec, (web, bed.Backends["web"].Port, 1));
        await bed.AskAsync("/api");
    }

    [Fact]
    public async Task A_client_that_leaves_within_its_body_leaves_no_copy()
    {
        await using var bed = await RuleBed.StartAsync(Mirrored);
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, bed.Gateway.Port);
        await socket.GetStream().WriteAsync(
            "POST /api HTTP/1.1\r\nHost: shop.local\r\nContent-Length: 10\r\n\r\nhalf"u8.ToArray());
        await socket.GetStream().FlushAsync();
        socket.Close();
        await bed.AskAsync("/api/last");
        await GatewayBed.UntilAsync(() => !bed.Backends["shadow"].Asked.IsEmpty);
        Assert.StartsWith("shadow\nGET /last", Assert.Single(bed.Backends["shadow"].Asked));
    }
}
