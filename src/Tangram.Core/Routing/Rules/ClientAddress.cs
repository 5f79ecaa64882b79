using System.Net;

namespace Tangram.Routing.Rules;

/// <summary>Whose request it is.</summary>
public static class ClientAddress
{
    /// <summary>More proxies than this stand in no row. What lies further to the left is not read.</summary>
    private const int MostHops = 32;

    /// <summary>From the right of X-Forwarded-For to the left: each trusted proxy says who called it, so the first
    /// address that is not a trusted proxy's is the client's. What stands further to the left is only what that client
    /// said. Where an entry is no address, nobody knows further, and the last known one is taken.</summary>
    /// <param name="peer">At the other end of the connection.</param>
    /// <param name="header">The header's value number N, or null.</param>
    public static IPAddress Of<TRequest>(IPAddress peer, Networks trusted, TRequest request)
        where TRequest : struct, IRequestView
    {
        var client = peer;
        if (!trusted.Contains(peer)) return peer;
        var lines = 0;
        while (lines < MostHops && request.Header("X-Forwarded-For", lines) is not null) lines++;
        var hops = 0;
        while (lines-- > 0)
        {
            var rest = request.Header("X-Forwarded-For", lines).AsSpan();
            while (hops++ < MostHops)
            {
                var comma = rest.LastIndexOf(',');
                if (!TryRead(rest[(comma + 1)..].Trim(), out var address)) return client;
                client = address;
                if (!trusted.Contains(client)) return client;
                if (comma < 0) break;
                rest = rest[..comma];
            }
        }
        return client;
    }

    /// <summary>ADDRESS, IPV4:PORT, [IPV6] or [IPV6]:PORT.</summary>
    private static bool TryRead(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.IsEmpty) return false;
        if (text[0] == '[')
        {
            var end = text.IndexOf(']');
            if (end < 0) return false;
            text = text[1..end];
        }
        else if (text.Count(':') == 1)
        {
            text = text[..text.IndexOf(':')];
        }
        if (!IPAddress.TryParse(text, out var read)) return false;
        address = read.IsIPv4MappedToIPv6 ? read.MapToIPv4() : read;
        return true;
    }
}
