using System.Diagnostics;
using Tangram.ClusterTests.Proving;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Who sends too much or too slowly, and that nobody else notices.</summary>
[Collection(nameof(Alone))]
public sealed class LimitTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private static readonly GatewayLimitsSpec Tight = new()
    {
        HeaderBytes = 2_048, Headers = 10, RequestLine = 512, HeaderTime = TimeSpan.FromSeconds(1),
        KeepAlive = TimeSpan.FromSeconds(2), BodyBytes = 1_000,
    };

    [Theory]
    [InlineData("a target", 414)]
    [InlineData("fields", 431)]
    [InlineData("many fields", 431)]
    [InlineData("a body", 413)]
    [InlineData("a body in chunks", 413)]
    public async Task What_is_longer_than_the_limit_is_refused(string what, int status)
    {
        await using var bed = await BedAsync(Tight);
        using var client = await ClientAsync(bed);
        await client.SendAsync(what switch
        {
            "a target" => $"GET /{new string('a', 600)} HTTP/1.1\r\nHost: a\r\n\r\n",
            "fields" => Rows.Get + $"X: {new string('a', 3_000)}\r\n\r\n",
            "many fields" => Rows.Get + string.Concat(Enumerable.Range(0, 10).Select(i => $"X{i}: a\r\n")) + "\r\n",
            "a body" => Rows.Post + "Content-Length: 1001\r\n\r\n",
            _ => Rows.Chunked + "3e9\r\n" + new string('a', 1001) + "\r\n0\r\n\r\n",
        });
        Assert.Equal(status, await client.AnswerAsync());
        Assert.True(await client.EndsAsync());
        Assert.DoesNotContain(bed.Backend.Arrivals, arrival => arrival.IsWhole);
    }

    [Fact]
    public async Task A_change_of_the_limits_is_in_force_at_once()
    {
        await using var bed = await BedAsync(Tight);
        bed.Bed.Gateway.Limit(new GatewayLimitsSpec());
        using var client = await ClientAsync(bed);
        await client.SendAsync(Rows.Post + $"X: {new string('a', 3_000)}\r\nContent-Length: 2000\r\n\r\n" +
            new string('a', 2_000));
        Assert.Equal(200, await client.AnswerAsync());
    }

    [Fact]
    public async Task A_head_that_comes_byte_by_byte_is_ended_in_time()
    {
        await using var bed = await BedAsync(Tight);
        using var client = await ClientAsync(bed);
        var begun = Stopwatch.GetTimestamp();
        var answer = client.AnswerAsync();
        foreach (var one in Rows.Get + new string('X', 400))
        {
            if (answer.IsCompleted || !await client.SendAsync($"{one}")) break;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
        Assert.Equal(408, await answer);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(6));
        Assert.Empty(bed.Backend.Arrivals);
    }

    [Fact]
    public async Task Http2_fields_that_come_frame_by_frame_are_ended_in_time()
    {
        await using var bed = await BedAsync(Tight);
        using var client = new FrameReader();
        await client.ConnectAsync(bed.Port);
        await client.SendAsync(Frames.Begun().Frame(FrameKind.Headers, 0, 1, Frames.Block(Frames.Get)).Bytes);
        var outcome = client.OutcomeAsync(1);
        for (var i = 0; i < 400 && !outcome.IsCompleted; i++)
        {
            await client.SendAsync(new Frames().Frame(FrameKind.Continuation, 0, 1).Bytes);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
        Assert.Contains(await outcome, (string[])["the end", "GOAWAY PROTOCOL_ERROR", "GOAWAY INTERNAL_ERROR"]);
        Assert.Empty(bed.Backend.Arrivals);
    }

    [Fact]
    public async Task Who_says_nothing_is_let_go()
    {
        await using var bed = await BedAsync(Tight);
        using var silent = await ClientAsync(bed);
        using var resting = await ClientAsync(bed);
        await resting.SendAsync(Rows.Get + "\r\n");
        Assert.Equal(200, await resting.AnswerAsync());
        Assert.True(await silent.EndsAsync());
        Assert.True(await resting.EndsAsync());
    }

    [Fact]
    public async Task A_body_of_known_length_that_comes_too_slowly_is_ended_and_a_stream_is_not()
    {
        await using var bed = await BedAsync(new GatewayLimitsSpec { BodyRate = 1_000 });
        using var known = await ClientAsync(bed);
        using var stream = await ClientAsync(bed);
        var begun = Stopwatch.GetTimestamp();
        await known.SendAsync(Rows.Post + "Content-Length: 100000\r\n\r\n");
        await stream.SendAsync(Rows.Chunked);
        var ended = known.AnswerAsync();
        while (!ended.IsCompleted && Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(20))
        {
            await known.SendAsync("a");
            await stream.SendAsync("1\r\na\r\n");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
        Assert.Equal(408, await ended);
        await stream.SendAsync("0\r\n\r\n");
        Assert.Equal(200, await stream.AnswerAsync());
        Assert.DoesNotContain(bed.Backend.Arrivals,
            arrival => arrival.IsWhole && arrival.Head.Contains("Content-Length: 100000"));
    }

    /// <summary>It is more than all buffers on the way hold. By the rate, what they hold counts as taken, so the rate
    /// is high here.</summary>
    [Theory]
    [InlineData(20_000_000, 100)]
    [InlineData(0, 3)]
    public async Task Who_does_not_take_an_answer_is_let_go_and_so_is_its_replica(int rate, int silence)
    {
        await using var backend = new WireBackend(new string('a', 64_000_000));
        var options = GatewayBed.Options with { ActivityTimeout = TimeSpan.FromSeconds(silence) };
        await using var bed = await GatewayBed.StartAsync(
            new GatewayServer(options, TimeProvider.System, seed: 1), new Listener("127.0.0.1", 0), backend.Port);
        bed.Gateway.Limit(new GatewayLimitsSpec { BodyRate = rate });
        using var client = new RawClient();
        await client.ConnectAsync(bed.Port);
        await client.SendAsync(Rows.Get + "\r\n");
        int InFlight() => bed.Gateway.Table.All().Sum(one => one.Counters.InFlight);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        Assert.Equal(1, InFlight());
        var begun = Stopwatch.GetTimestamp();
        while (InFlight() > 0 && Stopwatch.GetElapsedTime(begun) < RawClient.Patience)
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        Assert.Equal(0, InFlight());
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_and_those_within_answered()
    {
        await using var bed = await BedAsync(new GatewayLimitsSpec { Connections = 3 });
        var within = new List<RawClient>();
        for (var i = 0; i < 3; i++)
        {
            within.Add(await ClientAsync(bed));
            await within[i].SendAsync(Rows.Get + "\r\n");
            Assert.Equal(200, await within[i].AnswerAsync());
        }
        using (var beyond = await ClientAsync(bed)) Assert.True(await beyond.EndsAsync());
        within.ForEach(client => client.Dispose());
        await GatewayBed.UntilAsync(() => AnswersAsync(bed).GetAwaiter().GetResult());
    }

    private static async Task<bool> AnswersAsync(StrictBed bed)
    {
        using var next = await ClientAsync(bed);
        await next.SendAsync(Rows.Get + "\r\n");
        return await next.AnswerAsync() == 200;
    }

    [Fact]
    public async Task A_thousand_slow_senders_are_not_felt_by_others()
    {
        await using var bed = await BedAsync(new GatewayLimitsSpec());
        var slow = new List<RawClient>();
        for (var i = 0; i < 1_000; i++)
        {
            slow.Add(await ClientAsync(bed));
            await slow[i].SendAsync((i % 3) switch
            {
                0 => "GET / HT", 1 => Rows.Get + "X: a", _ => Rows.Post + "Content-Length: 100\r\n\r\nab",
            });
        }
        var begun = Stopwatch.GetTimestamp();
        Assert.True(await AnswersAsync(bed));
        Assert.True(Stopwatch.GetElapsedTime(begun) < Soon);
        slow.ForEach(client => client.Dispose());
        await bed.Backend.QuietAsync();
        Assert.DoesNotContain(bed.Backend.Arrivals, arrival => arrival.IsWhole && !arrival.Head.StartsWith("GET / "));
    }

    private static async Task<StrictBed> BedAsync(GatewayLimitsSpec limits)
    {
        var bed = new StrictBed();
        await bed.InitializeAsync();
        bed.Bed.Gateway.Limit(limits);
        return bed;
    }

    private static async Task<RawClient> ClientAsync(StrictBed bed)
    {
        var client = new RawClient();
        await client.ConnectAsync(bed.Port);
        return client;
    }
}
