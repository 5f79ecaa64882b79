using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Tangram.Model;
using Tangram.Routing.Rules;
using Tangram.Routing.Tls;
using Yarp.ReverseProxy.Forwarder;
using Route = Tangram.Routing.Rules.Route;

namespace Tangram.Routing;

/// <summary>What Kestrel runs for each request: find the service, then try backends until one answers or the policy
/// says stop.</summary>
internal sealed class GatewayApplication(
    Routes routes, IHttpForwarder forwarder, BackendClient client, SecuredBackends secured, Mirrors mirrors,
    GatewayOptions options,
    TimeProvider time, TlsFront? tls)
    : IHttpApplication<DefaultHttpContext>
{
    private readonly AnswerHold _hold = new(options, time);
    private int _queued;

    /// <summary>Kestrel keeps one context a connection or stream and reuses it.</summary>
    public DefaultHttpContext CreateContext(IFeatureCollection features)
    {
        if (features is not IHostContextContainer<DefaultHttpContext> kept) return new DefaultHttpContext(features);
        var context = kept.HostContext ??= new DefaultHttpContext();
        context.Initialize(features);
        return context;
    }

    public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();

    public Task ProcessRequestAsync(DefaultHttpContext context)
    {
        var listener = context.Features.Get<OpenListener>()
            ?? throw new InvalidOperationException("a connection came from no listener");
        if (tls?.Challenge is { } asked && asked.Answer(context, listener.Listener) is { } proof) return proof;
        if (tls?.Spec is { } secure && Secured(context, listener.Listener, secure) is { } elsewhere) return elsewhere;
        var table = routes.Table;
        if (listener.Listener.Service is { } own) return ServeAsync(context, table, listener, own, null);
        if (table.Index.Match(new HttpView(context, table.TrustedProxies)) is not { } route)
            return Reply.NoRouteAsync(context);
        return route is { Treatment: null, Service: { } service }
            ? ServeAsync(context, table, listener, service, null)
            : TreatAsync(context, table, listener, route);
    }

    private async Task TreatAsync(HttpContext context, RouteTable table, OpenListener listener, Route route)
    {
        using var passage = new Passage(context, route, new HttpView(context, table.TrustedProxies), routes, time)
        {
            KeepsForwarded = table.Trusts(context.Connection.RemoteIpAddress),
        };
        await (passage.Answer(context) ?? ServeAsync(context, table, listener, passage.Side.Service, passage));
    }

    private async Task ServeAsync(
        HttpContext context, RouteTable table, OpenListener listener, ServiceName name, Passage? passage)
    {
        if (table.Find(name) is not { } service)
        {
            await Reply.NoBackendAsync(context, name.Value);
            return;
        }
        if (service.Counters.Breaker.Refuses(service, routes.NextChance(), routes.Now) is { } wait)
        {
            await Reply.BreakerOpenAsync(context, service.Name.Value, wait);
            return;
        }
        if (passage?.Treatment.Mirror is { } mirror) mirrors.Offer(context, passage, mirror);
        var exchange = new Exchange(context, routes, service, listener, _hold, passage);
        service.Counters.Enter();
        try
        {
            await ForwardAsync(context, exchange, service, passage);
        }
        finally
        {
            exchange.Finish();
            service.Counters.Leave();
        }
    }

    /// <summary>Null when it may go on by http.</summary>
    private static Task? Secured(HttpContext context, Listener listener, TlsSpec secure)
    {
        if (listener.Secure && secure.Hsts is { } hsts) Reply.PromiseHttps(context, hsts);
        return listener is { Secure: false, Internal: false, Service: null } && secure.RedirectPort is { } port
            && HttpsRedirect.LocationOf(context.Request.Host.Value ?? "", TargetOf(context), port) is { } location
            ? Reply.ElsewhereAsync(context, location)
            : null;
    }

    private static string TargetOf(HttpContext context) => context.Request.Path.ToUriComponent() +
        context.Request.QueryString.ToUriComponent();

    private async Task ForwardAsync(HttpContext context, Exchange exchange, RoutedService service, Passage? passage)
    {
        var config = ConfigFor(context, exchange);
        while (exchange.TryChoose() || await WaitAsync(context, exchange, passage?.Deadline))
        {
            var (_, backend, abandon, unreachable) = exchange.Begin();
            var via = secured.For(backend) ?? client;
            HttpMessageInvoker sender = exchange.Repeatable ? new PatientClient(via, unreachable) : via;
            using var bound = passage?.Bound(abandon);
            var end = bound?.Token ?? abandon;
            ForwarderError error;
            try { error = await forwarder.SendAsync(context, backend.Url, sender, config, exchange, end); }
            finally { routes.Leave(backend); }
            if (exchange.End(context, error))
            {
                context.Response.Clear();
                continue;
            }
            if (error == ForwarderError.None || context.Response.HasStarted
                || exchange.Outcome == AttemptOutcome.ClientFault) return;
            context.Response.Clear();
            await Reply.NoAnswerAsync(context, exchange.Outcome, backend.Replica.Value, exchange.Repeatable);
            return;
        }
        if (context.RequestAborted.IsCancellationRequested) return;
        await (exchange.Last is null || exchange.Outcome == AttemptOutcome.NeverSent
            ? Reply.NoBackendAsync(context, service.Name.Value)
            : Reply.NoAnswerAsync(context, exchange.Outcome, exchange.Last.Replica.Value, exchange.Repeatable));
    }

    /// <summary>A little patience for a backend to appear: a restart in place takes less than a second.</summary>
    private async Task<bool> WaitAsync(HttpContext context, Exchange exchange, Instant? deadline)
    {
        if (Interlocked.Increment(ref _queued) > options.MostQueued)
        {
            Interlocked.Decrement(ref _queued);
            return false;
        }
        try
        {
            var patience = routes.Now + options.QueueTime;
            exchange.WaitsUntil ??= deadline < patience ? deadline : patience;
            while (routes.Now < exchange.WaitsUntil && !context.RequestAborted.IsCancellationRequested)
            {
                var published = routes.Published;
                if (exchange.TryChoose()) return true;
                await Task.WhenAny(published, Task.Delay(options.QueueLook, time, context.RequestAborted));
                exchange.TryAllAgain();
            }
            return !context.RequestAborted.IsCancellationRequested && exchange.TryChoose();
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
    }

    /// <summary>gRPC needs HTTP/2 all the way; everything else goes on as HTTP/1.1, which every backend
    /// speaks.</summary>
    private ForwarderRequestConfig ConfigFor(HttpContext context, Exchange exchange)
    {
        if (exchange.IsUpgrade) return client.Http1Stream;
        return HttpProtocol.IsHttp2(context.Request.Protocol)
            && context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true
            ? client.Http2Stream
            : client.Http1;
    }
}
