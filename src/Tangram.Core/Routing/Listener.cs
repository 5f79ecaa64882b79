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

    /// <summary>What comes is TLS.</summary>
    public bool Secure { get; init; }

    /// <summary>What comes begins with the PROXY protocol.</summary>
    public bool Proxied { get; init; }

    /// <summary>It serves the gateway's figures, and routes nothing.</summary>
    public bool Metrics { get; init; }

    /// <summary>What comes goes on as it is; empty: it is HTTP.</summary>
    public EquatableArray<TcpSpec> Tcp { get; init; }

    /// <summary>Reads <c>http://HOST:PORT</c>, and so of https and tcp, where HOST is an IP address,
    /// <c>localhost</c>, or <c>*</c> for every address. Returns null and says what is wrong otherwise.</summary>
    public static Listener? Parse(string url, out string wrong)
    {
        var secure = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        wrong = secure || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || url.StartsWith("tcp://", StringComparison.OrdinalIgnoreCase)
            ? "" : "it must begin with http:// or https://";
        if (wrong.Length > 0) return null;
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].TrimEnd('/');
        var colon = rest.LastIndexOf(':');
        var bracket = rest.LastIndexOf(']');
        var host = colon > bracket ? rest[..colon] : rest;
        var port = colon > bracket ? rest[(colon + 1)..] : secure ? "443" : "80";
        var address = host switch
        {
            "*" or "+" => IPAddress.Any,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.TryParse(host.Trim('[', ']'), out var ip) ? ip : null,
        };
        if (address is null) wrong = $"'{host}' is not an IP address, localhost or *";
        else if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 65535)
            wrong = $"'{port}' is not a port";
        else return new Listener(address.ToString(), number) { Secure = secure };
        return null;
    }

    public override string ToString() => (Tcp.Count > 0 ? "tcp://" : Secure ? "https://" : "http://") +
        (Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]:{Port}" : $"{Address}:{Port}");
}
