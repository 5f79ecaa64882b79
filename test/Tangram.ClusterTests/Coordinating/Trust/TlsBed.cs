using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.ClusterTests.Coordinating.Trust;

/// <summary>Authorities and folders below one folder, servers that say who asks, and clients.</summary>
internal sealed class TlsBed : IAsyncDisposable
{
    private readonly List<WebApplication> _servers = [];

    public string Root { get; } = Directory.CreateTempSubdirectory("tangram-tls-").FullName;
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());
    public ConcurrentQueue<string> Said { get; } = [];

    /// <summary>Made a year ago, so that it can have issued what has ended.</summary>
    public Authority Authority(string folder = "ca", string cluster = "shop") =>
        Tangram.Coordinating.Trust.Authority.Make(cluster, Path.Combine(Root, folder), Time.GetUtcNow().AddDays(-365));

    public TlsFolder Issue(Authority by, PeerRole role, string name, double days = 90, double daysAgo = 0) => by.Issue(
        new PeerIdentity(by.Cluster, role, NodeName.Of(name)), [], Path.Combine(Root, $"{name}-{Guid.NewGuid():N}"),
        TimeSpan.FromDays(days), Time.GetUtcNow().AddDays(-daysAgo));

    public MutualTls Open(TlsFolder folder) => MutualTls.Open(folder.Path, Time, Said.Enqueue);

    /// <summary>Answers with the identity of who asks, and the protocol.</summary>
    public async Task<Uri> ServeAsync(MutualTls tls, params PeerRole[] admitted)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listener =>
        {
            listener.Protocols = HttpProtocols.Http2;
            tls.Secure(listener, admitted);
        }));
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync(
            $"{MutualTls.IdentityOf(context.Connection.ClientCertificate)} {context.Request.Protocol}"));
        await app.StartAsync();
        _servers.Add(app);
        return new Uri($"https://127.0.0.1:{new Uri(app.Urls.First()).Port}/");
    }

    public static HttpClient Client(MutualTls tls, PeerRole expected = PeerRole.Server) =>
        Client(new SocketsHttpHandler { SslOptions = tls.ClientOptions(expected), UseProxy = false });

    public static HttpClient Client(SocketsHttpHandler handler) => new(handler)
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
