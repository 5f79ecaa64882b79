using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Lab;
using Tangram.ClusterTests.Proving;
using Tangram.Proving;

namespace Tangram.ClusterTests;

/// <summary>Two zones on one machine. One becomes slow; replicas are drained by command; and at last none is
/// left.</summary>
[Collection(nameof(Alone))]
public sealed class ZoneDrill : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Says who it is, after as many milliseconds as a file of its zone says.</summary>
    private const string Program = """
        import http.server as h, os, time
        me, slow = os.environ['TANGRAM_REPLICA'], os.path.join(os.environ['SLOW'], os.environ['TANGRAM_ZONE'])
        class Answers(h.BaseHTTPRequestHandler):
            wbufsize, protocol_version = -1, 'HTTP/1.1'
            def do_GET(self):
                if self.path != '/healthz' and os.path.exists(slow): time.sleep(int(open(slow).read()) / 1000)
                body = me.encode()
                self.send_response(200)
                self.send_header('content-length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *_): pass
        h.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Answers).serve_forever()
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tangram-zones-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_slow_zone_is_left_a_drained_replica_too_and_then_others_answer()
    {
        File.WriteAllText(Path.Combine(_folder, "web.py"), Program);
        await using var cluster = ShopCluster.Given();
        cluster.Write("zones.yaml", Compose());
        cluster.Up("zones.yaml");
        await cluster.BecomesReadyAsync();
        using var ending = new CancellationTokenSource();
        var load = LoadRun.RunAsync(new LoadOptions
        {
            Url = cluster.Gateway, Rate = 60, Duration = TimeSpan.FromMinutes(3),
        }, null, TimeProvider.System, ending.Token);

        // A zone that is slow loses its requests, and that is told
        File.WriteAllText(Path.Combine(_folder, "a"), "700");
        await SaysAsync(cluster, "The gateway here lets zone a keep", "why", "web");
        await SaysAsync(cluster, "web: zone a is slow", "events");
        await Until.SomeAsync(async () => (await WhoAsync(cluster, 40)).Count(w => w.Zone == "a") <= 8 ? this : null,
            Patience, () => "few requests for zone a");

        // And when it is well it wins them back
        File.Delete(Path.Combine(_folder, "a"));
        await SaysAsync(cluster, "web: zone a is well again", "events");
        await Until.SomeAsync(async () => (await WhoAsync(cluster, 40)).Count(w => w.Zone == "a") >= 12 ? this : null,
            Patience, () => "requests for zone a");

        // A drained replica gets none
        Assert.Contains("no new requests", await cluster.DoAsync("backend", "web-1", "--drain"));
        await Until.SomeAsync(async () => (await WhoAsync(cluster, 60)).All(w => w.Replica != "web-1") ? this : null,
            Patience, () => "nothing for web-1");
        Assert.Matches(@"web-1 .*ready .*drain", await cluster.DoAsync("ps"));
        await cluster.DoAsync("backend", "web-1", "--normal");
        await Until.SomeAsync(async () => (await WhoAsync(cluster, 60)).Any(w => w.Replica == "web-1") ? this : null,
            Patience, () => "requests for web-1");
        await ending.CancelAsync();
        var result = await load;
        Assert.True(result.Total is { Bad: 0, Ok: > 300 }, $"{result.Total}: {result.Examples()}");

        // Without a backend another service answers, then the last answer is given, and then a fixed one
        await cluster.DoAsync("scale", "web=0");
        await AnswersAsync(cluster, "/", "to=lite", "lite-1");
        await SaysAsync(cluster, "web: no backend is left that answers", "events");
        await cluster.DoAsync("scale", "lite=0");
        await AnswersAsync(cluster, "/", "stale", "web-");
        await AnswersAsync(cluster, "/other", "response", "later");
    }

    private string Compose() => $$"""
        name: shop
        services:
          web:
            command: [python3, "{{_folder}}/web.py"]
            environment: { SLOW: "{{_folder}}" }
            stop_grace_period: 1s
            deploy: { replicas: 6, update_config: { monitor: 1s } }
            x-tangram:
              probe: http:/healthz
              route: { path: / }
              degrade: { zone_latency: 300ms, to: lite, stale: 10m, response: { body: later } }
          lite:
            command: [python3, "{{_folder}}/web.py"]
            environment: { SLOW: "{{_folder}}" }
            stop_grace_period: 1s
            deploy: { replicas: 1, update_config: { monitor: 1s } }
            x-tangram: { probe: http:/healthz }
        x-tangram:
          zones: [a, b]
          gateway: { listen: ["http://127.0.0.1:8080"] }
        """;

    /// <summary>By whom so many requests in turn are answered.</summary>
    private async Task<(string Replica, string? Zone)[]> WhoAsync(ShopCluster cluster, int requests)
    {
        var zones = (await cluster.PsAsync()).ToDictionary(r => r.Replica, r => r.Zone);
        var who = new (string, string?)[requests];
        for (var i = 0; i < requests; i++)
        {
            var replica = await _http.GetStringAsync(cluster.Gateway);
            who[i] = (replica, zones.GetValueOrDefault(replica));
        }
        return who;
    }

    private static Task SaysAsync(ShopCluster cluster, string text, params string[] command) => Until.SomeAsync(
        async () => (await cluster.RunAsync(command)).Printed.Contains(text, StringComparison.Ordinal) ? text : null,
        Patience, () => $"'{text}' from tangram {string.Join(' ', command)}\n{cluster.Tail("events.jsonl", 20)}");

    private Task AnswersAsync(ShopCluster cluster, string path, string degraded, string body) => Until.SomeAsync(
        async () =>
        {
            using var answer = await _http.GetAsync(new Uri(cluster.Gateway, path));
            return answer.Headers.TryGetValues("Tangram-Degraded", out var said) && said.Single() == degraded
                && (await answer.Content.ReadAsStringAsync()).StartsWith(body, StringComparison.Ordinal) ? body : null;
        }, Patience, () => $"{degraded} at {path}");
}
