using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Tangram.Routing.Rules;

/// <summary>A request of Kestrel's as rules see it. It keeps nothing, so it costs nothing.</summary>
internal readonly struct HttpView(HttpContext context, Networks trusted) : IRequestView
{
    private const string ForwardedProto = "X-Forwarded-Proto";

    public string Method => context.Request.Method;
    public ReadOnlySpan<char> Host => context.Request.Host.Value;
    public ReadOnlySpan<char> Path => context.Request.Path.Value;
    public ReadOnlySpan<char> Query => context.Request.QueryString.Value.AsSpan().TrimStart('?');
    public bool IsWebSocket => IsUpgrade(context);

    public string Scheme => context.Connection.RemoteIpAddress is { } peer && trusted.Contains(peer)
        && Header(ForwardedProto, 0) is { } told && (told is "http" or "https")
            ? told
            : context.Request.Scheme;

    public IPAddress? Client => context.Connection.RemoteIpAddress is { } peer
        ? ClientAddress.Of(peer, trusted, this)
        : null;

    public string? Header(string name, int index)
    {
        var values = context.Request.Headers[name];
        return index < values.Count ? values[index] ?? "" : null;
    }

    public static bool IsGrpc(HttpRequest request) =>
        request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>It asks to be a WebSocket, over HTTP/1.1 or HTTP/2.</summary>
    public static bool IsUpgrade(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
        || (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase));
}
