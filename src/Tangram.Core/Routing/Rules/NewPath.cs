using Tangram.Model;

namespace Tangram.Routing.Rules;

/// <summary>Paths that a route changes.</summary>
public static class NewPath
{
    /// <summary>Puts <paramref name="instead"/> in the place of the route's path; what lies below it stays.</summary>
    /// <param name="path">The request's, decoded.</param>
    public static string Of(RouteSpec route, string path, string instead)
    {
        var taken = route.Exact ? path.Length : route.Path.TrimEnd('/').Length;
        var rest = path.AsSpan(Math.Min(taken, path.Length));
        var start = rest.IsEmpty ? instead.AsSpan() : instead.AsSpan().TrimEnd('/');
        return start.IsEmpty && rest.IsEmpty ? "/" : string.Concat(start, rest);
    }

    /// <summary>Where a redirect leads, without the query; null when that cannot be said, since the request names no
    /// host. A path that begins with two slashes would name a host, and is given only one.</summary>
    /// <param name="encode">From a decoded path to one that may stand in a URL.</param>
    public static string? Location(RouteSpec route, RedirectSpec redirect, string scheme, string host, string path,
        Func<string, string> encode)
    {
        var next = "/" + encode(redirect.Path is { } instead ? Of(route, path, instead) : path).TrimStart('/', '\\');
        if (redirect.Scheme is null && redirect.Host is null) return next;
        var authority = redirect.Host
            ?? (redirect.Scheme == scheme ? host : WithoutPort(host));
        return authority.Length == 0 ? null : $"{redirect.Scheme ?? scheme}://{authority}{next}";
    }

    /// <summary>The other scheme is not spoken on the same port.</summary>
    private static string WithoutPort(string host)
    {
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? host[..colon] : host;
    }
}
