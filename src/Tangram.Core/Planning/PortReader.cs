using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tangram.Model;

namespace Tangram.Planning;

/// <summary>Reads <c>ports</c> and <c>expose</c>.</summary>
internal static class PortReader
{
    private const string Form = "write \"PUBLISHED:TARGET\" or \"ADDRESS:PUBLISHED:TARGET\", such as \"8081:8080\"";

    public static IReadOnlyList<Placed<PortSpec>> Read(IReadOnlyList<Tree> items, ProblemList problems)
    {
        var ports = new List<Placed<PortSpec>>();
        foreach (var item in items)
        {
            var port = item is Tree.Map ? Long(item, problems) : Short(item, problems);
            if (port is not null) ports.Add(new Placed<PortSpec>(port, item.Place));
        }
        return ports;
    }

    public static EquatableArray<int> Exposed(IReadOnlyList<Tree> items, ProblemList problems)
    {
        var ports = new List<int>();
        foreach (var item in items)
        {
            if (Scalars.Filled(item, "expose", problems) is not { } text) continue;
            if (WithoutProtocol(text, item.Place, problems) is not { } bare) continue;
            if (Port(bare) is { } port) ports.Add(port);
            else
                problems.Error(item.Place, $"'expose' has {Quoted.Of(text)}, which is not one port",
                    "write one port from 1 to 65535 for each item");
        }
        return ports.Distinct().ToEquatableArray();
    }

    private static PortSpec? Short(Tree item, ProblemList problems)
    {
        if (Scalars.Filled(item, "ports", problems) is not { } text) return null;
        if (WithoutProtocol(text, item.Place, problems) is not { } bare) return null;
        PortSpec? Refuse(string what, string remedy)
        {
            problems.Error(item.Place, $"'ports' has {Quoted.Of(text)}, {what}", remedy);
            return null;
        }

        var last = bare.LastIndexOf(':');
        if (last < 0)
            return Port(bare) is { } alone
                ? Refuse("which leaves the published port to chance",
                    $"write \"{alone}:{alone}\" to publish it at {alone}")
                : Refuse("which is not a port", Form);
        var (front, target) = (bare[..last], bare[(last + 1)..]);
        var cut = front.LastIndexOf(':');
        var (address, published) = cut < 0 ? (null, front) : (front[..cut], front[(cut + 1)..]);
        if (target.Contains('-', StringComparison.Ordinal) || published.Contains('-', StringComparison.Ordinal))
            return Refuse("which is a range", "write one port for each item");
        if (Port(target) is not { } to || Port(published) is not { } at)
            return Refuse("which is not of a known form", Form);
        if (address is null) return new PortSpec(null, at, to, PortMode.Ingress);
        return Address(address) is { } host
            ? new PortSpec(host, at, to, PortMode.Ingress)
            : Refuse("whose address is not an IP address", "write an address such as 127.0.0.1 or [::1]");
    }

    private static PortSpec? Long(Tree item, ProblemList problems)
    {
        var fields = Fields.Open(item, ServiceKeys.Port, item.Place, problems);
        var target = fields.WholeOrNull("target", 1, 65535);
        var published = fields.WholeOrNull("published", 1, 65535);
        var mode = fields.Choice("mode", PortMode.Ingress, [("ingress", PortMode.Ingress), ("host", PortMode.Host)]);
        fields.Choice("protocol", 0, [("tcp", 0)], ("udp", "publish TCP only; UDP comes later"));
        fields.Filled("name");
        var address = fields.Filled("host_ip");
        if (address is not null && Address(address) is null)
            problems.Error(fields.PlaceOf("host_ip"), $"'host_ip' is {Quoted.Of(address)}, which is not an IP address",
                "write an address such as 127.0.0.1 or ::1");
        if (fields["published"] is null)
            problems.Error(item.Place, "'published' is missing, which leaves the port to chance",
                "add published: PORT");
        if (fields["target"] is null)
            problems.Error(item.Place, "'target' is missing", "add target: PORT, the port inside a container");
        return target is null || published is null
            ? null
            : new PortSpec(address is null ? null : Address(address), published.Value, target.Value, mode);
    }

    private static string? WithoutProtocol(string text, Place place, ProblemList problems)
    {
        var cut = text.IndexOf('/', StringComparison.Ordinal);
        if (cut < 0) return text;
        if (text[(cut + 1)..] == "tcp") return text[..cut];
        problems.Error(place, $"the port {Quoted.Of(text)} is not a TCP port", "publish TCP only; UDP comes later");
        return null;
    }

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : null;

    /// <summary>The address in its usual form. <see cref="IPAddress"/> alone would also take "1" for 0.0.0.1.</summary>
    public static string? Address(string text)
    {
        var bare = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        if (!IPAddress.TryParse(bare, out var address)) return null;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return bare.Contains('%') ? null : address.ToString();
        return text.Split('.').Length == 4 ? address.ToString() : null;
    }
}
