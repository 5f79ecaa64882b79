using System.Globalization;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Where the gateway listens. <see cref="Host"/> is <c>*</c>, <c>localhost</c> or an address, IPv6 without
/// brackets. Port 0 takes a free one.</summary>
internal sealed record Listener(string Host, int Port)
{
    public override string ToString() =>
        Host.Contains(':', StringComparison.Ordinal) ? $"http://[{Host}]:{Port}" : $"http://{Host}:{Port}";
}

/// <summary>Reads <c>x-tangram.gateway</c>.</summary>
internal static class GatewayReader
{
    private const string Form = "write it like http://127.0.0.1:8080, or http://*:8080 for every address";

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
            else if (listener.Port != 0 && found.Any(other => other.Value == listener))
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
        if (text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            return (null, "use http://; https comes later");
        if (!text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) return (null, Form);
        var rest = text[7..].TrimEnd('/');
        var cut = rest.LastIndexOf(':');
        var bracket = rest.LastIndexOf(']');
        var (host, port) = cut > bracket ? (rest[..cut], rest[(cut + 1)..]) : (rest, "80");
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 65535)
            return (null, Form);
        if (host is "*" or "+") return (new Listener("*", number), "");
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return number == 0
                ? (null, "write http://127.0.0.1:0 for a free port")
                : (new Listener("localhost", number), "");
        return PortReader.Address(host) is { } address && host.Contains(':') == host.StartsWith('[')
            ? (new Listener(address, number), "")
            : (null, Form);
    }
}
