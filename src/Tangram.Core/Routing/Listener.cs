using System.Globalization;
using System.Net;
using Tangram.Model;

namespace Tangram.Routing;

/// <summary>Where the gateway listens. With a <see cref="Service"/>, everything that arrives there is for it; without,
/// requests are routed by host and path.</summary>
/// <param name="Address">An IP address.</param>
/// <param name="Port">0 means any free port.</param>
public sealed record Listener(string Address, int Port, ServiceName? Service = null)
{
    /// <summary>Only the cluster's own services call it, so what they say of their clients (X-Forwarded-…) is
    /// kept.</summary>
    public bool Internal { get; init; }

    /// <summary>Reads <c>http://HOST:PORT</c>, where HOST is an IP address, <c>localhost</c>, or <c>*</c> for every
    /// address. Returns null and says what is wrong otherwise.</summary>
    public static Listener? Parse(string url, out string wrong)
    {
        wrong = "";
        if (url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            wrong = "https is not offered yet; use http://";
        else if (!url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            wrong = "it must begin with http://";
        if (wrong.Length > 0) return null;
        var rest = url["http://".Length..].TrimEnd('/');
        var colon = rest.LastIndexOf(':');
        var bracket = rest.LastIndexOf(']');
        var host = colon > bracket ? rest[..colon] : rest;
        var port = colon > bracket ? rest[(colon + 1)..] : "80";
        var address = host switch
        {
            "*" or "+" => IPAddress.Any,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.TryParse(host.Trim('[', ']'), out var ip) ? ip : null,
        };
        if (address is null) wrong = $"'{host}' is not an IP address, localhost or *";
        else if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 65535)
            wrong = $"'{port}' is not a port";
        else return new Listener(address.ToString(), number);
        return null;
    }

    public override string ToString() =>
        Address.Contains(':', StringComparison.Ordinal) ? $"http://[{Address}]:{Port}" : $"http://{Address}:{Port}";
}
