using System.Text;
using Tangram.Model;

namespace Tangram.Proving.Scenarios;

/// <summary>A request as it is sent for one user, this time.</summary>
/// <param name="Url">Null when what was expanded is none, and <paramref name="Wrong"/> says so.</param>
/// <param name="ContentType">When no header says it.</param>
public sealed record RequestText(
    string Method, Uri? Url, IReadOnlyList<LoadHeader> Headers, string? Body, string ContentType, string Wrong)
{
    public static RequestText Of(RequestSpec request, ScenarioUser user, DateTimeOffset now)
    {
        var text = request.Url.Expand(user, now);
        if (request.Query.Count > 0)
            text += (text.Contains('?', StringComparison.Ordinal) ? "&" : "?") + Joined(request.Query, user, now);
        var known = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
        var form = request.Body is null && request.Form.Count > 0;
        var body = form ? Joined(request.Form, user, now) : request.Body?.Expand(user, now);
        return new RequestText(request.Method, known ? url : null,
            [.. request.Headers.Select(header =>
                new LoadHeader(header.Name.Expand(user, now), Line(header.Value.Expand(user, now))))],
            body, form ? "application/x-www-form-urlencoded" : "application/json",
            known ? "" : $"{Planning.Quoted.Of(text)} is not a URL");
    }

    /// <summary>What is sent when the answer sends elsewhere; null when it does not. RFC 9110, 15.4: only 307 and 308
    /// keep the method. What was said to one origin alone (RFC 6454: scheme, host, port) is not told to
    /// another.</summary>
    public RequestText? Redirected(int status, Uri? location)
    {
        if (status is not (301 or 302 or 303 or 307 or 308) || location is null || Url is null) return null;
        var url = location.IsAbsoluteUri ? location : new Uri(Url, location);
        if (url.Scheme is not ("http" or "https")) return null;
        var next = status is 307 or 308 || Method is "GET" or "HEAD"
            ? this with { Url = url } : this with { Url = url, Method = "GET", Body = null };
        return url.Scheme == Url.Scheme && url.Authority.Equals(Url.Authority, StringComparison.OrdinalIgnoreCase)
            ? next
            : next with { Headers = [.. Headers.Where(header => !IsOneOrigins(header.Name.Trim()))] };
    }

    private static bool IsOneOrigins(string header) => OneOrigins.Contains(header, StringComparer.OrdinalIgnoreCase);

    private static readonly string[] OneOrigins = ["Authorization", "Cookie", "Proxy-Authorization", "Host"];

    private static string Joined(EquatableArray<Pair> pairs, ScenarioUser user, DateTimeOffset now)
    {
        var text = new StringBuilder();
        foreach (var pair in pairs)
        {
            var (name, value) = (pair.Name.Expand(user, now), pair.Value.Expand(user, now));
            if (text.Length > 0) text.Append('&');
            text.Append(pair.Encoded ? Uri.EscapeDataString(name) : name);
            // JMeter's way to write a bare word.
            if (name.Length > 0) text.Append('=');
            text.Append(pair.Encoded ? Uri.EscapeDataString(value) : value);
        }
        return text.ToString();
    }

    /// <summary>A header that would be two is one.</summary>
    private static string Line(string text) => text.AsSpan().IndexOfAny('\r', '\n', '\0') < 0 ? text
        : text.Replace('\r', ' ').Replace('\n', ' ').Replace('\0', ' ');
}
