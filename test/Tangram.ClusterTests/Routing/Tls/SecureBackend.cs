using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>A replica that speaks TLS alone, and tells of each connection for which name it was asked and what it was
/// shown: "NAME SUBJECT PROTOCOL".</summary>
internal sealed class SecureBackend : IAsyncDisposable
{
    private readonly WebApplication _application;

    private SecureBackend(WebApplication application) => _application = application;

    public ConcurrentQueue<string> Met { get; } = [];
    public int Port { get; private set; }

    /// <param name="clientCa">Whose clients alone are let in; null: everybody.</param>
    public static async Task<SecureBackend> StartAsync(CertificateSpec files, string? clientCa = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var own = X509Certificate2.CreateFromPemFile(files.Cert, files.Key);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificateSelector = (connection, name) =>
                    {
                        connection!.Items["name"] = name;
                        return own;
                    };
                    https.ClientCertificateMode = clientCa is null
                        ? ClientCertificateMode.NoCertificate : ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (shown, _, _) => Vouched(shown, clientCa);
                });
            }));
        var backend = new SecureBackend(builder.Build());
        backend._application.Run(async context =>
        {
            var name = context.Features.Get<IConnectionItemsFeature>()!.Items["name"];
            var shown = context.Connection.ClientCertificate?.Subject ?? "-";
            backend.Met.Enqueue($"{name} {shown} {context.Request.Protocol}");
            await context.Response.WriteAsync("secure");
        });
        await backend._application.StartAsync();
        backend.Port = new Uri(backend._application.Urls.First()).Port;
        return backend;
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private static bool Vouched(X509Certificate2 shown, string? clientCa)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(clientCa!);
        return chain.Build(shown);
    }
}
