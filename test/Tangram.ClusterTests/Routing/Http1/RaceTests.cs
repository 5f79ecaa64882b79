using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Tangram.ClusterTests.Routing.Http1;

/// <summary>Many clients at once, and backends that close, reset, cut, wait and say too much: nobody gets what is
/// another's, and no POST is executed twice.</summary>
public sealed class RaceTests(ITestOutputHelper output)
{
    private const int Clients = 64;
    private readonly ConcurrentDictionary<string, int> _executed = [];
    private int _ok, _failed;

    /// <summary>A few seconds; TANGRAM_RACE_SECONDS says how many.</summary>
    [Fact]
    public async Task Nobody_gets_the_answer_of_another_and_no_post_is_executed_twice()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("TANGRAM_RACE_SECONDS") ?? "3",
            CultureInfo.InvariantCulture);
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var patience = TimeSpan.FromSeconds(seconds + 60);
        await using var one = new ScriptedBackend((peer, n) => ServeAsync(peer, new Random(seed + n), 0.1), patience);
        await using var two = new ScriptedBackend((peer, n) => ServeAsync(peer, new Random(seed - n), 0.1), patience);
        await using var three = new ScriptedBackend(
            (peer, n) => ServeAsync(peer, new Random(seed * n), 0.02), patience);
        await using var bed = await GatewayBed.StartAsync(one.Port, two.Port, three.Port);
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(seed ^ client);
            for (var i = 0; Stopwatch.GetElapsedTime(begun).TotalSeconds < seconds; i++)
                await AskAsync(bed, random, $"{client}-{i}");
        })));
        output.WriteLine($"{_ok} answered, {_failed} failed, {_executed.Count} POSTs executed");
        Assert.True(_ok > 100, $"only {_ok} were answered");
        Assert.All(_executed, post => Assert.True(post.Value == 1, $"{post.Key} was executed {post.Value} times"));
        await BodyTests.NothingLeftAsync(bed);
    }

    private async Task AskAsync(GatewayBed bed, Random random, string id)
    {
        var isPost = random.Next(2) == 0;
        var times = random.Next(5) == 0 ? random.Next(8000) : random.Next(50);
        var body = string.Concat(Enumerable.Repeat(id + ";", times));
        using var request = new HttpRequestMessage(isPost ? HttpMethod.Post : HttpMethod.Get,
            new Uri(bed.Url, $"/{id}?{(isPost ? "" : body[..Math.Min(body.Length, 2000)])}"));
        var expected = isPost ? body : request.RequestUri!.Query.TrimStart('?');
        if (isPost) request.Content = new StringContent(body);
        if (random.Next(3) == 0)
            (request.Version, request.VersionPolicy) = (new Version(2, 0), HttpVersionPolicy.RequestVersionExact);
        else if (isPost && random.Next(2) == 0) request.Headers.TransferEncodingChunked = true;
        using var leaves = new CancellationTokenSource();
        if (random.Next(20) == 0) leaves.CancelAfter(random.Next(20));
        try
        {
            using var response = await bed.Client.SendAsync(request, leaves.Token);
            var text = await response.Content.ReadAsStringAsync(leaves.Token);
            if (response.IsSuccessStatusCode)
            {
                Assert.Equal($"{id}:{expected}", text);
                Assert.Equal(id, Assert.Single(response.Headers.GetValues("X-Id")));
                Interlocked.Increment(ref _ok);
                return;
            }
            Assert.Contains((int)response.StatusCode, new[] { 502, 503, 504 });
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException) { }
        Interlocked.Increment(ref _failed);
    }

    private async Task ServeAsync(Peer peer, Random random, double evil)
    {
        while (await peer.HeadAsync() is { } head)
        {
            var line = head.Split(' ');
            var target = line[1].Split('?');
            var id = target[0].TrimStart('/');
            var body = Encoding.Latin1.GetString(await peer.BodyAsync(head));
            if (line[0] == "POST") _executed.AddOrUpdate(id, 1, (_, n) => n + 1);
            else body = target.ElementAtOrDefault(1) ?? "";
            if (!await AnswerAsync(peer, random, evil, id, $"{id}:{body}")) return;
        }
    }

    /// <summary>False: the connection ends.</summary>
    private static async Task<bool> AnswerAsync(Peer peer, Random random, double evil, string id, string body)
    {
        var head = $"HTTP/1.1 200 OK|X-Id: {id}|";
        var whole = random.Next(2) == 0
            ? $"{head}Content-Length: {body.Length}||{body}"
            : $"{head}Transfer-Encoding: chunked||{body.Length:x}|{body}|0||";
        var act = random.NextDouble() < evil ? random.Next(6) : 6 + random.Next(10);
        if (act is 4 or 6) await Task.Delay(TimeSpan.FromMilliseconds(random.Next(40)), TimeProvider.System);
        switch (act)
        {
            case 0:
                return false;
            case 1:
                peer.Reset();
                return false;
            case 2:
                await peer.SendAsync(whole[..random.Next(whole.Length)]);
                return false;
            case 3:
                await peer.SendAsync(whole + "HTTP/1.1 200 OK|Content-Length: 6||stolen");
                return random.Next(2) == 0;
            case 4:
                await peer.SendAsync($"{head}Connection: close||{body}");
                return false;
            case 5:
                await peer.SendAsync(whole);
                return false;
            case 7:
                var half = random.Next(whole.Length);
                await peer.SendAsync(whole[..half]);
                await peer.SendAsync(whole[half..]);
                return true;
            default:
                await peer.SendAsync(whole);
                return true;
        }
    }
}
