using System.Net;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>Gateways speak TLS with replicas, and examine who answers.</summary>
public sealed class BackendTlsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    private BackendTlsSpec Trusting(string name = "order") => new() { Name = name, Ca = _certificates.CaFile };

    private static async Task<GatewayBed> BedAsync(SecureBackend backend, BackendTlsSpec tls)
    {
        var bed = await GatewayBed.StartAsync();
        bed.Spec = bed.Spec with { BackendTls = tls };
        bed.Route([backend.Port]);
        return bed;
    }

    [Fact]
    public async Task Asks_for_the_name_that_the_file_gives_whatever_the_client_asks_for()
    {
        await using var backend = await SecureBackend.StartAsync(_certificates.Issue("b", ["order"]));
        await using var bed = await BedAsync(backend, Trusting());
        using var request = new HttpRequestMessage(HttpMethod.Get, bed.Url) { Headers = { Host = "evil.test" } };
        using var answer = await bed.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await bed.PostAsync("text"));
        Assert.Equal(["order - HTTP/1.1", "order - HTTP/1.1"], backend.Met);
    }

    [Theory]
    [InlineData("other", true)]
    [InlineData("order", false)]
    public async Task Sends_nothing_to_one_of_another_name_or_another_authority(string name, bool known)
    {
        await using var backend = await SecureBackend.StartAsync(_certificates.Issue("b", ["order"]));
        var said = new List<string>();
        await using var bed = await BedAsync(backend,
            known ? Trusting(name) : new BackendTlsSpec { Name = name });
        bed.Gateway.Said += said.Add;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bed.GetAsync()).Status);
        Assert.Empty(backend.Met);
        Assert.Contains($"no TLS with {name} at 127.0.0.1", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_whoever_answers_when_it_shall_not_look()
    {
        await using var backend = await SecureBackend.StartAsync(_certificates.Issue("b", ["else"]));
        await using var bed = await BedAsync(backend, new BackendTlsSpec { Name = "order", Verify = false });
        Assert.Equal((HttpStatusCode.OK, "secure"), await bed.GetAsync());
    }

    [Fact]
    public async Task Shows_its_own_certificate_and_what_takes_its_place()
    {
        await using var backend =
            await SecureBackend.StartAsync(_certificates.Issue("b", ["order"]), _certificates.CaFile);
        await using var nobody = await BedAsync(backend, Trusting());
        // TLS 1.3 tells only after the handshake that a certificate is missing.
        Assert.Equal(HttpStatusCode.BadGateway, (await nobody.GetAsync()).Status);
        _certificates.Client("edge-1").Dispose();
        var own = new CertificateSpec(_certificates.At("edge-1/node.crt"), _certificates.At("edge-1/node.key"));
        await using var bed = await BedAsync(backend, Trusting() with { Client = own });
        Assert.Equal(HttpStatusCode.OK, (await bed.GetAsync()).Status);
        Assert.Equal("order CN=edge-1, O=test HTTP/1.1", Assert.Single(backend.Met));
    }

    [Fact]
    public async Task What_cannot_be_read_is_said_and_nothing_is_sent()
    {
        await using var backend = await SecureBackend.StartAsync(_certificates.Issue("b", ["order"]));
        var said = new List<string>();
        await using var bed = await BedAsync(backend, new BackendTlsSpec { Name = "order", Ca = "/nowhere.crt" });
        bed.Gateway.Said += said.Add;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await bed.GetAsync()).Status);
        Assert.Contains("/nowhere.crt cannot say", Assert.Single(said), StringComparison.Ordinal);
    }

    /// <summary>As gRPC comes, which needs HTTP/2 up to the replica.</summary>
    [Fact]
    public async Task Speaks_HTTP_2_where_the_client_needs_it()
    {
        await using var backend = await SecureBackend.StartAsync(_certificates.Issue("b", ["order"]));
        await using var bed = await BedAsync(backend, Trusting());
        using var request = new HttpRequestMessage(HttpMethod.Post, bed.Url)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([]) { Headers = { { "Content-Type", "application/grpc" } } },
        };
        using var answer = await bed.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("order - HTTP/2", Assert.Single(backend.Met));
    }

    [Fact]
    public async Task A_replica_is_probed_by_https()
    {
        await using var backend = await SecureBackend.StartAsync(_certificates.Issue("b", ["order"]));
        var (prober, probe) = (new Prober(TimeProvider.System), new ProbeSpec(ProbeKind.Http, "/"));
        var secure = await prober.ProbeAsync(
            probe with { ServerName = "order" }, backend.Port, Patience, CancellationToken.None);
        Assert.True(secure.Ready, secure.Because);
        Assert.False((await prober.ProbeAsync(probe, backend.Port, Patience, CancellationToken.None)).Ready);
        await using var plain = await AppBackend.StartAsync();
        var wrong = await prober.ProbeAsync(
            probe with { ServerName = "order" }, plain.Port, Patience, CancellationToken.None);
        Assert.Contains("does not speak TLS", wrong.Because, StringComparison.Ordinal);
    }
}
