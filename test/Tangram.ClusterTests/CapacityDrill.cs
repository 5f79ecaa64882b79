using System.Text.Json.Nodes;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;

namespace Tangram.ClusterTests;

/// <summary>What one replica carries is measured, kept, and told by plan.</summary>
[Collection(nameof(Alone))]
public sealed class CapacityDrill(ITestOutputHelper output)
{
    /// <summary>Four at a time, 20 ms each: 200 answers per second.</summary>
    private const string Program =
        """
        import os, socket, threading, time
        free = threading.Semaphore(4)
        def serve(connection):
            read = b''
            while True:
                more = connection.recv(4096)
                if not more: return
                read += more
                while b'\r\n\r\n' in read:
                    head, read = read.split(b'\r\n\r\n', 1)
                    if not head.startswith(b'GET /healthz'):
                        with free: time.sleep(0.02)
                    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        listener = socket.socket()
        listener.bind(('127.0.0.1', int(os.environ['PORT'])))
        listener.listen(512)
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
        """;

    private static string Order(string more = "") =>
        $$"""
          order:
            command: [python3, NOTES.py]
            deploy: { replicas: 2 }{{more}}
            x-tangram: { probe: "http:/healthz", route: { path: / }, forecast: { rate: 500/s, latency_p99: 250ms } }
        """;

    [Fact]
    public async Task A_limit_that_was_found_tells_how_many_replicas_a_forecast_needs()
    {
        Needs.Program("python3");
        // Given a service that runs, with a forecast
        await using var cluster = new JobCluster();
        await File.WriteAllTextAsync(cluster.Notes + ".py", Program);
        cluster.Write(Order());
        cluster.Up();
        await Until.SomeAsync(async () => (await cluster.RunAsync("ps")).Printed is { } printed
            && printed.Split(" ready ").Length == 3 ? printed : null, TimeSpan.FromSeconds(30), () => "two are ready");
        Assert.Contains("what one replica carries is not known", await DoAsync(cluster, "plan"));

        // When its limit is searched
        var found = await DoAsync(cluster, "load", "/", "--find-limit", "--service", "order", "--step", "1s");
        output.WriteLine(found);

        // Then plan knows it
        var kept = JsonNode.Parse(await DoAsync(cluster, "plan", "--json"))!["capacity"]![0]!;
        output.WriteLine(kept.ToJsonString());
        Assert.InRange((double)kept["capacity"]!["greatest"]!, 180, 204);
        Assert.InRange((double)kept["capacity"]!["knee"]!, 3.6, 4.4);
        Assert.Equal((3, 6), ((int)kept["needed"]!, (int)kept["neededWithoutAnyZone"]!));
        Assert.Contains("fix: write deploy.replicas: 6", await DoAsync(cluster, "plan"));

        // And says when the program has changed since
        cluster.Write(Order("\n    environment: { FASTER: \"1\" }"));
        Assert.Contains("differ since", await DoAsync(cluster, "plan"));
    }

    [Theory]
    [InlineData("there is no service or replica 'nobody'", "/", "--find-limit", "--service", "nobody")]
    [InlineData("write only the path", "http://127.0.0.1:1/", "--find-limit", "--service", "order")]
    [InlineData("go with --find-limit", "/", "--service", "order")]
    [InlineData("is not a URL", "/", "--find-limit")]
    [InlineData("the latency objective is between", "http://127.0.0.1:1/", "--find-limit", "--latency", "10m")]
    public async Task What_cannot_be_searched_is_refused_in_words(string says, params string[] arguments)
    {
        await using var cluster = new JobCluster();
        cluster.Write("  idle:\n    command: [sleep, \"1000\"]");
        cluster.Up();
        await Until.SomeAsync(async () => (await cluster.RunAsync("ps")) is { Code: 0, Printed: { } printed }
            && printed.Contains(" ready ") ? printed : null, TimeSpan.FromSeconds(30), () => "it is ready");
        var (code, printed) = await cluster.RunAsync(["load", .. arguments]);
        Assert.Equal(2, code);
        Assert.Contains(says, printed);
    }

    private static async Task<string> DoAsync(JobCluster cluster, params string[] arguments)
    {
        var (code, printed) = await cluster.RunAsync(arguments);
        Assert.True(code == 0, printed);
        return printed;
    }
}
