using System.Net.Http.Headers;
using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>Makes a route's changes to headers.</summary>
internal static class HeaderChanges
{
    /// <summary>The platform keeps these apart from the others, and throws where one stands in the wrong
    /// place.</summary>
    private static readonly HashSet<string> OfContent = new(StringComparer.OrdinalIgnoreCase)
    {
        "Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
        "Content-MD5", "Content-Range", "Content-Type", "Expires", "Last-Modified",
    };

    public static void Make(HeaderChange change, HttpRequestMessage request)
    {
        if (change.Name.Equals("Host", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Host = change.Value;
            return;
        }
        HttpHeaders? headers = OfContent.Contains(change.Name) ? request.Content?.Headers : request.Headers;
        if (change.Verb != HeaderVerb.Add) headers?.Remove(change.Name);
        if (change.Value is { } value) headers?.TryAddWithoutValidation(change.Name, value);
    }

    public static void Make(HeaderChange change, IHeaderDictionary headers)
    {
        if (change.Verb == HeaderVerb.Remove) headers.Remove(change.Name);
        else if (change.Verb == HeaderVerb.Set) headers[change.Name] = change.Value;
        else headers.Append(change.Name, change.Value);
    }
}
