using System.Globalization;

namespace Tangram.Routing;

/// <summary>Where a request that came by http is sent.</summary>
public static class HttpsRedirect
{
    /// <summary>By these an authority asks whether a name is ours (RFC 8555, 8.3), always by http.</summary>
    private const string Challenge = "/.well-known/acme-challenge/";

    /// <summary>Null: it is answered where it is.</summary>
    /// <param name="host">As the request has it, perhaps with a port.</param>
    /// <param name="target">Path and query, as they came.</param>
    public static string? LocationOf(string host, string target, int port)
    {
        if (host.Length == 0 || target.StartsWith(Challenge, StringComparison.Ordinal)) return null;
        var colon = host.LastIndexOf(':');
        var bare = colon > host.LastIndexOf(']') ? host[..colon] : host;
        var at = port == 443 ? "" : string.Create(CultureInfo.InvariantCulture, $":{port}");
        return $"https://{bare}{at}{target}";
    }
}
