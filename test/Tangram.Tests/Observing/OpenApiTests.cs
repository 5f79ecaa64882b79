using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Tangram.Coordinating;
using Tangram.Model;
using Tangram.Observing;
using Tangram.Tests.Coordinating;

namespace Tangram.Tests.Observing;

/// <summary>The description says what is served, all of it and nothing else, and real answers have the shapes that it
/// gives them.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private readonly FakeCluster _cluster = new();
    private readonly JsonNode _document = JsonNode.Parse(OpenApi.Text())!;
    private ApiServer? _server;
    private HttpClient? _http;

    private string Socket => Path.Combine(_cluster.Folder, "tangram.sock");

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(_cluster.Port, Socket);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }) { BaseAddress = new Uri("http://tangram") };
    }

    public async ValueTask DisposeAsync()
    {
        _http!.Dispose();
        await _server!.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    /// <summary>With TANGRAM_RECORD=1 in the environment the file is written anew.</summary>
    [Fact]
    public void The_file_is_what_the_program_says()
    {
        var file = Path.Combine(Repository.Root, "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("TANGRAM_RECORD") == "1") File.WriteAllText(file, OpenApi.Text());
        Assert.Equal(OpenApi.Text(), File.ReadAllText(file));
    }

    [Fact]
    public async Task It_describes_every_route_that_is_served_and_no_other()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        ApiServer.Map(app, new ApiAnswers(_cluster.Port, default));
        var served = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                .Select(method => $"{method} {e.RoutePattern.RawText}"));
        Assert.Equal(served.Order(), Described().Order());
    }

    [Fact]
    public void Every_schema_says_what_it_is()
    {
        foreach (var (name, schema) in _document["components"]!["schemas"]!.AsObject())
            Assert.True(schema!["properties"] is JsonObject { Count: > 0 }, name);
        Assert.DoesNotContain("\": true", OpenApi.Text().Replace("\"required\": true", ""));
    }

    [Fact]
    public async Task Real_answers_and_real_bodies_are_as_described()
    {
        await _cluster.PutAsync(new Documents()
            .Put(Keys.Term, new Term("server-1", "p1"))
            .Revision(1, Documents.Spec(1, replicas: 1)).Revision(2, WithAJob(), 1).Asked(2)
            .Put(Keys.Job(ServiceName.Of("report")), Ran)
            .Rollout(2, 2, RolloutStage.Done).Node("a-1", 1, "order-1").Gateway("g1", applied: 1_000));
        _cluster.Events.Add("order-1", "ready");
        _cluster.Traffic.Add(TrafficTests.Seen("g1"));
        _cluster.Stale = new StaleView(DateTimeOffset.UnixEpoch, "no answer");
        _cluster.Readings["order-1"] = new ReplicaReading(100, 1.5, 1 << 20, new TrafficReading(1, 2, 0));
        var spec = Json.Write(Documents.Spec(3));
        var measured = Json.Write(new MeasuredCapacity
        {
            Revision = 1, Rate = 90, LatencyP99 = TimeSpan.FromSeconds(1), Greatest = 100, Knee = 4,
            Idle = TimeSpan.FromMilliseconds(5),
        });
        var scale = ViewJson.Write<Scale[]>([new Scale(ServiceName.Of("order"), 4)]);
        (string Route, string Path, string? Body)[] calls =
        [
            ("GET /v1/status", "/v1/status", null), ("GET /v1/ps", "/v1/ps", null),
            ("GET /metrics", "/metrics", null), ("GET /v1/routes", "/v1/routes", null),
            ("GET /v1/top", "/v1/top?over=0.1", null), ("GET /v1/events", "/v1/events?after=0&wait=1", null),
            ("GET /v1/why", "/v1/why", null),
            ("GET /v1/why/{subject}", "/v1/why/order-1", null), ("GET /v1/why/{subject}", "/v1/why/nobody", null),
            ("GET /v1/spec", "/v1/spec", null),
            ("GET /v1/history", "/v1/history", null), ("GET /v1/openapi.json", "/v1/openapi.json", null),
            ("GET /v1/jobs", "/v1/jobs", null), ("POST /v1/run/{job}", "/v1/run/report", null),
            ("POST /v1/run/{job}", "/v1/run/order", null), ("POST /v1/run/{job}", "/v1/run/-", null),
            ("GET /v1/diff/{before}/{after}", "/v1/diff/1/2", null),
            ("GET /v1/diff/{before}/{after}", "/v1/diff/1/99", null),
            ("POST /v1/diff", "/v1/diff", spec), ("POST /v1/plan", "/v1/plan?json=true", spec),
            ("POST /v1/plan", "/v1/plan", spec), ("POST /v1/plan", "/v1/plan", "{"),
            ("POST /v1/scale", "/v1/scale", scale), ("POST /v1/scale", "/v1/scale", "[]"),
            ("POST /v1/drain/{node}", "/v1/drain/a-1", null), ("POST /v1/drain/{node}", "/v1/drain/z-9", null),
            ("POST /v1/undrain/{node}", "/v1/undrain/a-1", null),
            ("POST /v1/backend/{replica}", "/v1/backend/order-1?weight=50", null),
            ("POST /v1/backend/{replica}", "/v1/backend/order-1?mode=drain", null),
            ("POST /v1/backend/{replica}", "/v1/backend/order-1?mode=full", null),
            ("POST /v1/backend/{replica}", "/v1/backend/order-99?mode=drain", null),
            ("POST /v1/capacity/{service}", "/v1/capacity/order", measured),
            ("POST /v1/capacity/{service}", "/v1/capacity/none", measured),
            ("POST /v1/capacity/{service}", "/v1/capacity/-", measured),
            ("POST /v1/deploy", "/v1/deploy", spec), ("POST /v1/deploy", "/v1/deploy", spec.Replace("order-3", "x")),
            ("POST /v1/rollback", "/v1/rollback", null),
            ("POST /v1/kill/{subject}", "/v1/kill/a-1?for=30s", null), ("POST /v1/kill/{subject}", "/v1/kill/-", null),
            ("POST /v1/kill/{subject}", "/v1/kill/a-1?for=soon", null),
            ("POST /v1/revive/{node}", "/v1/revive/a-1", null),
            ("POST /v1/detour/{replica}", "/v1/detour/order-1?port=20000&for=1s", null),
            ("POST /v1/detour/{replica}", "/v1/detour/order-1?port=none&for=1s", null),
            ("POST /v1/expire", "/v1/expire?for=1h", null), ("POST /v1/down", "/v1/down", null),
            ("POST /v1/leave", "/v1/leave", null),
        ];
        var wrong = new List<string>();
        foreach (var call in calls) wrong.AddRange(await WrongAsync(call.Route, call.Path, call.Body));
        Assert.Empty(wrong);
        // The watch is held to its schemas by WatchTests.
        Assert.Equal(Described().Where(r => r != "GET /v1/watch").Order(),
            calls.Select(c => c.Route).Distinct().Order());
    }

    private static ClusterSpec WithAJob()
    {
        var spec = Documents.Spec(2);
        return spec with
        {
            Services = [spec.Services[0], new ServiceSpec
            {
                Name = ServiceName.Of("report"), Command = ["true"], Deploy = new DeploySpec { Job = true },
                Schedule = new ScheduleSpec { Cron = "0 3 * * *" },
            }],
        };
    }

    private static JobRuns Ran => new()
    {
        Last = 1, Skipped = 1, LastSkip = new Skip(DateTimeOffset.UnixEpoch, "run 1 still went on"),
        Runs =
        [
            new JobRun
            {
                Number = 1, Revision = 2, Cause = RunCause.Schedule, Occurrence = DateTimeOffset.UnixEpoch,
                Began = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch, Outcome = RunOutcome.Failed,
                Exit = 3, Replica = ReplicaName.Of("report-1"), Because = "it ended", Replicas = 1,
            },
        ],
    };

    private IEnumerable<string> Described() =>
        from path in _document["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        select $"{method.Key.ToUpperInvariant()} {path.Key}";

    private async Task<IEnumerable<string>> WrongAsync(string route, string path, string? body)
    {
        var (method, template) = (route.Split(' ')[0], route.Split(' ')[1]);
        var operation = _document["paths"]![template]![method.ToLowerInvariant()]!;
        var shape = new JsonShape(_document);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body);
        using var response = await _http!.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var where = $"{method} {path} -> {(int)response.StatusCode}";
        if (!response.Headers.Contains(ApiAnswers.StaleHeader)) return [$"{where}: no word that it is old"];
        var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var type = response.Content.Headers.ContentType!.MediaType!;
        if (operation["responses"]![status] is not { } described) return [$"{where}: the status is not described"];
        // The plan is text, or JSON when that is asked for.
        if (path.EndsWith("json=true", StringComparison.Ordinal) || type == "text/plain") return [];
        if (described["content"]![type] is not { } content) return [$"{where}: {type} is not described"];
        var wrong = shape.Wrong(content["schema"]!, JsonNode.Parse(text)).Select(w => $"{where}: {w}");
        return body is null || body == "{" ? wrong : wrong.Concat(shape.Wrong(
            operation["requestBody"]!["content"]!["application/json"]!["schema"]!, JsonNode.Parse(body))
            .Select(w => $"{where}: body: {w}"));
    }
}
