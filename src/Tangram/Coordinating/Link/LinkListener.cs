using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tangram.Deploying;
using Tangram.Observing;

namespace Tangram.Coordinating.Link;

/// <summary>Listens for links: at a server for agents and gateways, at an agent for its neighbours.</summary>
internal sealed class LinkListener : IAsyncDisposable
{
    /// <summary>Four times what 5,000 nodes and their watchers use at a server.</summary>
    private const int MostConnections = 40_000;

    private readonly WebApplication _app;

    private LinkListener(WebApplication app) => _app = app;

    /// <summary>Throws <see cref="IOException"/> when the address is taken.</summary>
    /// <param name="tls">Null for plain text.</param>
    /// <param name="server">Null at an agent.</param>
    public static async Task<LinkListener> StartAsync(IPEndPoint address, Action<ListenOptions>? tls,
        HearerDoor hearer, ServerDoor? server, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, OurLifetime>();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(hearer);
        if (server is not null) builder.Services.AddSingleton(server);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = OpenFiles.Quarter(MostConnections);
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(2);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(2);
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                tls?.Invoke(listen);
            });
        });
        if (tls is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        var app = builder.Build();
        app.MapGrpcService<HearerDoor>();
        if (server is not null) app.MapGrpcService<ServerDoor>();
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new IOException($"cannot listen on {address} for other machines: {e.Message}. End what listens " +
                                  "there, or choose another port with --listen", e);
        }
        return new LinkListener(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try { await _app.StopAsync(patience.Token).ConfigureAwait(false); }
        catch (OperationCanceledException) { /* Streams that do not end are cut. */ }
        await _app.DisposeAsync().ConfigureAwait(false);
    }
}
