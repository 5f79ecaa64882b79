namespace Tangram.Routing;

/// <summary>Which answers a gateway may keep for others and give when its service cannot answer: those that RFC 9111
/// lets a shared cache store and use while it is disconnected (3 and 4.2.4). What depends on who asks is left alone,
/// also where the RFC would leave it to the service to say so.</summary>
public static class StoreRules
{
    private static readonly string[] NotShared =
        ["no-store", "private", "no-cache", "must-revalidate", "proxy-revalidate", "s-maxage"];

    /// <summary>The request's answer may be kept, if its answer lets it.</summary>
    /// <param name="control">All of Cache-Control, joined by commas; so in the others.</param>
    public static bool MayKeep(string method, string control) => method == "GET" && !Has(control, "no-store");

    /// <summary>The client takes one that is not fresh.</summary>
    public static bool MayUse(string method, string control, string pragma) => method is "GET" or "HEAD"
        && !Has(control, "no-cache") && !Has(control, "no-store")
        && !Has(control, "only-if-cached") && (control != "" || !Has(pragma, "no-cache"));

    /// <param name="personal">The request has credentials (Authorization, Cookie): then it must be
    /// <c>public</c>.</param>
    /// <param name="setsCookie">Other than the gateway's own.</param>
    public static bool MayKeep(int status, string control, string vary, bool personal, bool setsCookie)
    {
        if (status != 200 || setsCookie || vary.Contains('*', StringComparison.Ordinal)) return false;
        foreach (var directive in NotShared) if (Has(control, directive)) return false;
        return !personal || Has(control, "public");
    }

    /// <summary>They belong to a connection, to a client or to a moment.</summary>
    public static bool MayKeepHeader(string name) => !(name.ToLowerInvariant() is "connection" or "keep-alive"
        or "transfer-encoding" or "upgrade" or "trailer" or "te" or "proxy-authenticate" or "proxy-authorization"
        or "proxy-connection" or "set-cookie" or "content-length" or "age" or "retry-after"
        || name.StartsWith("RateLimit-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Tangram-", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a list has a directive, with or without a value.</summary>
    private static bool Has(string list, string directive)
    {
        foreach (var range in list.AsSpan().Split(','))
        {
            var item = list.AsSpan(range).Trim();
            var name = item.IndexOf('=') is var cut and >= 0 ? item[..cut].TrimEnd() : item;
            if (name.Equals(directive, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }
}
