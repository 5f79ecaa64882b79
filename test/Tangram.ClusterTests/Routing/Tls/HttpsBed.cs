using System.Collections.Concurrent;
using System.Net;
using Tangram.Model;
using Tangram.Routing;
using Tangram.Routing.Tls;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>A gateway that listens by https, with one backend behind it.</summary>
internal sealed class HttpsBed : IAsyncDisposable
{
    private readonly GatewayBed _bed;

    private HttpsBed(GatewayBed bed, TlsFront front, TestCertificates certificates, RawBackend backend,
        ConcurrentQueue<string> said) =>
        (_bed, Front, Certificates, Backend, Said) = (bed, front, certificates, backend, said);

    public TlsFront Front { get; }
    public TestCertificates Certificates { get; }
    public RawBackend Backend { get; }
    public ConcurrentQueue<string> Said { get; }

    /// <summary>What the gateway itself said for the events.</summary>
    public ConcurrentQueue<string> Told { get; private init; } = [];
    public GatewayServer Gateway => _bed.Gateway;
    public int Port => _bed.Port;

    public static Task<HttpsBed> StartAsync(params string[] names) => StartAsync(certificates =>
        new TlsSpec { Certificates = [certificates.Issue("own", names.Length > 0 ? names : ["localhost"])] });

    public static async Task<HttpsBed> StartAsync(Func<TestCertificates, TlsSpec> ask, GatewayOptions? options = null)
    {
        var (certificates, said) = (new TestCertificates(), new ConcurrentQueue<string>());
        var front = new TlsFront(certificates.At("state"), "test", TimeProvider.System, said.Enqueue);
        var gateway = new GatewayServer(options ?? GatewayBed.Options, TimeProvider.System, 1, tls: front);
        Assert.Empty(await gateway.SecureAsync(ask(certificates)));
        var backend = new RawBackend("good", (_, _) => Act.Answer);
        var edge = new Listener("127.0.0.1", 0) { Secure = true };
        var told = new ConcurrentQueue<string>();
        gateway.Said += told.Enqueue;
        var bed = await GatewayBed.StartAsync(gateway, edge, backend.Port);
        return new HttpsBed(bed, front, certificates, backend, said) { Told = told };
    }

    public Uri Url(string host = "localhost") => new($"https://{host}:{Port}/");

    /// <summary>A listener without TLS beside it.</summary>
    public async Task<int> PlainAsync(bool @internal = false)
    {
        var plain = new Listener("127.0.0.1", GatewayBed.ClosedPort()) { Internal = @internal };
        Assert.Empty(await _bed.ListenAsync(plain));
        return plain.Port;
    }

    public static async Task<HttpResponseMessage> GetAsync(HttpClient client, Uri url, Version? version = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url)
        {
            Version = version ?? HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return await client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        await _bed.DisposeAsync();
        await Backend.DisposeAsync();
        Certificates.Dispose();
    }
}
