using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>What Kestrel runs for each request: find the service, then try backends until one answers or the policy
/// says stop.</summary>
internal sealed class GatewayApplication(
    Routes routes, IHttpForwarder forwarder, BackendClient client, GatewayOptions options, TimeProvider time)
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

    public async Task ProcessRequestAsync(DefaultHttpContext context)
    {
        var listener = context.Features.Get<OpenListener>()
            ?? throw new InvalidOperationException("a connection came from no listener");
        var (table, name) = (routes.Table, listener.Listener.Service);
        var service = name is null
            ? table.Match(context.Request.Host.Value, context.Request.Path.Value)
            : table.Find(name.Value);
        if (service is null)
        {
            await (name is null ? Reply.NoRouteAsync(context) : Reply.NoBackendAsync(context, name.Value.Value));
            return;
        }
        if (service.Counters.Breaker.Refuses(service, routes.NextChance(), routes.Now) is { } wait)
        {
            await Reply.BreakerOpenAsync(context, service.Name.Value, wait);
            return;
        }
        var exchange = new Exchange(context, routes, service, listener, _hold);
        service.Counters.Enter();
        try
        {
            await ForwardAsync(context, exchange, service);
        }
        finally
        {
            exchange.Finish();
            service.Counters.Leave();
        }
    }

    private async Task ForwardAsync(HttpContext context, Exchange exchange, RoutedService service)
    {
        var config = ConfigFor(context, exchange);
        while (exchange.TryChoose() || await WaitAsync(context, exchange))
        {
            var (_, backend, abandon, unreachable) = exchange.Begin();
            HttpMessageInvoker sender = exchange.Repeatable ? new PatientClient(client, unreachable) : client;
            ForwarderError error;
            try { error = await forwarder.SendAsync(context, backend.Url, sender, config, exchange, abandon); }
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
    private async Task<bool> WaitAsync(HttpContext context, Exchange exchange)
    {
        if (Interlocked.Increment(ref _queued) > options.MostQueued)
        {
            Interlocked.Decrement(ref _queued);
            return false;
        }
        try
        {
            exchange.WaitsUntil ??= routes.Now + options.QueueTime;
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
