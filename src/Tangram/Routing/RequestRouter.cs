using System.Collections.Frozen;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tangram.Coordinating;
using Tangram.Model;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>Carries one request: which service, which backend, and what when it fails.</summary>
internal sealed class RequestRouter(IHttpForwarder forwarder, MonotonicClock clock) : IDisposable
{
    /// <summary>How long a request waits for a backend when there is none: a replica that restarts is back by then.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How long it waits while this gateway has just started and has no routes yet.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    /// <summary>Beyond these, requests without a backend are refused at once, so that waiting cannot fill the memory.</summary>
    private const int MostWaiting = 2_000;

    private readonly HttpMessageInvoker _http1 = Invoker(multiplexed: false);
    private readonly HttpMessageInvoker _http2 = Invoker(multiplexed: true);
    private readonly RetryBudget _budget = new();
    private long _random = Stopwatch.GetTimestamp();
    private int _waiting;
    private volatile RouteTable _table = RouteTable.Empty;

    private static readonly ForwarderRequestConfig Http1 = new()
    {
        Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = TimeSpan.FromSeconds(60),
    };

    private static readonly ForwarderRequestConfig Http2 = Http1 with { Version = HttpVersion.Version20 };

    public RouteTable Table
    {
        get => _table;
        set => _table = value;
    }

    public IReadOnlyDictionary<int, ServiceName> ServicePorts { get; set; } = FrozenDictionary<int, ServiceName>.Empty;

    public void Dispose()
    {
        _http1.Dispose();
        _http2.Dispose();
    }

    public async Task HandleAsync(HttpContext context)
    {
        var arrived = clock.Now;
        _budget.Begin();
        try
        {
            if (await ServiceForAsync(context, arrived).ConfigureAwait(false) is not { } service)
                await RefuseAsync(context, 404, "no route leads there; `tangram config` shows the routes").ConfigureAwait(false);
            else await ForwardAsync(context, service, arrived).ConfigureAwait(false);
        }
        finally
        {
            _budget.End();
        }
    }

    private async ValueTask<ServiceName?> ServiceForAsync(HttpContext context, Instant arrived)
    {
        while (_table.AppliedRevision == 0 && clock.Now - arrived < StartPatience && !context.RequestAborted.IsCancellationRequested)
            await PauseAsync().ConfigureAwait(false);
        return ServicePorts.TryGetValue(context.Connection.LocalPort, out var published)
            ? published
            : _table.Match(context.Request.Host.Value ?? "", context.Request.Path.Value ?? "/");
    }

    private async Task ForwardAsync(HttpContext context, ServiceName service, Instant arrived)
    {
        var safe = RetryPolicy.IsSafe(context.Request.Method) && !context.WebSockets.IsWebSocketRequest;
        var attempt = new Attempt(safe);
        var body = BodyCounter.Watch(context);
        var tried = new Tried();
        var repeating = false;
        try
        {
            while (true)
            {
                var (backends, backend) = await PickAsync(context, service, tried, arrived).ConfigureAwait(false);
                if (backends is null || backend is null)
                {
                    await UnavailableAsync(context, service, tried.Count).ConfigureAwait(false);
                    return;
                }
                tried.Add(backend);
                var end = await TryAsync(context, backends, backend, attempt, MayDiscard(safe, tried)).ConfigureAwait(false);
                var again = RetryPolicy.MayRetry(end, safe, body.Taken > 0, tried.Count, clock.Now - arrived)
                    && (end == AttemptEnd.NeverSent || repeating || (repeating = _budget.TryRepeat()));
                if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
                if (!again)
                {
                    if (end == AttemptEnd.BadAnswer)
                        await RefuseAsync(context, attempt.Status, $"{tried.Count} replicas of {service} failed").ConfigureAwait(false);
                    return;
                }
                context.Response.Clear();
                context.Features.Set<IForwarderErrorFeature>(null);
            }
        }
        finally
        {
            if (repeating) _budget.EndRepeat();
        }
    }

    /// <summary>A bad answer is thrown away only while there is somebody else to ask.</summary>
    private static bool MayDiscard(bool safe, in Tried tried) => safe && tried.Count < Tried.Most;

    private async Task<AttemptEnd> TryAsync(HttpContext context, ServiceBackends backends, Backend backend, Attempt attempt,
        bool mayDiscard)
    {
        try
        {
            attempt.Begin(mayDiscard && backends.Backends.Length > 1);
            var grpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;
            var error = await forwarder.SendAsync(context, backend.Address, grpc ? _http2 : _http1, grpc ? Http2 : Http1, attempt)
                .ConfigureAwait(false);
            var end = EndOf(context, attempt, error);
            Count(backends, backend, attempt, end);
            return end;
        }
        finally
        {
            Balancer.Release(backend);
        }
    }

    private static AttemptEnd EndOf(HttpContext context, Attempt attempt, ForwarderError error)
    {
        if (error == ForwarderError.None) return attempt.Discarded ? AttemptEnd.BadAnswer : AttemptEnd.Answered;
        if (context.RequestAborted.IsCancellationRequested) return AttemptEnd.Over;
        var exception = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or
                HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError })
            return AttemptEnd.NeverSent;
        return context.Response.HasStarted ? AttemptEnd.Over : AttemptEnd.Cut;
    }

    private void Count(ServiceBackends backends, Backend backend, Attempt attempt, AttemptEnd end)
    {
        if (end == AttemptEnd.NeverSent) Balancer.Refused(backend, clock.Now);
        else if (end == AttemptEnd.Cut) Balancer.Failed(backends, backend, answered: false, clock.Now);
        else if (attempt.Status >= 500) Balancer.Failed(backends, backend, answered: true, clock.Now);
        else if (attempt.Status > 0) Balancer.Succeeded(backend);
    }

    private async ValueTask<(ServiceBackends?, Backend?)> PickAsync(HttpContext context, ServiceName service, Tried tried,
        Instant arrived)
    {
        while (true)
        {
            if (!_table.Services.TryGetValue(service, out var backends)) return default;
            var random = new Rng((ulong)Interlocked.Increment(ref _random)).NextUInt64();
            if (Balancer.Pick(backends, tried, random, clock.Now) is { } backend) return (backends, backend);
            if (clock.Now - arrived > Patience || context.RequestAborted.IsCancellationRequested) return default;
            if (Interlocked.Increment(ref _waiting) > MostWaiting)
            {
                Interlocked.Decrement(ref _waiting);
                return default;
            }
            await PauseAsync().ConfigureAwait(false);
            Interlocked.Decrement(ref _waiting);
            // Whoever was tried may have been replaced by a new process, or be the only one there is.
            if (tried.Count < Tried.Most) tried = new Tried();
        }
    }

    private Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(10), clock.Time);

    private static async Task UnavailableAsync(HttpContext context, ServiceName service, int attempts)
    {
        if (context.Response.HasStarted) return;
        // After attempts, what the last of them left (502, 504) says more.
        if (attempts > 0 && context.Response.StatusCode >= 500) return;
        context.Response.Headers.RetryAfter = "1";
        await RefuseAsync(context, 503, $"no replica of {service} can take the request now; `tangram why {service}` says why")
            .ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync($"tangram: {why}\n", context.RequestAborted);
    }

    private static HttpMessageInvoker Invoker(bool multiplexed) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        EnableMultipleHttp2Connections = multiplexed,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        // Below what servers commonly allow (5 s), so that a connection is not used at the moment the backend closes it.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4),
    });
}
