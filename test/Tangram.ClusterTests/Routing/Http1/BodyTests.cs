using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.ClusterTests.Routing.Http1;

/// <summary>Bodies on their way, and what becomes of them when one of the three ends too soon.</summary>
public sealed class BodyTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);
    private static readonly byte[] Piece = new byte[64 * 1024];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_early_answer_reaches_a_client_that_still_uploads(bool backendReadsOn)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = new ScriptedBackend(async (peer, _) =>
        {
            await peer.HeadAsync();
            await peer.SendAsync("HTTP/1.1 413 Too Large|Transfer-Encoding: chunked||3|big|0||");
            if (backendReadsOn) await peer.RestAsync();
            else await Task.WhenAny(release.Task, Task.Delay(Soon * 2, TimeProvider.System));
        });
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        const int pieces = 400;
        await client.SendAsync($"POST / HTTP/1.1|Host: a|Content-Length: {pieces * Piece.Length}||");
        var uploading = UploadAsync(client, pieces);
        var head = (await client.HeadAsync().WaitAsync(Soon, TimeProvider.System))!;
        Assert.StartsWith("HTTP/1.1 413", head, StringComparison.Ordinal);
        var body = await client.BodyAsync(head).WaitAsync(Soon, TimeProvider.System);
        Assert.Equal("big", Encoding.ASCII.GetString(body));
        // It has its answer, and either may send the rest or finds the connection closed.
        try { await uploading.WaitAsync(Soon, TimeProvider.System); }
        catch (SocketException)
        {
            await NothingLeftAsync(bed);
            release.SetResult();
            return;
        }
        await using var other = ScriptedBackend.Saying("HTTP/1.1 200 OK|Content-Length: 4||fine");
        bed.Route([other.Port]);
        await client.SendAsync("GET / HTTP/1.1|Host: a||");
        Assert.StartsWith("HTTP/1.1 200", await client.HeadAsync(), StringComparison.Ordinal);
        await NothingLeftAsync(bed);
        release.SetResult();
    }

    [Fact]
    public async Task Both_directions_stream_at_once()
    {
        await using var backend = new ScriptedBackend(async (peer, _) =>
        {
            await peer.HeadAsync();
            await peer.SendAsync("HTTP/1.1 200 OK|Transfer-Encoding: chunked||");
            byte[] chunk;
            do
            {
                chunk = await peer.ChunkAsync();
                await peer.SendAsync($"{chunk.Length:x}|{Encoding.Latin1.GetString(chunk)}|");
            }
            while (chunk.Length > 0);
        });
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||");
        await client.HeadAsync();
        for (var i = 10; i < 60; i++)
        {
            await client.SendAsync($"2|{i}|");
            Assert.Equal($"{i}", Encoding.ASCII.GetString(await client.ChunkAsync()));
        }
        await client.SendAsync("0||");
        Assert.Empty(await client.ChunkAsync());
        await NothingLeftAsync(bed);
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_its_backend_up_and_not_memory()
    {
        const int pieces = 4000;
        var sent = 0;
        await using var backend = new ScriptedBackend(async (peer, _) =>
        {
            await peer.HeadAsync();
            await peer.SendAsync($"HTTP/1.1 200 OK|Content-Length: {pieces * (long)Piece.Length}||");
            for (; sent < pieces; Interlocked.Increment(ref sent)) await peer.SendAsync(Piece);
        });
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("GET / HTTP/1.1|Host: a||");
        await client.HeadAsync();
        var before = -1;
        while (before != Volatile.Read(ref sent))
        {
            before = Volatile.Read(ref sent);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }
        // What the sockets of two connections hold, and a little of our own.
        Assert.InRange((long)before * Piece.Length, 1, 100_000_000);
        client.Reset();
        await NothingLeftAsync(bed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_a_client_leaves_its_backend_hears_of_it(bool uploads)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = new ScriptedBackend(async (peer, _) =>
        {
            await peer.HeadAsync();
            if (!uploads) await peer.SendAsync("HTTP/1.1 200 OK|Content-Length: 1000000||part");
            begun.SetResult();
            try { await peer.RestAsync(); }
            finally { ended.SetResult(); }
        });
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync(uploads
            ? "POST / HTTP/1.1|Host: a|Content-Length: 1000||part"
            : "GET / HTTP/1.1|Host: a||");
        await begun.Task.WaitAsync(Soon, TimeProvider.System);
        client.Reset();
        await ended.Task.WaitAsync(Soon, TimeProvider.System);
        await NothingLeftAsync(bed);
    }

    [Fact]
    public async Task A_client_that_uploads_no_http_is_told_so()
    {
        await using var backend = new ScriptedBackend(async (peer, _) => await peer.RestAsync());
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|hello|no|");
        Assert.StartsWith("HTTP/1.1 400", await client.HeadAsync(), StringComparison.Ordinal);
        await NothingLeftAsync(bed);
    }

    [Fact]
    public async Task A_backend_that_resets_within_an_upload_is_not_replaced()
    {
        await using var one = new ScriptedBackend(ResetAsync);
        await using var two = new ScriptedBackend(ResetAsync);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port);
        using var client = await Peer.ConnectAsync(bed.Port);
        await client.SendAsync("POST / HTTP/1.1|Host: a|Content-Length: 100000||");
        await client.SendAsync(Piece);
        var head = (await client.HeadAsync())!;
        Assert.StartsWith("HTTP/1.1 502", head, StringComparison.Ordinal);
        Assert.Equal("no-answer", Peer.Field(head, "Tangram-Error"));
        Assert.Equal(1, one.Connections + two.Connections);
        await NothingLeftAsync(bed);

        static async Task ResetAsync(Peer peer, int number)
        {
            await peer.HeadAsync();
            await peer.ExactlyAsync(1000);
            peer.Reset();
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_connection_that_its_backend_closed_between_two_requests_is_not_used(string method)
    {
        await using var backend = new ScriptedBackend(async (peer, _) =>
        {
            await peer.BodyAsync((await peer.HeadAsync())!);
            await peer.SendAsync("HTTP/1.1 200 OK|Content-Length: 4||fine");
        });
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var i = 0; i < 20; i++)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), bed.Url);
            using var response = await bed.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            // Until the backend's end of the connection has arrived.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
        Assert.Equal(20, backend.Connections);
    }

    [Fact]
    public async Task A_node_that_got_another_address_is_found_there()
    {
        await using var backend = ScriptedBackend.Saying("HTTP/1.1 200 OK|Content-Length: 4||fine");
        await using var bed = await GatewayBed.StartAsync();
        bed.Route([backend.Port], address: "127.0.0.2");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bed.GetAsync()).Status);
        bed.Route([backend.Port], address: "127.0.0.1");
        Assert.Equal((HttpStatusCode.OK, "fine"), await bed.GetAsync());
    }

    [Fact]
    public async Task A_connection_is_used_again_and_not_longer_than_its_backend_keeps_it()
    {
        await using var backend = ScriptedBackend.Saying(
            "HTTP/1.1 200 OK|Content-Length: 4|Keep-Alive: timeout=2||fine");
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var i = 0; i < 5; i++) await bed.GetAsync();
        Assert.Equal(1, backend.Connections);
        await Task.Delay(TimeSpan.FromSeconds(1.7), TimeProvider.System);
        await bed.GetAsync();
        Assert.Equal(2, backend.Connections);
    }

    private static async Task UploadAsync(Peer client, int pieces)
    {
        for (var i = 0; i < pieces; i++) await client.SendAsync(Piece);
    }

    internal static Task NothingLeftAsync(GatewayBed bed) => GatewayBed.UntilAsync(() =>
        bed.Gateway.Table.Find(GatewayBed.Order) is { } service && service.Counters.Active == 0
        && service.Backends.All(b => b.Counters.InFlight == 0));
}
