using System.Globalization;
using System.Net;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Where the gateway listens. <see cref="Host"/> is <c>*</c>, <c>localhost</c> or an address, IPv6 without
/// brackets. Port 0 takes a free one.</summary>
internal sealed record Listener(string Host, int Port, string Scheme = "http")
{
    public bool Secure => Scheme == "https";
    public bool IsLocal => Host == "localhost" || (Host != "*" && IPAddress.IsLoopback(IPAddress.Parse(Host)));

    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"{Scheme}://[{Host}]:{Port}" : $"{Scheme}://{Host}:{Port}";
}

/// <summary>Reads <c>x-tangram.gateway</c>.</summary>
internal static class GatewayReader
{
    private const string Form = "write it like http://127.0.0.1:8080 or https://*:8443, where * is every address";

    public static IReadOnlyList<Placed<Listener>> Listen(Fields fields)
    {
        if (fields["listen"] is not { } tree) return [new(new Listener("127.0.0.1", 8080), fields.Place)];
        var found = new List<Placed<Listener>>();
        var items = fields.Items("listen");
        if (tree is Tree.List && items.Count == 0)
            fields.Problems.Error(tree.Place, "'listen' is an empty list", Form);
        foreach (var item in items)
        {
            if (Scalars.Filled(item, "listen", fields.Problems) is not { } text) continue;
            var (listener, remedy) = Parse(text);
            if (listener is null)
                fields.Problems.Error(item.Place,
                    $"'listen' has {Quoted.Of(text)}, where no gateway can listen", remedy);
            else if (listener.Port != 0
                     && found.Any(other => (other.Value.Host, other.Value.Port) == (listener.Host, listener.Port)))
                fields.Problems.Error(item.Place, $"'listen' has {listener} twice", "keep one of them");
            else
                found.Add(new(listener, item.Place));
        }
        return found;
    }

    public static IReadOnlyList<Placed<RouteSpec>> Routes(Fields fields)
    {
        if (fields["routes"] is Tree.List list)
            return RouteReader.Read(list, RouteKeys.GatewayRoute, fields.Problems);
        fields.Items("routes");
        return [];
    }

    private static (Listener? Listener, string Remedy) Parse(string text)
    {
        var secure = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!secure && !text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) return (null, Form);
        var (host, scheme) = (text[(secure ? 8 : 7)..].TrimEnd('/'), secure ? "https" : "http");
        if (Address(host, secure ? "443" : "80", scheme) is not { } found) return (null, Form);
        return found is { Host: "localhost", Port: 0 }
            ? (null, "write 127.0.0.1:0 for a free port")
            : (found, "");
    }

    /// <summary>HOST:PORT; null when it is not of the form.</summary>
    /// <param name="usual">The port when there is none.</param>
    public static Listener? Address(string text, string usual, string scheme)
    {
        var cut = text.LastIndexOf(':');
        var bracket = text.LastIndexOf(']');
        var (host, port) = cut > bracket ? (text[..cut], text[(cut + 1)..]) : (text, usual);
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 65535)
            return null;
        if (host is "*" or "+") return new Listener("*", number, scheme);
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return new Listener("localhost", number, scheme);
        return PortReader.Address(host) is { } address && host.Contains(':') == host.StartsWith('[')
            ? new Listener(address, number, scheme)
            : null;
    }
}
