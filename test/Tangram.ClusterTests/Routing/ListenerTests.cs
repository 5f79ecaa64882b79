using System.Net;
using System.Net.Sockets;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

public sealed class ListenerTests
{
    [Fact]
    public async Task Listeners_come_and_go_while_the_others_work()
    {
        await using var good = new RawBackend("good", (_, _) => Act.Answer);
        await using var bed = await GatewayBed.StartAsync(good.Port);
        var load = LoadAsync(bed, 200);
        for (var i = 0; i < 20; i++)
        {
            var listener = new Listener("127.0.0.1", 0, GatewayBed.Order);
            Assert.Empty(await bed.ListenAsync(listener));
            var port = await bed.Gateway.PortAsync(listener);
            using var client = new HttpClient();
            Assert.Equal("good", await client.GetStringAsync($"http://127.0.0.1:{port}/any"));
            Assert.Empty(await bed.ListenAsync());
            using var kept = await client.GetAsync($"http://127.0.0.1:{port}/any");
            Assert.Equal(true, kept.Headers.ConnectionClose);
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://127.0.0.1:{port}/any"));
        }
        Assert.Equal(0, await load);
    }

    [Fact]
    public async Task A_taken_port_names_its_owner()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        await using var bed = await GatewayBed.StartAsync();
        var listener = new Listener("127.0.0.1", ((IPEndPoint)holder.LocalEndpoint).Port);
        var taken = Assert.Single(await bed.ListenAsync(listener));
        Assert.Equal(listener, taken.Listener);
        Assert.Equal(Environment.ProcessId, taken.Pid);
        Assert.False(string.IsNullOrEmpty(taken.Program));
    }

    /// <summary>After a crash under load, clients are back before there are routes.</summary>
    [Fact]
    public async Task A_listener_closes_although_nobody_takes_its_connections_yet()
    {
        await using var gateway = new GatewayServer(new GatewayOptions(), TimeProvider.System, seed: 1);
        var listener = new Listener("127.0.0.1", 0);
        await gateway.ListenAsync([listener]);
        var port = (await gateway.PortAsync(listener))!.Value;
        var clients = Enumerable.Range(0, 100).Select(_ => new TcpClient()).ToArray();
        try
        {
            await Task.WhenAll(clients.Select(c => c.ConnectAsync(IPAddress.Loopback, port)));

            await gateway.ListenAsync([]).WaitAsync(TimeSpan.FromSeconds(10));

            Assert.Null(await gateway.PortAsync(listener));
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    /// <summary>When both happen at once, the platform's heartbeat waits for what is disposed, and the process is
    /// gone.</summary>
    [Fact]
    public async Task A_gateway_that_has_ended_does_not_start()
    {
        await using var gateway = new GatewayServer(new GatewayOptions(), TimeProvider.System, seed: 1);
        await gateway.DisposeAsync();
        await gateway.StartAsync();
    }

    [Fact]
    public async Task What_no_route_matches_is_answered_404_with_a_sentence()
    {
        await using var bed = await GatewayBed.StartAsync();
        bed.Gateway.Publish(RouteTable.Empty);
        using var response = await bed.Client.GetAsync(new Uri(bed.Url, "/nowhere"));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("/nowhere", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_new_tables_under_load_fail_no_request()
    {
        await using var one = new RawBackend("one", (_, _) => Act.Answer);
        await using var two = new RawBackend("two", (_, _) => Act.Answer);
        await using var three = new RawBackend("three", (_, _) => Act.Answer);
        var ports = new[] { one.Port, two.Port, three.Port };
        await using var bed = await GatewayBed.StartAsync(ports);
        var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => LoadAsync(bed, 500)));
        for (var swap = 0; swap < 1000; swap++)
        {
            var out1 = ports[swap % 3];
            bed.Route([.. ports.Where(p => p != out1)], draining: [out1]);
            if (swap % 10 == 0) await Task.Yield();
        }
        Assert.All(await load, failed => Assert.Equal(0, failed));
        await GatewayBed.UntilAsync(() => bed.Gateway.Busy.Count == 0);
        Assert.All(bed.Gateway.Table.Services[0].Backends, b => Assert.Equal(0, b.Counters.InFlight));
    }

    /// <summary>Half GET, half POST; returns how many did not get 200.</summary>
    private static async Task<int> LoadAsync(GatewayBed bed, int requests)
    {
        var failed = 0;
        for (var i = 0; i < requests; i++)
        {
            var status = i % 2 == 0 ? (await bed.GetAsync()).Status : await bed.PostAsync("body");
            if (status != HttpStatusCode.OK) failed++;
        }
        return failed;
    }
}
