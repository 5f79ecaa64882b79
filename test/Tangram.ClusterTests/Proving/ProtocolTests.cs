using System.Net.WebSockets;
using HdrHistogram;
using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.ClusterTests.Proving;

/// <summary>TLS, HTTP/2 and WebSocket against a real Kestrel.</summary>
[Collection(nameof(Alone))]
public sealed class ProtocolTests : IAsyncLifetime
{
    private ProtocolServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await ProtocolServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private LoadOptions At(Uri url, double rate = 100, double seconds = 0.5) => new()
    {
        Url = url, Rate = rate, Duration = TimeSpan.FromSeconds(seconds), CaFile = _server.CaFile, Connections = 10,
    };

    private static Task<LoadResult> RunAsync(LoadOptions options, LatencyLog? log = null) =>
        LoadRun.RunAsync(options, null, TimeProvider.System, CancellationToken.None, log);

    [Theory]
    [InlineData(0, "https", false, "HTTP/1.1")]
    [InlineData(0, "https", true, "HTTP/2")]
    [InlineData(2, "http", true, "HTTP/2")]
    public async Task A_load_comes_by_the_protocol_that_was_asked_for(
        int listener, string scheme, bool http2, string protocol)
    {
        var result = await RunAsync(At(_server.Url(listener, scheme)) with { Http2 = http2 });
        Assert.True(result.Total.Ok == 50, string.Join('\n', LoadReport.Lines(result)));
        Assert.Equal([KeyValuePair.Create(protocol, 50)], _server.Protocols);
    }

    [Fact]
    public async Task A_server_without_HTTP2_and_one_that_is_not_trusted_fail_with_their_reason()
    {
        var without = await RunAsync(At(_server.Url(1)) with { Http2 = true, Rate = 10 });
        Assert.Equal((5, LoadRuling.Failed), (without.Total.Failed, without.Verdict.Ruling));
        var stranger = await RunAsync(At(_server.Url(0, "https")) with { CaFile = null, Rate = 10, Http2 = true });
        Assert.Equal("5 Tls", string.Join(", ", stranger.Total.Troubles));
        Assert.Empty(_server.Protocols);
    }

    [Theory]
    [InlineData(false, "HTTP/1.1")]
    [InlineData(true, "HTTP/2")]
    public async Task A_scenario_comes_by_TLS_and_either_protocol(bool http2, string protocol)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $$"""
            target: {{_server.Url(0, "https")}}
            profile: { users: 5, iterations: 4 }
            steps: [ { path: /a, checks: { status: 200, body: hello } } ]
            """);
        try
        {
            var options = ScenarioFile.Load(
                new(file) { CaFile = _server.CaFile, Http2 = http2 }, _ => { });
            var result = await ScenarioRun.RunAsync(options, null, TimeProvider.System, CancellationToken.None);
            Assert.Equal((20, 0), (result.Total.Ok, result.Total.Bad));
            Assert.Equal([KeyValuePair.Create(protocol, 20)], _server.Protocols);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(0, "wss")]
    [InlineData(1, "ws")]
    public async Task Messages_at_a_rate_are_dealt_to_standing_connections(int listener, string scheme)
    {
        var log = new LatencyLog(["message"]);
        var result = await RunAsync(At(_server.Url(listener, scheme), rate: 200) with
        {
            Headers = [new("X-Name", "ann")], Body = new string('é', 5000),
        }, log);
        Assert.True(result.Total.Ok == 100, string.Join('\n', LoadReport.Lines(result)));
        Assert.Equal((100, 100, 10, 0, 0), (result.Total.Ok, result.Total.Latency.Count, result.Sockets!.Opened,
            result.Sockets.Refused, result.Sockets.Lost));
        Assert.Equal(Enumerable.Repeat("ann", 10), _server.Sockets);
        Assert.Empty(result.Total.Statuses);
        using var stream = new MemoryStream();
        log.Write(stream, result.StartedAt);
        stream.Position = 0;
        using var reader = new HistogramLogReader(stream);
        Assert.Equal(100, reader.ReadHistograms().Where(h => string.IsNullOrEmpty(h.Tag))
            .Sum(h => h.TotalCount));
    }

    [Fact]
    public async Task A_message_that_waits_for_the_one_before_it_counts_from_when_it_was_due()
    {
        _server.OnMessage = (number, _) => number == 5
            ? Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System) : Task.CompletedTask;
        var result = await RunAsync(At(_server.Url(1, "ws"), rate: 100, seconds: 1) with { Connections = 1 });
        Assert.Equal(100, result.Total.Ok);
        Assert.True(result.Total.Latency.P90 > TimeSpan.FromMilliseconds(300), $"{result.Total.Latency}");
        Assert.True(result.Total.Uncorrected.P90 < TimeSpan.FromMilliseconds(300), $"{result.Total.Uncorrected}");
    }

    [Fact]
    public async Task Users_ask_again_when_they_are_answered()
    {
        var result = await RunAsync(At(_server.Url(1, "ws")) with
        {
            Users = 4, Think = TimeSpan.FromMilliseconds(50), Duration = TimeSpan.FromSeconds(1),
        });
        Assert.Equal((4, 0), (result.Sockets!.Opened, result.Total.Bad));
        Assert.InRange(result.Total.Ok, 20, 84);
    }

    [Fact]
    public async Task What_ends_a_connection_is_told_and_it_is_opened_again()
    {
        _server.OnMessage = async (number, socket) =>
        {
            if (number == 10) await socket.CloseAsync(WebSocketCloseStatus.EndpointUnavailable, "bye", default);
            if (number == 20) socket.Abort();
            if (number == 30) await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        };
        var result = await RunAsync(At(_server.Url(1, "ws")) with { Timeout = TimeSpan.FromMilliseconds(800) });
        Assert.Equal((50, 47, 3), (result.Total.Sent, result.Total.Ok, result.Total.Failed));
        Assert.Contains("the server closed the connection (1001, bye)", result.Examples.Select(e => e.What));
        Assert.Contains(result.Examples, e => e.Kind == nameof(LoadFailure.Timeout));
        Assert.Equal((3, 13), (result.Sockets!.Lost, result.Sockets.Opened));
    }

    [Fact]
    public async Task A_handshake_that_is_refused_fails_every_message()
    {
        var result = await RunAsync(At(_server.Url(1, "ws"), rate: 40) with { Headers = [new("X-Nobody", "1")] });
        Assert.Equal("20 HTTP 403", string.Join(", ", result.Total.Troubles));
        Assert.Equal((0, LoadRuling.Failed), (result.Sockets!.Opened, result.Verdict.Ruling));
        Assert.InRange(result.Sockets.Refused, 10, 30);
    }
}
