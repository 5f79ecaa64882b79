using System.Net;
using System.Net.Sockets;
using System.Text;
using Tangram.ClusterTests.Deploying;
using Tangram.ClusterTests.Drilling;
using Tangram.Deploying;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing;

public sealed class KeeperTests : IAsyncLifetime
{
    private readonly string _cluster = Guid.NewGuid().ToString("N");
    private readonly int _port = FreePort.Take();
    private readonly List<string> _said = [];
    private readonly RawBackend _good = new("good", (_, _) => Act.Answer);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        SocketKeeper.End(_cluster);
        await _good.DisposeAsync();
        Assert.Empty(_said);
    }

    [Fact]
    public async Task Who_comes_between_two_gateways_waits_for_the_second()
    {
        await (await GatewayAsync()).DisposeAsync();
        using var between = await SentAsync();
        await using var second = await GatewayAsync();
        Assert.StartsWith("HTTP/1.1 200", await AnswerAsync(between), StringComparison.Ordinal);
        await KeeperAsync();
    }

    [Fact]
    public async Task The_second_may_begin_before_the_first_has_ended()
    {
        await using var first = await GatewayAsync();
        await KeeperAsync();
        await using var second = await GatewayAsync();
        await first.Gateway.LeaveAsync();
        using var after = await SentAsync();
        Assert.StartsWith("HTTP/1.1 200", await AnswerAsync(after), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gateway_that_closes_leaves_no_port_and_no_process()
    {
        await using var bed = await GatewayAsync();
        var keeper = await KeeperAsync();
        await bed.Gateway.CloseAsync();
        // The replicas end only now, and so there are other routes once more.
        Assert.Empty(await bed.ListenAsync());
        await Assert.ThrowsAsync<SocketException>(SentAsync);
        Assert.Empty(Keepers());
        Assert.Null(ProcessStat.Read(keeper.Pid));
    }

    [Fact]
    public async Task Whoever_wants_a_port_that_is_kept_is_told_of_its_cluster()
    {
        await (await GatewayAsync()).DisposeAsync();
        await using var stranger = await GatewayBed.StartAsync();
        var taken = Assert.Single(await stranger.ListenAsync(new Listener("127.0.0.1", _port)));
        Assert.Contains($"the keeper of the cluster 'shop of {_port}'", taken.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_goes_to_another_service_is_never_closed()
    {
        await using var bed = await GatewayAsync();
        var extra = FreePort.Take();
        Assert.Empty(await bed.ListenAsync(new Listener("127.0.0.1", extra)));
        Assert.Empty(await bed.ListenAsync(new Listener("127.0.0.1", extra, GatewayBed.Order)));
        using var response = await bed.Client.GetAsync($"http://127.0.0.1:{extra}/");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await bed.ListenAsync());
        using var fresh = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => fresh.GetAsync($"http://127.0.0.1:{extra}/"));
    }

    [Fact]
    public async Task A_start_that_fails_leaves_no_port_taken()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        await using (var gateway = new GatewayServer(new GatewayOptions(), TimeProvider.System, 1, Keeper()))
            Assert.Single(await gateway.ListenAsync(
                [new("127.0.0.1", _port), new("127.0.0.1", ((IPEndPoint)holder.LocalEndpoint).Port)]));
        Assert.Empty(Keepers());
        await Assert.ThrowsAsync<SocketException>(SentAsync);
    }

    [Fact]
    public async Task What_an_earlier_gateway_listened_on_does_not_hinder_the_next()
    {
        await (await GatewayAsync()).DisposeAsync();
        await using var gateway = new GatewayServer(new GatewayOptions(), TimeProvider.System, 1, Keeper());
        Assert.Empty(await gateway.ListenAsync([new Listener("0.0.0.0", _port)]));
    }

    [Fact]
    public async Task A_gateway_that_leaves_answers_and_then_closes_each_connection()
    {
        await using var bed = await GatewayAsync();
        using var before = await SentAsync();
        Assert.DoesNotContain("Connection: close", await AnswerAsync(before), StringComparison.Ordinal);
        var leaving = bed.Gateway.LeaveAsync();
        await before.SendAsync(Request);
        Assert.Contains("Connection: close", await AnswerAsync(before), StringComparison.Ordinal);
        Assert.Equal(0, await before.ReceiveAsync(new byte[1]));
        await leaving;
    }

    /// <summary>One gateway after another would be nearer to life, but in one process .NET cannot wait for the same
    /// socket twice. <see cref="RestartDrill"/> does it with processes.</summary>
    [Fact]
    public async Task No_connection_that_a_leaving_gateway_takes_is_closed_unanswered()
    {
        using var end = new CancellationTokenSource();
        var bed = await GatewayAsync();
        var clients = Enumerable.Range(0, 16).Select(_ => Task.Run(() => ComeAndGoAsync(end.Token))).ToArray();
        await GatewayBed.UntilAsync(() => _good.Requests > 100);
        await bed.DisposeAsync();
        await end.CancelAsync();
        await Task.WhenAll(clients);
    }

    [Fact]
    public async Task A_keeper_that_was_killed_is_replaced()
    {
        await using var bed = await GatewayAsync();
        Stragglers.Kill(Keepers());
        Assert.Empty(await bed.ListenAsync());
        await KeeperAsync();
    }

    private static byte[] Request => Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: any\r\n\r\n");

    private SocketKeeper Keeper() => new(_cluster, $"shop of {_port}", _said.Add);

    private Task<GatewayBed> GatewayAsync() => GatewayBed.StartAsync(Keeper(), _port, _good.Port);

    /// <summary>The one that there is. Its environment cannot be read while it turns into its shell.</summary>
    private async Task<ProcessStat> KeeperAsync()
    {
        List<ProcessStat> found = [];
        await Eventually.True(() => (found = Keepers()).Count == 1, "one keeper");
        return found[0];
    }

    private List<ProcessStat> Keepers() => [.. ProcessStat.All().Where(p => !p.Ended
        && ProcessStat.EnvironmentOf(p.Pid).Contains($"{SocketKeeper.Mark}={_cluster}"))];

    private async Task<Socket> SentAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, _port);
            await socket.SendAsync(Request);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ComeAndGoAsync(CancellationToken end)
    {
        var buffer = new byte[4096];
        while (!end.IsCancellationRequested)
        {
            using var connection = await SentAsync();
            try { Assert.NotEqual(0, await connection.ReceiveAsync(buffer, end)); }
            catch (OperationCanceledException) { return; }
        }
    }

    private static async Task<string> AnswerAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        var buffer = new byte[4096];
        var answer = "";
        while (!answer.EndsWith("good", StringComparison.Ordinal))
        {
            int count;
            try
            {
                count = await socket.ReceiveAsync(buffer, SocketFlags.None, patience.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"no more came than: {answer}");
                throw;
            }
            Assert.True(count > 0, $"the connection was closed after: {answer}");
            answer += Encoding.ASCII.GetString(buffer, 0, count);
        }
        return answer;
    }
}
