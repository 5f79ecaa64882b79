namespace Tangram.Model;

/// <summary>What may be said of headers (RFC 9110, 5.1 and 7.6.1).</summary>
public static class HeaderRules
{
    private static readonly HashSet<string> OfTheConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Content-Length", "Expect", "HTTP2-Settings",
    };

    public static bool IsToken(string text) => text.Length is > 0 and <= 200
        && text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c));

    /// <summary>The gateway makes them anew for each connection, or the body depends on them.</summary>
    public static bool BelongsToConnection(string name) => OfTheConnection.Contains(name);

    /// <summary>Visible letters, spaces and tabs within, and bytes above 127.</summary>
    public static bool IsValue(string text) => text.Length <= 4096 && text.Trim() == text
        && text.All(c => c is '\t' or >= ' ' and not '\x7F' and <= '\xFF');
}
