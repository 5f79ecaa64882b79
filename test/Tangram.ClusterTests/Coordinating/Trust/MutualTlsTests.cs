using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Tangram.ClusterTests.Deploying;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;

namespace Tangram.ClusterTests.Coordinating.Trust;

public sealed class MutualTlsTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly TlsBed _bed = new();
    private Authority _shop = null!;
    private TlsFolder _serverFolder = null!;
    private Uri _server = null!;

    public async ValueTask InitializeAsync()
    {
        _shop = _bed.Authority();
        _serverFolder = _bed.Issue(_shop, PeerRole.Server, "s-1");
        _server = await _bed.ServeAsync(_bed.Open(_serverFolder), PeerRole.Agent);
    }

    public async ValueTask DisposeAsync()
    {
        _shop.Dispose();
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task Both_know_each_other_over_http_2()
    {
        using var client = TlsBed.Client(_bed.Open(_bed.Issue(_shop, PeerRole.Agent, "a-1")));
        Assert.Equal("tangram://shop/agent/a-1 HTTP/2", await client.GetStringAsync(_server));
        Assert.Empty(_bed.Said);
    }

    [Fact]
    public Task A_client_without_a_certificate_is_refused() =>
        Refused((X509Certificate2?)null, "it showed no certificate");

    [Fact]
    public async Task A_client_of_another_authority_is_refused()
    {
        using var forged = _bed.Authority("forged");
        await Refused(_bed.Issue(forged, PeerRole.Agent, "a-1"), "its certificate was issued by another authority");
    }

    [Fact]
    public async Task A_client_of_another_cluster_is_refused()
    {
        using var blog = _bed.Authority("blog-ca", "blog");
        await Refused(_bed.Issue(blog, PeerRole.Agent, "a-1"), "it belongs to the cluster 'blog' and not to 'shop'");
    }

    [Fact]
    public Task A_client_whose_certificate_has_ended_is_refused() =>
        Refused(_bed.Issue(_shop, PeerRole.Agent, "a-1", days: 10, daysAgo: 20), "is not valid: it ended on");

    [Fact]
    public Task A_client_of_a_role_that_is_not_admitted_is_refused() => Refused(
        _bed.Issue(_shop, PeerRole.Gateway, "g-1"), "it is a gateway, and here only an agent is admitted");

    [Fact]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        using var forged = _bed.Authority("forged");
        await NotBelieved(_bed.Issue(forged, PeerRole.Server, "s-1"), "was issued by another authority");
    }

    [Fact]
    public async Task A_server_of_another_cluster_is_not_believed()
    {
        using var blog = _bed.Authority("blog-ca", "blog");
        await NotBelieved(_bed.Issue(blog, PeerRole.Server, "s-1"),
            "it belongs to the cluster 'blog' and not to 'shop'");
    }

    [Fact]
    public Task An_agent_in_a_servers_place_is_not_believed() => NotBelieved(
        _bed.Issue(_shop, PeerRole.Agent, "a-2"), "it is an agent, and here only a server is admitted");

    [Fact]
    public Task A_server_whose_certificate_has_ended_is_not_believed() => NotBelieved(
        _bed.Issue(_shop, PeerRole.Server, "s-2", days: 10, daysAgo: 20), "its certificate is not valid: it ended on");

    [Fact]
    public async Task Renewal_at_both_ends_needs_no_restart()
    {
        var agent = _bed.Issue(_shop, PeerRole.Agent, "a-1", days: 10);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = _bed.Open(agent).ClientOptions(), UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero,
        };
        using var client = TlsBed.Client(handler);
        await client.GetStringAsync(_server);
        foreach (var folder in (TlsFolder[])[_serverFolder, agent])
        {
            var identity = folder.Load().Identity;
            _bed.Time.Advance(TimeSpan.FromDays(folder == agent ? 11 : 80));
            _shop.Issue(identity, [], folder.Path, TimeSpan.FromDays(90), _bed.Time.GetUtcNow());
        }
        _bed.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.StartsWith("tangram://shop/agent/a-1", await client.GetStringAsync(_server));
        Assert.Empty(_bed.Said);
    }

    [Fact]
    public async Task Garbage_on_the_port_harms_nobody()
    {
        for (var i = 0; i < 20; i++)
        {
            using var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync(_server.Host, _server.Port);
            var bytes = new byte[1000];
            new Random(i).NextBytes(bytes);
            if (i % 2 == 0) bytes[0] = 0x16;
            await socket.GetStream().WriteAsync(bytes);
        }
        await Both_know_each_other_over_http_2();
    }

    private Task Refused(TlsFolder folder, string why) => Refused(folder.Load().Own, why);

    // One that believes every server, or else it may leave before it is refused.
    private async Task Refused(X509Certificate2? shown, string why)
    {
        var options = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
        if (shown is not null) options.LocalCertificateSelectionCallback = (_, _, _, _, _) => shown;
        using var client = TlsBed.Client(new SocketsHttpHandler { SslOptions = options, UseProxy = false });
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(_server));
        await Eventually.True(() => !_bed.Said.IsEmpty, "the server says whom it refused");
        Assert.Contains("127.0.0.1 was refused: ", Assert.Single(_bed.Said));
        Assert.Contains(why, _bed.Said.First());
        var told = _bed.Open(_serverFolder).Explain(failure);
        output.WriteLine(told);
        Assert.EndsWith("it may have refused tangram://shop/server/s-1; then its log says why", told);
    }

    private async Task NotBelieved(TlsFolder folder, string why)
    {
        var url = await _bed.ServeAsync(_bed.Open(folder), PeerRole.Agent);
        var agent = _bed.Open(_bed.Issue(_shop, PeerRole.Agent, "a-1"));
        using var client = TlsBed.Client(agent);
        var told = agent.Explain(await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(url)));
        output.WriteLine(told);
        Assert.StartsWith("the other end is not trusted: ", told);
        Assert.Contains(why, told);
    }

    [Fact]
    public async Task A_port_on_which_nobody_listens_is_told_as_that()
    {
        var agent = _bed.Open(_bed.Issue(_shop, PeerRole.Agent, "a-1"));
        using var client = TlsBed.Client(agent);
        var url = new Uri($"https://127.0.0.1:{Routing.GatewayBed.ClosedPort()}/");
        Assert.Equal("Connection refused",
            agent.Explain(await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(url))));
    }
}
