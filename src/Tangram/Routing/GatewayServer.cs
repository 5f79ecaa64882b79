using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Tangram.Coordinating;
using Tangram.Model;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>The gateway's data plane: Kestrel in front, YARP's direct forwarder behind, and our choice of backend between.
/// Routes come by <see cref="Publish"/>; without any it lets requests wait for a moment.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Listeners _listeners;
    private readonly RequestRouter _router;

    private GatewayServer(WebApplication app, Listeners listeners, RequestRouter router) =>
        (_app, _listeners, _router) = (app, listeners, router);

    public RouteTable Table => _router.Table;

    /// <summary>Starts without any listener; see <see cref="Listen"/>.</summary>
    public static async Task<GatewayServer> StartAsync(MonotonicClock clock)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var listeners = new Listeners();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Bodies are streamed: their size is the backend's business.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = 50_000;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
            kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                endpoint.Protocols = HttpProtocols.Http1AndHttp2;
                endpoint.Use(next => connection => PrefaceSniffer.SniffAsync(connection, next));
            });
            kestrel.Configure(listeners.AsConfiguration(), reloadOnChange: true);
        });
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        var router = new RequestRouter(app.Services.GetRequiredService<IHttpForwarder>(), clock);
        app.Run(router.HandleAsync);
        await app.StartAsync().ConfigureAwait(false);
        return new GatewayServer(app, listeners, router);
    }

    /// <summary>Makes these the listening addresses, and returns when they are.</summary>
    /// <param name="urls">A name for each URL.</param>
    /// <param name="services">Ports that lead to one service, whatever the host and path.</param>
    public void Listen(SortedDictionary<string, string> urls, IReadOnlyDictionary<int, ServiceName> services)
    {
        _router.ServicePorts = services;
        _listeners.Set(urls);
    }

    public void Publish(RouteTable table) => _router.Table = table;

    /// <summary>Stops accepting and lets what is in flight end, for at most <paramref name="grace"/>.</summary>
    public async Task StopAsync(TimeSpan grace, CancellationToken atOnce)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(atOnce);
        limit.CancelAfter(grace);
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _router.Dispose();
    }
}
