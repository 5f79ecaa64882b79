using System.Net;
using System.Text.Json;
using Tangram.Proving;

namespace Tangram.ClusterTests.Proving;

public sealed class ShopTests
{
    private static LoadOptions Load(Uri url, double rate, double seconds, string path, string method = "GET") => new()
    {
        Url = new Uri(url, path), Rate = rate, Duration = TimeSpan.FromSeconds(seconds), Method = method,
        UniqueIdHeader = "x-request-id",
    };

    private static Task<LoadResult> RunAsync(LoadOptions options) =>
        LoadRun.RunAsync(options, null, TimeProvider.System, default);

    private static async Task<string> VersionAsync(Uri url)
    {
        using var http = new HttpClient();
        using var json = JsonDocument.Parse(await http.GetStringAsync(new Uri(url, "api/orders/version")));
        return json.RootElement.GetProperty("version").GetString()!;
    }

    [Fact]
    public async Task Two_replicas_that_note_their_executions_in_one_file_lose_no_line()
    {
        var file = Path.Combine(Path.GetTempPath(), $"executions-{Guid.NewGuid():N}");
        try
        {
            await using var a = ShopReplica.Order("v1", ("EXECUTIONS", file), ("TANGRAM_REPLICA", "order-1"));
            await using var b = ShopReplica.Order("v2", ("EXECUTIONS", file), ("TANGRAM_REPLICA", "order-2"));
            await Task.WhenAll(a.ListenAsync(), b.ListenAsync());
            var options = Load(a.Url, 500, 2, "api/orders", "POST");
            var result = await RunAsync(options with
            {
                Mix = [new("a", "POST", options.Url, "{}", 1), new("b", "POST", new Uri(b.Url, "api/orders"), "{}", 1)],
            });
            Assert.Equal((1000, 1000), (result.Total.Sent, result.Total.Ok));
            var lines = await File.ReadAllLinesAsync(file);
            Assert.Equal(1000, lines.Select(line => line.Split(' ')[0]).Distinct().Count());
            Assert.Equal(500, lines.Count(line => line.EndsWith(" order-1 1", StringComparison.Ordinal)));
            Assert.Equal(500, lines.Count(line => line.EndsWith(" order-2 2", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_replica_that_is_asked_to_end_finishes_what_is_in_flight()
    {
        await using var order = ShopReplica.Order("v1", ("LATENCY_MS", "800"));
        await order.ListenAsync();
        using var http = new HttpClient();
        var answer = http.GetAsync(new Uri(order.Url, "api/orders"));
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        order.Terminate();
        Assert.Equal(HttpStatusCode.OK, (await answer).StatusCode);
        Assert.Equal(0, (await order.EndAsync()).Exit);
    }

    [Fact]
    public async Task An_order_tells_what_stock_says_and_shows_when_stock_fails()
    {
        await using var stock = new ShopReplica("stock", "Stock.dll");
        await using var order = ShopReplica.Order("v1", ("TANGRAM_URL_STOCK", stock.Url.OriginalString));
        await using var web = new ShopReplica("web", "Web.dll", ("TANGRAM_URL_ORDER", order.Url.OriginalString));
        await Task.WhenAll(stock.ListenAsync(), order.ListenAsync(), web.ListenAsync());
        using var http = new HttpClient();
        var two = new Uri(order.Url, "api/orders/2");
        Assert.Contains("\"inStock\":48", await http.GetStringAsync(two), StringComparison.Ordinal);
        Assert.Contains("kettle", await http.GetStringAsync(web.Url), StringComparison.Ordinal);
        stock.Terminate();
        await stock.EndAsync();
        using var answer = await http.GetAsync(two);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task The_build_that_exits_at_start_says_why()
    {
        await using var order = ShopReplica.Order("exits");
        var (exit, errors) = await order.EndAsync();
        Assert.Equal((3, "order: this build ends at start, on purpose\n"), (exit, errors));
    }

    [Fact]
    public async Task The_build_that_is_never_ready_runs_and_says_no()
    {
        await using var order = ShopReplica.Order("never-ready");
        await order.ListenAsync();
        var result = await RunAsync(Load(order.Url, 50, 0.4, "healthz"));
        Assert.Equal("20 HTTP 503", string.Join(", ", result.Total.Troubles));
        Assert.Equal("never-ready", await VersionAsync(order.Url));
    }

    [Fact]
    public async Task The_half_broken_build_is_ready_and_fails_every_second_request()
    {
        await using var order = ShopReplica.Order("half-broken");
        await order.ListenAsync();
        var orders = await RunAsync(Load(order.Url, 100, 1, "api/orders/1"));
        var health = await RunAsync(Load(order.Url, 100, 0.2, "healthz"));
        Assert.Equal("50 HTTP 500", string.Join(", ", orders.Total.Troubles));
        Assert.Equal(20, health.Total.Ok);
    }
}
