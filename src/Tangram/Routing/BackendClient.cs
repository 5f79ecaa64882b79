using System.Net;
using System.Text;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Tangram.Routing;

/// <summary>The platform's HTTP client, for what is no plain request: streams, and copies of requests.</summary>
/// <remarks>The platform's handler repeats a request by itself when a reused connection turns out to be closed and the
/// request has no content object, even a POST. An empty content object forbids that, so unsafe requests always get one
/// here, at the last place before the handler. It also repeats whatever waits for a 100 (Continue) and has not sent its
/// body; so the gateway, which asks its own client for the body, expects nothing of the backend.</remarks>
internal sealed class BackendClient : HttpMessageInvoker
{
    public BackendClient(GatewayOptions options) : this(options, NewHandler(options))
    {
    }

    private BackendClient(GatewayOptions options, SocketsHttpHandler handler) : base(handler, disposeHandler: true)
    {
        Http1Stream = Config(HttpVersion.Version11, options.StreamTimeout);
        Http2Stream = Config(HttpVersion.Version20, options.StreamTimeout);
    }

    /// <summary>For connections that somebody else makes.</summary>
    public static BackendClient Through(GatewayOptions options,
        Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect)
    {
        var handler = NewHandler(options);
        handler.ConnectCallback = connect;
        return new BackendClient(options, handler);
    }

    public ForwarderRequestConfig Http1Stream { get; }

    /// <summary>HTTP/2 without TLS, by prior knowledge; gRPC needs it.</summary>
    public ForwarderRequestConfig Http2Stream { get; }

    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is null && request.Method != HttpMethod.Connect
            && !RetryPolicy.IsSafe(request.Method.Method)) request.Content = new ByteArrayContent([]);
        request.Headers.Remove(HeaderNames.Expect);
        return base.SendAsync(request, cancellationToken);
    }

    private static ForwarderRequestConfig Config(Version version, TimeSpan activityTimeout) => new()
    {
        Version = version,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = activityTimeout,
    };

    private static SocketsHttpHandler NewHandler(GatewayOptions options) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        // Trace headers pass through as they came.
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        EnableMultipleHttp2Connections = true,
        // Below the shortest keep-alive that common servers have (5 s: Node.js, uvicorn), so that a POST seldom meets a
        // connection that its backend is closing at this moment.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(3),
        // Header bytes pass unchanged whatever their encoding.
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    };
}
