using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Tangram.Proving;

namespace Tangram.ClusterTests.Proving;

/// <summary>What a load shows does not depend on what makes it.</summary>
public abstract class LoadTests
{
    protected abstract LoadEngine Engine { get; }

    /// <summary>Some things only the platform's client does; so it is chosen, whatever was asked for.</summary>
    private LoadOptions At(Uri url, double rate, double seconds) =>
        new() { Url = url, Rate = rate, Duration = TimeSpan.FromSeconds(seconds), Engine = Engine };

    private static Task<LoadResult> RunAsync(LoadOptions options, CancellationToken cancellation = default) =>
        LoadRun.RunAsync(options, null, TimeProvider.System, cancellation);

    private static Uri Nowhere()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return new Uri($"http://{probe.LocalEndpoint}/");
    }

    [Fact]
    public async Task A_thousand_requests_a_second_are_offered_within_2_percent()
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var result = await RunAsync(At(server.Url, 1000, 3));
        Assert.InRange(result.Offered, 980, 1020);
        Assert.Equal((3000, 3000), (result.Total.Ok, server.Arrived));
        Assert.Equal(LoadRuling.Passed, result.Verdict.Ruling);
        Assert.Equal(3000, result.Total.Latency.Count);
        Assert.Equal(Engine, result.Generator.Engine);
    }

    [Fact]
    public async Task A_server_that_stalls_for_a_second_shows_in_the_latency_of_all_who_came_meanwhile()
    {
        using var stalled = new SemaphoreSlim(1);
        await using var server = new RawServer(async (socket, request) =>
        {
            await stalled.WaitAsync();
            if (request.Number == 200) await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
            stalled.Release();
            await RawServer.SendAsync(socket, "200 OK");
        });
        var result = await RunAsync(At(server.Url, 200, 3));
        Assert.Equal((600, 0), (result.Total.Ok, result.Total.Bad));
        // A closed loop would count one slow request in 600; here a third of them waited, half a second on average.
        Assert.InRange(result.Total.Latency.P90, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2));
        Assert.InRange(result.Total.Latency.P99, TimeSpan.FromMilliseconds(900), TimeSpan.FromSeconds(2));
        Assert.InRange(result.Total.Latency.P50, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task Waiting_for_the_one_connection_counts_as_latency()
    {
        await using var server = new RawServer(async (socket, _) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            await RawServer.SendAsync(socket, "200 OK");
        });
        var result = await RunAsync(At(server.Url, 100, 1) with { Connections = 1 });
        Assert.Equal(100, result.Total.Ok);
        Assert.True(result.Total.Latency.Max > TimeSpan.FromMilliseconds(900), $"{result.Total.Latency}");
    }

    [Fact]
    public async Task Statuses_and_failures_are_counted_apart()
    {
        await using var server = new RawServer((socket, request) => (request.Number % 4) switch
        {
            0 => RawServer.SendAsync(socket, "500 Internal Server Error", "no"),
            1 => RawServer.Reset(socket),
            _ => RawServer.SendAsync(socket, "200 OK", "yes"),
        });
        var result = await RunAsync(At(server.Url, 200, 1) with { MaxFailed = 99 });
        var total = result.Total;
        Assert.Equal((200, 100, 50, 50), (total.Sent, total.Ok, total.NonSuccess, total.Failed));
        Assert.Equal(["50 HTTP 500", "50 Reset"], result.Total.Troubles.Select(t => t.ToString()));
        Assert.Equal((LoadRuling.Failed, 1), (result.Verdict.Ruling, result.Verdict.ExitCode));
        Assert.Equal(2 * LoadTally.MostExamples, result.Examples.Count);
    }

    [Fact]
    public async Task Nobody_there_is_refused()
    {
        var result = await RunAsync(At(Nowhere(), 100, 0.5));
        Assert.Equal("50 Refused", string.Join(", ", result.Total.Troubles));
        Assert.Equal(0, result.Total.Latency.Count);
    }

    [Fact]
    public async Task Another_address_is_tried_when_nobody_is_at_the_first()
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var result = await RunAsync(At(Nowhere(), 100, 1) with
        {
            Method = "POST", Also = [server.Url], Engine = LoadEngine.Chosen,
        });
        Assert.Equal((100, 0, 100), (result.Total.Ok, result.Total.Bad, server.Arrived));
        Assert.InRange(result.Total.Elsewhere, 1, 30);
        Assert.Equal((0, 100, result.Total.Elsewhere),
            (result.BadSafe, result.Seconds.Sum(s => s.Ok), result.Seconds.Sum(s => s.Elsewhere)));
    }

    [Theory]
    [InlineData("GET", 0)]
    [InlineData("POST", 10)]
    public async Task A_lost_answer_is_asked_for_elsewhere_only_when_that_is_safe(string method, int failed)
    {
        await using var broken = new RawServer((socket, _) => RawServer.Reset(socket));
        await using var good = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var options = At(broken.Url, 20, 1) with
        {
            Method = method, Connections = 1, Also = [good.Url], Engine = LoadEngine.Chosen,
        };
        var result = await RunAsync(options);
        Assert.Equal(20, result.Total.Sent);
        Assert.Equal((20 - failed, failed), (result.Total.Ok, result.Total.Bad));
        Assert.Equal(0, result.BadSafe);
    }

    [Fact]
    public async Task An_answer_is_never_asked_for_twice_because_it_is_a_bad_one()
    {
        await using var busy = new RawServer((socket, _) => RawServer.SendAsync(socket, "503 Busy"));
        await using var good = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var result = await RunAsync(At(busy.Url, 20, 1) with { Also = [good.Url], Engine = LoadEngine.Chosen });
        Assert.Equal((10, 10, 10, 0),
            (busy.Arrived, good.Arrived, result.BadSafe, result.Total.Elsewhere));
    }

    [Theory]
    [InlineData("GET", null, false)]
    [InlineData("GET", null, true)]
    [InlineData("POST", null, false)]
    [InlineData("POST", null, true)]
    [InlineData("POST", "{}", false)]
    public async Task A_request_on_a_reused_connection_that_ends_fails_once_and_is_never_repeated(
        string method, string? body, bool reset)
    {
        await using var server = new RawServer((socket, request) =>
        {
            if (request.OnConnection % 2 == 1) return RawServer.SendAsync(socket, "200 OK");
            if (reset) return RawServer.Reset(socket);
            socket.Close();
            return Task.CompletedTask;
        });
        var result = await RunAsync(At(server.Url, 50, 1) with { Method = method, Body = body, Connections = 1 });
        Assert.Equal(50, server.Arrived);
        Assert.Equal((25, 25), (result.Total.Ok, result.Total.Failed));
        Assert.Equal(reset ? "Reset" : "Closed", Assert.Single(result.Total.Troubles).Kind);
    }

    [Fact]
    public async Task An_answer_that_stops_half_way_is_cut()
    {
        await using var server = new RawServer(async (socket, _) =>
        {
            await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"u8.ToArray());
            socket.Close();
        });
        var result = await RunAsync(At(server.Url, 20, 0.5));
        Assert.Equal("10 Cut", string.Join(", ", result.Total.Troubles));
    }

    [Fact]
    public async Task A_silent_server_is_a_time_out_with_its_latency()
    {
        await using var server = new RawServer((_, _) => Task.CompletedTask);
        var result = await RunAsync(At(server.Url, 20, 0.5) with { Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal("10 Timeout", string.Join(", ", result.Total.Troubles));
        Assert.True(result.Total.Latency.P50 >= TimeSpan.FromMilliseconds(295), $"{result.Total.Latency}");
    }

    [Fact]
    public async Task What_is_due_while_too_many_are_in_flight_is_not_sent_and_counts_as_failed()
    {
        await using var server = new RawServer((_, _) => Task.CompletedTask);
        var options = At(server.Url, 100, 1) with { Timeout = TimeSpan.FromSeconds(2), MaxInFlight = 30 };
        var result = await RunAsync(options);
        Assert.Equal((30, 30, 100), (result.Total.Sent, server.Arrived, result.Total.Failed));
        Assert.Equal(["30 Timeout", "70 Unsent"], result.Total.Troubles.Select(t => t.ToString()));
        Assert.Equal(30, result.MostInFlight);
    }

    [Fact]
    public async Task Two_kinds_of_requests_are_counted_apart_and_each_has_an_id_of_its_own()
    {
        var ids = new ConcurrentDictionary<string, string>();
        await using var server = new RawServer((socket, request) =>
        {
            var lines = request.Text.Split("\r\n");
            var method = lines[0].Split(' ')[0];
            var id = lines.First(l => l.StartsWith("x-request-id", StringComparison.OrdinalIgnoreCase));
            Assert.True(ids.TryAdd(id, method));
            return RawServer.SendAsync(socket, method == "POST" ? "503 Busy" : "200 OK");
        });
        var result = await RunAsync(At(server.Url, 200, 1) with
        {
            UniqueIdHeader = "x-request-id",
            Mix =
            [
                new("read", "GET", new Uri(server.Url, "/api/orders"), null, 0.8),
                new("write", "POST", server.Url, "{}", 0.2),
            ],
        });
        Assert.Equal(
            ["read 160 160 0", "write 40 0 40"], result.Classes.Select(c => $"{c.Name} {c.Sent} {c.Ok} {c.Bad}"));
        Assert.Equal(40, ids.Values.Count(method => method == "POST"));
        Assert.All(ids.Keys, id => Assert.Contains($": {result.Run}-", id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cancelled_run_gives_the_results_so_far()
    {
        using var cancellation = new CancellationTokenSource();
        await using var server = new RawServer(async (socket, request) =>
        {
            if (request.Number == 50) await cancellation.CancelAsync();
            if (request.Number < 50) await RawServer.SendAsync(socket, "200 OK");
        });
        var result = await RunAsync(At(server.Url, 100, 60), cancellation.Token);
        Assert.True(result.Interrupted);
        Assert.InRange(result.Total.Ok, 40, 49);
        Assert.InRange(result.Total.Abandoned, 1, 20);
        Assert.Equal((0, 6000), (result.Total.Bad, result.Planned));
        Assert.Equal(LoadRuling.Passed, result.Verdict.Ruling);
    }

    [Fact]
    public async Task Progress_is_told_once_a_second()
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var seen = new ConcurrentQueue<LoadProgress>();
        await LoadRun.RunAsync(At(server.Url, 50, 2.5), new Listener(seen.Enqueue), TimeProvider.System, default);
        Assert.Equal(2, seen.Count);
        Assert.InRange(seen.First().Sent, 40, 60);
        Assert.Equal(125, seen.First().Planned);
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it calls at once, on the same thread.</summary>
    private sealed class Listener(Action<LoadProgress> heard) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => heard(value);
    }
}
