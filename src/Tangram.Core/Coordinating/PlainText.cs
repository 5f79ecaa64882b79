using System.Net;

namespace Tangram.Coordinating;

/// <summary>Where connections between Tangram's parts may go without TLS: nowhere but within one machine.</summary>
public static class PlainText
{
    /// <summary>Loopback, also as IPv6 writes IPv4's. "Any" address is not: it listens on the network too.</summary>
    public static bool Allowed(IPAddress address) =>
        IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    /// <summary>The sentence that refuses to listen there without TLS, or null when it is allowed.</summary>
    public static string? RefusalToListen(IPEndPoint at) => Allowed(at.Address)
        ? null
        : $"refuses to listen on {at} without --tls: what machines are told to run would be readable and forgeable. " +
          "Give --tls DIR (made by 'tangram ca issue'), or listen on 127.0.0.1";

    /// <summary>The sentence that refuses to connect there without TLS, or null when it is allowed.</summary>
    public static string? RefusalToConnect(IPEndPoint to) => Allowed(to.Address)
        ? null
        : $"refuses to connect to {to} without --tls: whoever is on the network between could answer in its place. " +
          "Give --tls DIR (made by 'tangram ca issue')";

    /// <summary>Said at the start when there is no TLS.</summary>
    public static string Notice(IPEndPoint at) => $"listens on {at} in plain text: only this machine can connect";
}
