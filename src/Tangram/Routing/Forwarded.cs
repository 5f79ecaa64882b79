namespace Tangram.Routing;

/// <summary>Tells the backend who asked, in the X-Forwarded headers.</summary>
internal static class Forwarded
{
    private const string For = "X-Forwarded-For";
    private const string Proto = "X-Forwarded-Proto";
    private const string Host = "X-Forwarded-Host";

    /// <param name="keep">What the caller says of its own client is believed and added to.</param>
    public static void Write(HttpContext context, bool keep)
    {
        var headers = context.Request.Headers;
        var client = context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        headers[For] = keep && headers[For] is { Count: > 0 } known ? $"{known}, {client}" : client;
        if (!keep) WriteProof(context, headers);
        if (!keep || !headers.ContainsKey(Proto)) headers[Proto] = context.Request.Scheme;
        if (!keep || !headers.ContainsKey(Host)) headers[Host] = context.Request.Host.Value ?? "";
    }

    private static void WriteProof(HttpContext context, IHeaderDictionary headers)
    {
        List<string>? claimed = null;
        foreach (var (name, _) in headers)
            if (ClientIdentity.IsMeant(name)) (claimed ??= []).Add(name);
        claimed?.ForEach(name => headers.Remove(name));
        if (context.Features.Get<Tls.ProvenClient>() is { } client) headers[ClientIdentity.Header] = client.Words;
    }
}
