using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Reads from a request by what its backend is chosen, and writes the cookie by which its client comes
/// back.</summary>
internal static class Affinities
{
    /// <summary>Of an IPv6 address, the network: a client changes the rest of it as it likes.</summary>
    private const int NetworkBytes = 8;

    public static Affinity Of(HttpContext context, RoutedService service)
    {
        var traffic = service.Traffic;
        if (traffic is { Hash: null, Sticky: null }) return default;
        return new Affinity(
            traffic.Hash is { } hash ? Key(context, hash) : null,
            traffic.Sticky is { } name ? Cookie(context, name) : default);
    }

    /// <summary>Nothing to do when the client has the right one already.</summary>
    public static void Keep(HttpContext context, RoutedService service, Backend backend, in Affinity affinity)
    {
        if (service.Sticky is not { } sticky || sticky.ValueOf(backend) is not { } value
            || affinity.Cookie.Span.SequenceEqual(value)) return;
        var secure = context.Request.IsHttps ? "; Secure" : "";
        context.Response.Headers.Append(HeaderNames.SetCookie,
            $"{sticky.Name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}");
    }

    private static ulong? Key(HttpContext context, HashSpec hash)
    {
        switch (hash.Source)
        {
            case HashSource.Header:
                return context.Request.Headers[hash.Name] is { Count: > 0 } values && values[0] is { Length: > 0 } value
                    ? KeyHash.Of(value)
                    : null;
            case HashSource.Cookie:
                return Cookie(context, hash.Name) is { IsEmpty: false } cookie ? KeyHash.Of(cookie.Span) : null;
            case HashSource.Path:
                return KeyHash.Of(context.Request.Path.Value);
            default:
                return context.Connection.RemoteIpAddress is { } address ? KeyOf(address) : null;
        }
    }

    internal static ulong KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length)) throw new InvalidOperationException("16 bytes are enough");
        if (address.IsIPv4MappedToIPv6) return KeyHash.Of(bytes[12..]);
        return KeyHash.Of(bytes[..(address.AddressFamily == AddressFamily.InterNetworkV6 ? NetworkBytes : length)]);
    }

    /// <summary>Without taking all of the cookies apart.</summary>
    private static ReadOnlyMemory<char> Cookie(HttpContext context, string name)
    {
        StringValues headers = context.Request.Headers.Cookie;
        foreach (var header in headers)
        {
            var rest = header.AsMemory();
            while (!rest.IsEmpty)
            {
                var end = rest.Span.IndexOf(';');
                var pair = (end < 0 ? rest : rest[..end]).Trim(' ');
                rest = end < 0 ? default : rest[(end + 1)..];
                if (pair.Length > name.Length && pair.Span[name.Length] == '='
                    && pair.Span.StartsWith(name, StringComparison.Ordinal)) return pair[(name.Length + 1)..];
            }
        }
        return default;
    }
}
