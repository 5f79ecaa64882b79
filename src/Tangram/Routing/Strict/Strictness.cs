using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Tangram.Routing.Strict;

/// <summary>Looks at each request's form before anything is decided about it.</summary>
internal static class Strictness
{
    /// <summary>Where Kestrel keeps the length of a request that had a Transfer-Encoding too.</summary>
    private const string LengthBeside = "X-Content-Length";

    /// <summary>Lines end with CR LF and not with LF alone; of this process, and before its first server
    /// starts.</summary>
    public static void DemandWholeLineEnds() =>
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

    /// <summary>Null: it may go on. Else the gateway's own answer.</summary>
    public static Task? Answer(HttpContext context)
    {
        var request = context.Request;
        var isHttp1 = HttpProtocol.IsHttp11(request.Protocol) || HttpProtocol.IsHttp10(request.Protocol);
        var codings = isHttp1 ? request.Headers.TransferEncoding : StringValues.Empty;
        var connect = HttpMethods.IsConnect(request.Method)
            ? context.Features.Get<IHttpExtendedConnectFeature>() : null;
        var verdict = RequestStrictness.Judge(new RequestForm
        {
            Method = request.Method,
            Target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            Host = request.Host.Value,
            IsHttp1 = isHttp1,
            IsHttp10 = isHttp1 && HttpProtocol.IsHttp10(request.Protocol),
            Codings = codings.Count,
            Coding = codings.Count > 0 ? codings[0] : null,
            HasLength = codings.Count > 0
                && (request.ContentLength is not null || request.Headers.ContainsKey(LengthBeside)),
            NamesConnection = !isHttp1 && NamesConnection(request.Headers),
            Protocol = connect is { IsExtendedConnect: true } ? connect.Protocol : null,
        });
        if (verdict == FormVerdict.Sound) return null;
        if (isHttp1 && verdict is not (FormVerdict.Method or FormVerdict.Tunnel or FormVerdict.Ping))
            context.Response.Headers[HeaderNames.Connection] = "close";
        return Reply.MalformedAsync(context, verdict);
    }

    private static bool NamesConnection(IHeaderDictionary headers) =>
        headers.TransferEncoding.Count + headers.Connection.Count + headers.KeepAlive.Count + headers.Upgrade.Count
            + headers.ProxyConnection().Count > 0;

    private static StringValues ProxyConnection(this IHeaderDictionary headers) => headers[HeaderNames.ProxyConnection];
}
