using Tangram.Model;
using Tangram.Routing.Http1;
using Tangram.Routing.Records;
using Tangram.Routing.Rules;
using Tangram.Routing.Strict;
using Tangram.Routing.Tls;
using Yarp.ReverseProxy.Forwarder;
using Route = Tangram.Routing.Rules.Route;

namespace Tangram.Routing;

/// <summary>What happens with each request: find the service, then try backends until one answers or the policy
/// says stop.</summary>
internal sealed class GatewayApplication(
    Routes routes, IHttpForwarder forwarder, BackendClient client, SecuredBackends secured, Mirrors mirrors,
    GatewayOptions options, TimeProvider time, TlsFront? tls, GatewayLimits limits)
{
    private readonly Http1Forwarder _http1 = new(new AnswerGiver(options, time), time);
    private readonly StoredAnswers _answers = new();
    private readonly AdmissionDoor _door = new(routes, time);
    private int _queued;

    public Task ProcessRequestAsync(HttpContext context)
    {
        var listener = context.Features.Get<OpenListener>()
            ?? throw new InvalidOperationException("a connection came from no listener");
        if (Strictness.Answer(context) is { } malformed) return malformed;
        limits.Excuse(context);
        if (tls?.Challenge is { } asked && asked.Answer(context, listener.Listener) is { } proof) return proof;
        if (tls?.Spec is { } secure && Secured(context, listener.Listener, secure) is { } elsewhere) return elsewhere;
        var table = routes.Table;
        var given = Passage.TimeGiven(context.Request);
        if (listener.Listener.Service is { } own)
            return given is null
                ? ServeAsync(context, table, listener, own, null)
                : TreatAsync(context, table, listener, Route.To(own), given);
        if (table.Index.Match(new HttpView(context, table.TrustedProxies)) is not { } route)
            return Reply.NoRouteAsync(context);
        context.Features.Get<RequestNote>()?.Take(route);
        return route is { Treatment: null, Service: { } service } && given is null
            ? ServeAsync(context, table, listener, service, null)
            : TreatAsync(context, table, listener, route, given);
    }

    private async Task TreatAsync(
        HttpContext context, RouteTable table, OpenListener listener, Route route, TimeSpan? given)
    {
        using var passage = new Passage(
            context, route, new HttpView(context, table.TrustedProxies), routes, time, given)
        {
            KeepsForwarded = Trusts(context, table, listener),
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
        var degraded = service.Traffic.Degrade is null
            ? Degraded.Of(context)
            : Degradable(context, table, listener, service, passage);
        if (degraded?.IsLost(service, options.QueueTime) == true && await degraded.TryAnswerAsync(context)) return;
        if (service.Counters.Breaker.Refuses(service, routes.NextChance(), routes.Now) is { } wait)
        {
            if (context.Features.Get<RequestNote>() is { } note) note.Service = service;
            await Reply.BreakerOpenAsync(context, service.Name.Value, wait);
            return;
        }
        var trusts = Trusts(context, table, listener);
        var @class = Priorities.Settle(context.Request, trusts, passage?.Treatment.PriorityClass);
        var admission = service.Counters.Admission;
        var ticket = admission is null
            ? null
            : await _door.EnterAsync(context, admission, @class, passage?.Deadline);
        if (admission is not null && ticket is null)
        {
            await Reply.OverloadedAsync(context, service.Name.Value, passage?.IsLate(routes.Now) == true);
            return;
        }
        var exchange = new Exchange(context, routes, service, listener, passage);
        if (degraded is not { IsPrepared: true })
            Outgoing.Prepare(context, passage?.KeepsForwarded ?? trusts, passage?.Treatment.RequestHeaders ?? []);
        degraded?.IsPrepared = true;
        if (passage?.Treatment.Mirror is { } mirror && passage.Side.Service == name)
            mirrors.Offer(context, passage, mirror);
        exchange.CountBody(context);
        service.Counters.Enter();
        try
        {
            await ForwardAsync(context, exchange, service, passage);
            degraded?.Keep(context, service, exchange.Outcome);
        }
        finally
        {
            exchange.Finish();
            ticket?.Leave();
            service.Counters.Leave();
        }
    }

    private Degraded? Degradable(
        HttpContext context, RouteTable table, OpenListener listener, RoutedService service, Passage? passage) =>
        Degraded.Begin(context, service, _answers, routes, passage,
            to => ServeAsync(context, table, listener, to, passage));

    /// <summary>What its caller says of others is believed.</summary>
    private static bool Trusts(HttpContext context, RouteTable table, OpenListener listener) =>
        listener.Listener.Internal || table.Trusts(context.Connection.RemoteIpAddress);

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
        while (exchange.TryChoose() || await WaitAsync(context, exchange, passage?.Deadline))
        {
            var choice = exchange.Begin();
            passage?.TellTime(context.Request, routes.Now);
            AttemptEnding ending;
            try
            {
                ending = exchange.IsUpgrade || IsGrpc(context)
                    ? await StreamAsync(context, exchange, choice)
                    : await _http1.SendAsync(context, exchange, choice);
            }
            finally
            {
                exchange.Leave();
            }
            if (exchange.End(context, ending))
            {
                context.Response.Clear();
                continue;
            }
            if (ending.Outcome == AttemptOutcome.ClientFault) Reply.ToNobody(context);
            if (ending.Outcome is AttemptOutcome.Answered or AttemptOutcome.ClientFault
                || context.Response.HasStarted) return;
            context.Response.Clear();
            await Reply.NoAnswerAsync(context, exchange.Outcome, choice.Backend.Replica.Value, exchange.Repeatable);
            return;
        }
        if (context.RequestAborted.IsCancellationRequested) return;
        if (passage?.IsLate(routes.Now) == true) await Reply.TooLateAsync(context);
        else await (exchange.Last is null || exchange.Outcome == AttemptOutcome.NeverSent
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

    /// <summary>Streams go by the platform's client: WebSockets, and gRPC, which needs HTTP/2 all the way.</summary>
    private async ValueTask<AttemptEnding> StreamAsync(HttpContext context, Exchange exchange, Choice choice)
    {
        var config = exchange.IsUpgrade ? client.Http1Stream : client.Http2Stream;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(choice.Abandon, exchange.Late);
        var via = secured.For(choice.Backend) ?? client;
        var error = await forwarder.SendAsync(
            context, routes.Detours.UrlOf(choice.Backend), via, config, new StreamTransformer(exchange), end.Token);
        return AttemptEnd.Read(context, error, exchange.Answered, choice.Abandon.IsCancellationRequested);
    }

    private static bool IsGrpc(HttpContext context) => HttpProtocol.IsHttp2(context.Request.Protocol)
        && context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
}
