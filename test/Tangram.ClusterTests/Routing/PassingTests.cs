using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

/// <summary>What passes through the gateway, and how.</summary>
public sealed class PassingTests
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task Host_path_trace_and_client_reach_the_backend()
    {
        await using var backend = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(bed.Url, "/a%20b/c?d=e%2Ff"));
        request.Headers.Host = "shop.local";
        request.Headers.Add("traceparent", Trace);
        request.Headers.Add("X-Forwarded-For", "6.6.6.6");
        using var response = await bed.Client.SendAsync(request);
        Assert.Equal($"HTTP/1.1 PUT shop.local /a%20b/c?d=e%2Ff 127.0.0.1 http shop.local {Trace}",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_internal_listener_keeps_what_the_caller_says_of_its_client()
    {
        await using var backend = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        var inside = new Listener("127.0.0.1", 0, GatewayBed.Order) { Internal = true };
        Assert.Empty(await bed.ListenAsync(inside));
        var port = await bed.Gateway.PortAsync(inside);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/x");
        request.Headers.Host = "order";
        request.Headers.Add("X-Forwarded-For", "6.6.6.6");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("traceparent", Trace);
        using var response = await bed.Client.SendAsync(request);
        Assert.Equal($"HTTP/1.1 GET order /x 6.6.6.6, 127.0.0.1 https order {Trace}",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Http2_and_http1_share_a_port_without_tls()
    {
        await using var backend = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var i = 0; i < 5; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, bed.Url)
            {
                Version = i % 2 == 0 ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var response = await bed.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(request.Version, response.Version);
        }
    }

    [Fact]
    public async Task Grpc_goes_on_as_http2_with_its_trailers()
    {
        await using var backend = await AppBackend.StartAsync(HttpProtocols.Http2);
        await using var bed = await GatewayBed.StartAsync(GatewayBed.ClosedPort(), backend.Port);
        for (var i = 0; i < 10; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, bed.Url)
            {
                Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent([0, 0, 0, 0, 1, 42]),
            };
            request.Content.Headers.ContentType = new("application/grpc");
            using var response = await bed.Client.SendAsync(request);
            Assert.Equal([0, 0, 0, 0, 1, 42], await response.Content.ReadAsByteArrayAsync());
            Assert.Equal("0", Assert.Single(response.TrailingHeaders.GetValues("grpc-status")));
        }
    }

    [Fact]
    public async Task A_websocket_passes_and_counts_as_in_flight_while_its_replica_drains()
    {
        await using var backend = await AppBackend.StartAsync();
        await using var other = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        var idle = new TaskCompletionSource<ReplicaName>(TaskCreationOptions.RunContinuationsAsynchronously);
        bed.Gateway.BecameIdle += replica => idle.TrySetResult(replica);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{bed.Port}/live"), default);

        bed.Route([other.Port], draining: [backend.Port]);
        Assert.Equal([ReplicaName.Of(GatewayBed.Order, backend.Port)], bed.Gateway.Busy);
        var buffer = new byte[100];
        await socket.SendAsync(Encoding.ASCII.GetBytes("hello"), WebSocketMessageType.Text, true, default);
        var answer = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("hello", Encoding.ASCII.GetString(buffer, 0, answer.Count));

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        var replica = await idle.Task.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        Assert.Equal(ReplicaName.Of(GatewayBed.Order, backend.Port), replica);
        Assert.Empty(bed.Gateway.Busy);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_large_body_passes_in_both_directions(string version)
    {
        await using var backend = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        var sent = new byte[10_000_000];
        for (var i = 0; i < sent.Length; i++) sent[i] = (byte)(i * 31);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(bed.Url, "/echo"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(sent),
        };
        using var response = await bed.Client.SendAsync(request);
        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32_767)]
    [InlineData(32_768)]
    [InlineData(32_769)]
    [InlineData(200_000)]
    public async Task An_answer_in_pieces_arrives_whole(int bytes)
    {
        await using var backend = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        for (var i = 0; i < 5; i++)
            Assert.Equal(AppBackend.Pieces[..bytes],
                await bed.Client.GetByteArrayAsync(new Uri(bed.Url, $"/pieces?bytes={bytes}")));
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("text/plain")]
    public async Task A_stream_is_not_held_back(string type)
    {
        await using var backend = await AppBackend.StartAsync();
        await using var bed = await GatewayBed.StartAsync(backend.Port);
        using var response = await bed.Client.GetAsync(
            new Uri(bed.Url, $"/stream?type={type}"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[5];
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        Assert.Equal("first"u8, buffer);
    }
}
