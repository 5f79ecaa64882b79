using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Tangram.Cli;
using Tangram.ClusterTests.Routing;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Replaying;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.ClusterTests.Proving;

/// <summary>Access logs, made by our own gateway and by hand, against a server that sees every byte.</summary>
[Collection(nameof(Alone))]
public sealed class ReplayTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-replay-").FullName;
    private readonly StringWriter _out = new(), _error = new();
    private readonly ConcurrentQueue<(string Line, TimeSpan At)> _seen = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, params string[] lines)
    {
        File.WriteAllLines(Path.Combine(_folder, name), lines);
        return Path.Combine(_folder, name);
    }

    private RawServer Server(Func<string, string>? status = null) => new(async (socket, request) =>
    {
        var line = request.Text.Split("\r\n")[0];
        _seen.Enqueue((line, Stopwatch.GetElapsedTime(0)));
        await RawServer.SendAsync(socket, status?.Invoke(line) ?? "200 OK");
    });

    private ReplayRequest Request(string file, Uri target, double speed = 1, bool withUnsafe = false) => new(file,
        new LoadRequest(target, 1, TimeSpan.FromSeconds(1), "GET", null, [], [], [], null, TimeSpan.FromSeconds(5), 10,
            null, 0, false), speed, null, withUnsafe);

    private Surroundings Around => new()
    {
        Variable = _ => null, StateRoot = _folder, WorkingFolder = _folder, Out = _out, Error = _error,
    };

    private async Task<string> FailureAsync(ReplayRequest request) =>
        (await Assert.ThrowsAsync<CommandFailure>(() => ReplayEntrance.RunAsync(request, Around, default))).Message;

    /// <summary>Requests that take 5 ms each, one after the other, through a real gateway.</summary>
    private async Task<string> RecordAsync(int requests)
    {
        var log = Path.Combine(_folder, "access.jsonl");
        await using var backend = new RawServer(async (socket, _) =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            await RawServer.SendAsync(socket, "200 OK");
        });
        var announced = new ConcurrentQueue<string>();
        var gateway = new GatewayServer(GatewayBed.Options, TimeProvider.System, seed: 1, log:
            new AccessLog(_folder, TimeProvider.System, announced.Enqueue));
        await using var bed = await GatewayBed.StartAsync(gateway, new Listener("127.0.0.1", 0), backend.Url.Port);
        gateway.Observe(new AccessLogSpec(), TraceStart.Sampled);
        for (var i = 0; i < requests; i++) (await bed.Client.GetAsync(new Uri(bed.Url, $"a%20b/{i}"))).Dispose();
        await GatewayBed.UntilAsync(() => File.Exists(log) && File.ReadAllLines(log).Length == requests);
        Assert.Empty(announced);
        return log;
    }

    [Theory]
    [InlineData(LoadEngine.Raw)]
    [InlineData(LoadEngine.Platform)]
    public async Task What_the_gateway_wrote_arrives_in_its_order_and_at_its_times(LoadEngine engine)
    {
        var log = await RecordAsync(30);
        await using var server = Server();
        var source = await AccessLogFile.ReadAsync(Request(log, server.Url, speed: 0.1), Around, default);
        var result = await LoadRun.RunAsync(source.In(new LoadOptions
        {
            Url = server.Url, Rate = 1, Duration = TimeSpan.FromSeconds(1), Engine = engine,
        }), null, TimeProvider.System, default);
        Assert.True(result.Verdict.Ruling == LoadRuling.Passed, string.Join('\n', LoadReport.Lines(result)));
        Assert.Equal((30, 30L, 30L), (result.Total.Ok, result.Replay!.Answered, result.Replay.Same));
        Assert.Equal(engine, result.Generator.Engine);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"GET /a%20b/{i} HTTP/1.1"), _seen.Select(one => one.Line));
        var times = File.ReadLines(log).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("time")
            .GetDateTimeOffset()).ToList();
        var (first, off) = (_seen.First().At, new List<double>());
        foreach (var (seen, time) in _seen.Zip(times))
            off.Add((seen.At - first - (time - times[0]) * 10).TotalMilliseconds);
        // Both ends are measured while others work on this machine; the gaps between them are 50 ms and more.
        Assert.InRange(off.Max(Math.Abs), 0, 200);
    }

    [Theory]
    [InlineData(LoadEngine.Raw)]
    [InlineData(LoadEngine.Platform)]
    public async Task Paths_are_sent_as_they_were_and_answers_compared(LoadEngine engine)
    {
        string Line(string asked, int status) => $"- - - [30/Nov/2026:13:55:36 +0000] \"{asked} HTTP/1.1\" {status} 1";
        var log = Write("odd.log", Line("GET /%41/../b?c=%zz\\x22&d=|", 404), Line("HEAD //x/y", 200),
            Line("GET http://shop/z", 200), Line("GET /error", 500), "- - - broken", Line("POST /never", 200));
        await using var server = Server(line => line.Contains("/%41", StringComparison.Ordinal) ? "404 Not Found"
            : line.Contains("error", StringComparison.Ordinal) ? "500 Oh" : "200 OK");
        var source = await AccessLogFile.ReadAsync(Request(log, server.Url), Around, default);
        var result = await LoadRun.RunAsync(source.In(new LoadOptions
        {
            Url = new Uri(server.Url, "below/"), Rate = 1, Duration = TimeSpan.FromSeconds(1), Engine = engine,
        }), null, TimeProvider.System, default);
        Assert.Equal(
            [
                "GET /below/%41/../b?c=%zz\"&d=| HTTP/1.1", "HEAD /below//x/y HTTP/1.1", "GET /below/z HTTP/1.1",
                "GET /below/error HTTP/1.1",
            ], _seen.Select(one => one.Line));
        Assert.Equal((LoadRuling.Failed, 1L, 4L), (result.Verdict.Ruling, result.Total.Bad, result.Replay!.Same));
        Assert.Equal((1L, 0.5, 0.5), (result.Replay.Unreadable, result.Replay.LogErrors, result.Replay.Errors));
        Assert.Equal(["GET", "HEAD"], result.Classes.Select(c => c.Name));
        Assert.Contains($"warning: {log}:5: {LogLine.NoTime}", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(result.Replay, LoadJson.Read(LoadJson.Write(result)).Replay);
    }

    [Fact]
    public async Task A_thousand_a_second_are_sent_on_time_out_of_a_long_log()
    {
        var log = Write("long.log", [.. Enumerable.Range(0, 60_000).Select(i =>
            $"- - - [30/Nov/2026:13:{i / 60_000 + 10}:{i / 1000 % 60:00} +0000] \"GET /{i} HTTP/1.1\" 200 1")]);
        await using var server = Server();
        var request = Request(log, server.Url) with { Most = TimeSpan.FromSeconds(10) };
        var source = await AccessLogFile.ReadAsync(request, Around, default);
        var result = await LoadRun.RunAsync(source.In(new LoadOptions
        {
            Url = server.Url, Rate = 1, Duration = TimeSpan.FromSeconds(1),
        }), null, TimeProvider.System, default);
        Assert.True(result.Verdict.Ruling == LoadRuling.Passed, string.Join('\n', LoadReport.Lines(result)));
        Assert.Equal((10_000L, 10_000), (result.Total.Ok, _seen.Count));
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"GET /{i} HTTP/1.1").Order(StringComparer.Ordinal),
            _seen.Select(one => one.Line).Order(StringComparer.Ordinal));
        output.WriteLine(LoadReport.Row("late", result.Lateness));
    }

    [Fact]
    public async Task A_zipped_log_is_replayed_with_a_report_and_what_is_none_is_refused()
    {
        await using var server = Server();
        var (zipped, page) = (Path.Combine(_folder, "log.1.gz"), Path.Combine(_folder, "load.html"));
        await using (var to = new GZipStream(File.Create(zipped), CompressionMode.Compress))
            for (var second = 10; second < 20; second++)
                to.Write(Encoding.ASCII.GetBytes($"[30/Nov/2026:13:55:{second} +0000] \"GET /{second}\" 200 1\n"));
        var request = Request(zipped, server.Url, speed: 18);
        Assert.True(AccessLogFile.Is(zipped));
        Assert.Equal(0, await ReplayEntrance.RunAsync(
            request with { Load = request.Load with { Report = page } }, Around, default));
        Assert.Contains("10 requests of 2026-11-30 13:55:10 to 13:55:19 UTC, which takes 0.5 s at 18 times its speed",
            _out.ToString(), StringComparison.Ordinal);
        Assert.Contains("10 of 10 answers have the log&#39;s status", await File.ReadAllTextAsync(page),
            StringComparison.Ordinal);
        Assert.Equal(10, _seen.Count);

        Assert.EndsWith("is a folder: name the log in it", await FailureAsync(Request(_folder, server.Url)));
        Assert.EndsWith("there is no such file", await FailureAsync(Request(_folder + "/none", server.Url)));
        Assert.EndsWith("is empty: there is nothing to replay", await FailureAsync(Request(Write("a"), server.Url)));
        var bytes = await File.ReadAllBytesAsync(zipped);
        bytes.AsSpan(20, 20).Fill(0xFF);
        await File.WriteAllBytesAsync(zipped, bytes);
        Assert.Contains("log.1.gz", await FailureAsync(Request(zipped, server.Url)), StringComparison.Ordinal);
        var scenario = Write("shop.yaml", "target: http://127.0.0.1", "profile: { rate: 1, duration: 1s }");
        Assert.False(AccessLogFile.Is(scenario) || AccessLogFile.Is(_folder) || AccessLogFile.Is("/dev/null"));
        Assert.Equal(10, _seen.Count);
    }
}
