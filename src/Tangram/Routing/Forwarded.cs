namespace Tangram.Routing;

/// <summary>Tells the backend who asked, in the X-Forwarded headers.</summary>
internal static class Forwarded
{
    private const string For = "X-Forwarded-For";
    private const string Proto = "X-Forwarded-Proto";
    private const string Host = "X-Forwarded-Host";

    /// <param name="keep">What the caller says of its own client is believed and added to; otherwise it is replaced,
    /// since any client could claim any address.</param>
    public static void Write(HttpContext context, HttpRequestMessage request, bool keep)
    {
        var incoming = context.Request.Headers;
        var client = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        Set(request, For, keep && incoming[For] is { Count: > 0 } known ? $"{known}, {client}" : client);
        if (!keep) WriteProof(context, request);
        if (!keep || !incoming.ContainsKey(Proto)) Set(request, Proto, context.Request.Scheme);
        if (!keep || !incoming.ContainsKey(Host)) Set(request, Host, context.Request.Host.Value ?? "");
    }

    private static void WriteProof(HttpContext context, HttpRequestMessage request)
    {
        foreach (var (name, _) in context.Request.Headers)
            if (ClientIdentity.IsMeant(name)) request.Headers.Remove(name);
        if (context.Features.Get<Tls.ProvenClient>() is { } client)
            request.Headers.TryAddWithoutValidation(ClientIdentity.Header, client.Words);
    }

    private static void Set(HttpRequestMessage request, string name, string value)
    {
        request.Headers.Remove(name);
        request.Headers.TryAddWithoutValidation(name, value);
    }
}
