using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Records;

namespace Tangram.ClusterTests.Routing.Records;

/// <summary>A real gateway with a log file and an address for its figures.</summary>
public sealed partial class RecordsTests : IAsyncLifetime
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static readonly Listener Told = new("127.0.0.1", 0) { Metrics = true };

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-records-").FullName;
    private AppBackend _backend = null!;
    private GatewayBed _bed = null!;

    private string LogPath => Path.Combine(_folder, "access.jsonl");

    public async ValueTask InitializeAsync()
    {
        _backend = await AppBackend.StartAsync();
        var gateway = new GatewayServer(GatewayBed.Options, TimeProvider.System, seed: 1, log:
            new AccessLog(_folder, TimeProvider.System, what => Assert.Fail(what)));
        _bed = await GatewayBed.StartAsync(gateway, new Listener("127.0.0.1", 0), _backend.Port);
        Assert.Empty(await _bed.ListenAsync(Told));
        gateway.Observe(new AccessLogSpec(), TraceStart.Sampled);
    }

    public async ValueTask DisposeAsync()
    {
        await _bed.DisposeAsync();
        await _backend.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string[]> LinesAsync(int count, string? path = null)
    {
        await GatewayBed.UntilAsync(() => File.Exists(path ?? LogPath)
            && File.ReadAllLines(path ?? LogPath).Length >= count);
        return await File.ReadAllLinesAsync(path ?? LogPath);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, Action<HttpRequestHeaders>? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_bed.Url, path));
        headers?.Invoke(request.Headers);
        return await _bed.Client.SendAsync(request);
    }

    private async Task<string> ScrapeAsync()
    {
        var port = await _bed.Gateway.PortAsync(Told);
        using var answer = await _bed.Client.GetAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        return await answer.Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task A_request_is_in_the_log_with_its_backend_and_the_id_that_the_backend_saw()
    {
        using var answer = await SendAsync("orders?token=secret", h =>
        {
            h.TryAddWithoutValidation("Cookie", "session=secret");
            h.TryAddWithoutValidation("Authorization", "Bearer secret");
            h.TryAddWithoutValidation("User-Agent", "test/1");
        });
        var said = (await answer.Content.ReadAsStringAsync()).Split(' ');
        var line = Assert.Single(await LinesAsync(1));
        Assert.DoesNotContain("secret", line);
        using var json = JsonDocument.Parse(line);
        string? Of(string key) => json.RootElement.GetProperty(key).ToString();
        Assert.Equal(("127.0.0.1", "GET", "/orders", "HTTP/1.1", "200"),
            (Of("client"), Of("method"), Of("path"), Of("protocol"), Of("status")));
        Assert.Equal(("*/", "order", $"order-{_backend.Port}", "a-1", "1", ""),
            (Of("route"), Of("service"), Of("backend"), Of("node"), Of("attempts"), Of("why")));
        Assert.Equal(answer.Content.Headers.ContentLength, json.RootElement.GetProperty("bytes").GetInt64());
        Assert.Matches($"^00-{Of("trace_id")}-[0-9a-f]{{16}}-01$", said[^1]);
    }

    [Theory]
    [InlineData("/pieces?bytes=150000", 150_000)]
    [InlineData("/pieces?bytes=3", 3)]
    public async Task Bytes_are_those_of_the_body_whatever_its_framing(string path, int bytes)
    {
        using var answer = await SendAsync(path);
        Assert.Equal(bytes, (await answer.Content.ReadAsByteArrayAsync()).Length);
        Assert.Contains($"\"bytes\":{bytes},", Assert.Single(await LinesAsync(1)));
    }

    [Fact]
    public async Task A_repeated_request_says_why_and_counts()
    {
        _bed.Route([_backend.Port, GatewayBed.ClosedPort()]);
        for (var i = 0; i < 20; i++) Assert.Equal(HttpStatusCode.OK, (await _bed.GetAsync()).Status);
        var lines = await LinesAsync(20);
        Assert.Contains(lines, l => Retried().IsMatch(l) && l.Contains("\"attempts\":2", StringComparison.Ordinal));
        var told = await ScrapeAsync();
        Assert.Matches("tangram_service_retries_total{service=\"order\"} [1-9]", told);
        Assert.Matches("tangram_backend_ejections_total{.*cause=\"refused\"} 1\n", told);
        Assert.Contains("tangram_route_requests_total{route=\"*/\",service=\"order\",code=\"2xx\"} 20\n", told);
    }

    [Fact]
    public async Task The_gateways_own_answers_are_in_both()
    {
        _bed.Spec = _bed.Spec with { Routes = [new RouteSpec(null, "/api")] };
        _bed.Route([_backend.Port]);
        using (var lost = await SendAsync("/elsewhere")) Assert.Equal(HttpStatusCode.NotFound, lost.StatusCode);
        Assert.Contains("\"why\":\"no-route\"", Assert.Single(await LinesAsync(1)));
        var told = await ScrapeAsync();
        Assert.Contains("tangram_gateway_replies_total{reason=\"no-route\"} 1\n", told);
        Assert.Contains("tangram_gateway_requests_total{code=\"4xx\"} 1\n", told);
        // Whoever asks for figures is not in them.
        Assert.Single(await LinesAsync(1));
        Assert.Contains("tangram_gateway_requests_in_flight 0\n", told);
    }

    [Fact]
    public async Task A_client_that_leaves_is_499()
    {
        using var leaving = new CancellationTokenSource();
        await using var silent = new RawBackend("silent", (_, _) => Act.Hold);
        _bed.Route([silent.Port]);
        var asking = _bed.Client.GetAsync(_bed.Url, leaving.Token);
        await GatewayBed.UntilAsync(() => silent.Requests == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Matches("\"status\":499.*\"why\":\"[^\"]*(client-left|lost the client)",
            Assert.Single(await LinesAsync(1)));
    }

    [Fact]
    public async Task A_trace_goes_on_unchanged_and_a_broken_one_begins_anew()
    {
        async Task<string> SeenAsync(params (string Name, string Value)[] headers)
        {
            using var answer = await SendAsync("/", h =>
            {
                foreach (var (name, value) in headers) h.TryAddWithoutValidation(name, value);
            });
            return (await answer.Content.ReadAsStringAsync()).Split(' ')[^1];
        }
        Assert.Equal(Parent, await SeenAsync(("traceparent", Parent), ("tracestate", "a=1")));
        var begun = await SeenAsync(("traceparent", Parent.ToUpperInvariant()), ("tracestate", "a=1"));
        Assert.True(TraceContext.IsParent(begun));
        Assert.NotEqual(Parent, begun);
        // Two of them are none.
        Assert.DoesNotContain("4bf92f3577b34da6", await SeenAsync(("traceparent", Parent), ("traceparent", Parent)));
        _bed.Gateway.Observe(new AccessLogSpec(), TraceStart.Pass);
        Assert.Equal("", await SeenAsync());
        Assert.EndsWith("-01", begun);
    }

    [Fact]
    public async Task Logrotate_loses_no_line()
    {
        var moved = LogPath + ".1";
        await _bed.GetAsync();
        await LinesAsync(1);
        File.Move(LogPath, moved);
        await _bed.GetAsync();
        await LinesAsync(1);
        // The signal alone reopens too: a file that was written over by a rename is another one.
        using (var kill = Process.Start("kill", ["-USR1", $"{Environment.ProcessId}"])) await kill.WaitForExitAsync();
        await _bed.GetAsync();
        Assert.Equal(2, (await LinesAsync(2)).Length);
        Assert.Single(await LinesAsync(1, moved));
    }

    [Fact]
    public async Task Promtool_finds_nothing_wrong()
    {
        var promtool = Needs.Program("promtool");
        _bed.Route([_backend.Port, GatewayBed.ClosedPort()]);
        for (var i = 0; i < 20; i++) await _bed.GetAsync();
        using (await SendAsync("/elsewhere")) { }
        var (code, said) = await RunAsync(promtool, ["check", "metrics"], await ScrapeAsync());
        Assert.True(code == 0 && said.Trim() == "", said);
    }

    [Fact]
    public async Task GoAccess_reads_the_combined_format()
    {
        var goaccess = Needs.Program("goaccess");
        _bed.Gateway.Observe(new AccessLogSpec { Format = AccessLogFormat.Combined }, TraceStart.Sampled);
        for (var i = 0; i < 5; i++)
        {
            using var answer = await SendAsync($"/orders/{i}", h =>
                h.TryAddWithoutValidation("User-Agent", "quo\"te\\ and \t"));
        }
        var path = Path.Combine(_folder, "access.log");
        await LinesAsync(5, path);
        var report = Path.Combine(_folder, "report.json");
        var (code, said) = await RunAsync(goaccess,
            [path, "--log-format=COMBINED", "-o", report, "--no-global-config"], "");
        Assert.True(code == 0, said);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        var general = json.RootElement.GetProperty("general");
        Assert.Equal((5, 0), (general.GetProperty("valid_requests").GetInt32(),
            general.GetProperty("failed_requests").GetInt32()));
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var text = string.Concat(await said);
        await process.WaitForExitAsync();
        return (process.ExitCode, text);
    }

    [GeneratedRegex("\"why\":\"retried: order-[0-9]+ refused \\(ejected\\)\"")]
    private static partial Regex Retried();
}
