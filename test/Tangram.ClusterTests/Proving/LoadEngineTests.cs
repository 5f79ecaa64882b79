using System.Net;
using System.Net.Sockets;
using System.Text;
using Tangram.Proving;

namespace Tangram.ClusterTests.Proving;

/// <summary>What only our own engine does, and what HTTP/1.1 may do to it.</summary>
[Collection(nameof(Alone))]
public sealed class LoadEngineTests
{
    private static LoadOptions Of(Uri url, int users, double seconds = 1) => new()
    {
        Url = url, Rate = 0, Users = users, Duration = TimeSpan.FromSeconds(seconds),
    };

    private static Task<LoadResult> RunAsync(LoadOptions options) =>
        LoadRun.RunAsync(options, null, TimeProvider.System, default);

    private static RawServer Answering(string answer) =>
        new((socket, _) => socket.SendAsync(Encoding.Latin1.GetBytes(answer)));

    private static Task PauseAsync(int milliseconds) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);

    [Fact]
    public async Task A_user_asks_again_when_answered_and_not_before()
    {
        var (now, most) = (0, 0);
        await using var server = new RawServer(async (socket, _) =>
        {
            var busy = Interlocked.Increment(ref now);
            for (var seen = most; busy > seen; seen = most) Interlocked.CompareExchange(ref most, busy, seen);
            await PauseAsync(20);
            Interlocked.Decrement(ref now);
            await RawServer.SendAsync(socket, "200 OK");
        });
        var result = await RunAsync(Of(server.Url, users: 10));
        Assert.Equal((10, 10), (most, result.MostInFlight));
        Assert.InRange(result.Total.Ok, 250, 500);
        Assert.Equal((server.Arrived, 0), (result.Total.Ok, result.Total.Bad));
        Assert.Equal((10, LoadRuling.Passed), (result.Users, result.Verdict.Ruling));
        // Little's law: ten users who do nothing but wait are all in flight, all the time.
        Assert.InRange(result.Generator.MeanInFlight, 9, 10);
        Assert.InRange(result.Generator.LittleInFlight, 9, 10);
    }

    [Fact]
    public async Task A_user_thinks_and_the_first_requests_are_spread()
    {
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK"));
        var result = await RunAsync(Of(server.Url, users: 20, seconds: 2) with
        {
            Think = TimeSpan.FromMilliseconds(500), Threads = 2,
        });
        Assert.InRange(result.Total.Ok, 60, 80);
        Assert.Equal(2, result.Generator.Threads);
        Assert.InRange(result.Generator.MeanInFlight, 0, 5);
    }

    [Fact]
    public async Task An_answer_that_closes_its_connection_is_followed_by_another_connection()
    {
        await using var server = new RawServer(async (socket, request) =>
        {
            Assert.Equal(1, request.OnConnection);
            await socket.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
            socket.Close();
        });
        var result = await RunAsync(Of(server.Url, users: 4) with { Think = TimeSpan.FromMilliseconds(10) });
        Assert.Equal((server.Arrived, 0), (result.Total.Ok, result.Total.Bad));
        Assert.InRange(server.Arrived, 40, 400);
    }

    [Fact]
    public async Task A_body_without_a_length_ends_with_its_connection()
    {
        await using var server = new RawServer(async (socket, _) =>
        {
            await socket.SendAsync("HTTP/1.0 200 OK\r\n\r\nso far"u8.ToArray());
            await PauseAsync(10);
            await socket.SendAsync(" and no further"u8.ToArray());
            socket.Close();
        });
        var result = await RunAsync(Of(server.Url, users: 2));
        Assert.Equal((server.Arrived, 0), (result.Total.Ok, result.Total.Bad));
        Assert.True(result.Total.Ok > 10);
    }

    [Fact]
    public async Task Answers_are_read_whatever_the_pieces_in_which_they_come()
    {
        const string Answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n" +
            "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n10;x=y\r\n0123456789abcdef\r\n0\r\nDigest: x\r\n\r\n";
        await using var server = new RawServer(async (socket, request) =>
        {
            var size = 1 + request.Number * 7 % Answer.Length;
            for (var at = 0; at < Answer.Length; at += size)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(Answer[at..Math.Min(at + size, Answer.Length)]));
                if (size > 4) await PauseAsync(1);
            }
        });
        var result = await RunAsync(Of(server.Url, users: 8));
        Assert.Equal((server.Arrived, 0), (result.Total.Ok, result.Total.Bad));
        Assert.True(result.Total.Ok > 100, $"only {result.Total.Ok}");
    }

    [Fact]
    public async Task A_body_that_is_longer_than_any_buffer_is_read_to_its_end()
    {
        var body = new string('b', 3_000_000);
        await using var server = new RawServer((socket, _) => RawServer.SendAsync(socket, "200 OK", body));
        var result = await RunAsync(Of(server.Url, users: 2));
        Assert.Equal((server.Arrived, 0), (result.Total.Ok, result.Total.Bad));
        Assert.True(result.Total.Ok > 5, $"only {result.Total.Ok}");
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", "Protocol")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n", "Protocol")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Protocol")]
    public async Task What_is_not_HTTP_is_told(string answer, string kind)
    {
        await using var server = Answering(answer);
        var result = await RunAsync(new LoadOptions
        {
            Url = server.Url, Rate = 50, Duration = TimeSpan.FromMilliseconds(500),
        });
        Assert.Equal($"25 {kind}", string.Join(", ", result.Total.Troubles));
    }

    [Fact]
    public async Task Bytes_that_nobody_asked_for_are_not_taken_for_the_next_answer()
    {
        const string Whole = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        await using var server = Answering(Whole + "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        var result = await RunAsync(Of(server.Url, users: 1) with { Think = TimeSpan.FromMilliseconds(50) });
        Assert.Equal((server.Arrived, 0), (result.Total.Ok, result.Total.Bad));
        Assert.InRange(result.Total.Ok, 5, 20);
    }

    [Fact]
    public async Task Users_whom_nobody_answers_do_not_hammer()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var nowhere = new Uri($"http://{probe.LocalEndpoint}/");
        probe.Stop();
        var result = await RunAsync(Of(nowhere, users: 5) with { MaxFailed = 1_000 });
        Assert.InRange(result.Total.Failed, 25, 55);
        Assert.Equal("Refused", Assert.Single(result.Total.Troubles).Kind);
    }

    [Fact]
    public async Task A_connection_that_ended_while_idle_is_not_used_again()
    {
        await using var server = new RawServer(async (socket, _) =>
        {
            await RawServer.SendAsync(socket, "200 OK");
            socket.Close();
        });
        var result = await RunAsync(new LoadOptions
        {
            Url = server.Url, Rate = 20, Duration = TimeSpan.FromSeconds(1),
        });
        Assert.Equal((20, 0, LoadEngine.Raw), (result.Total.Ok, result.Total.Bad, result.Generator.Engine));
    }

    [Fact]
    public async Task Several_threads_keep_one_rate_and_no_id_comes_twice()
    {
        var ids = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        await using var server = new RawServer((socket, request) =>
        {
            Assert.True(ids.TryAdd(request.Text.Split("x-id: ")[1].Split('\r')[0], true));
            return RawServer.SendAsync(socket, "200 OK");
        });
        var result = await RunAsync(new LoadOptions
        {
            Url = server.Url, Rate = 300, Duration = TimeSpan.FromSeconds(1), Threads = 3, UniqueIdHeader = "x-id",
        });
        Assert.Equal((300, 300, 3), (result.Total.Ok, ids.Count, result.Generator.Threads));
        Assert.InRange(result.Offered, 290, 310);
    }
}
