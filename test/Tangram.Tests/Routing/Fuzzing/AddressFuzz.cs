using System.Net;
using Tangram.Model;
using Tangram.Routing.Rules;
using Tangram.Tests.Routing.Rules;

namespace Tangram.Tests.Routing.Fuzzing;

/// <summary>Whose request it is, by the addresses that proxies write.</summary>
internal static class AddressFuzz
{
    private static readonly string[] Blocks = ["10.0.0.0/8", "192.0.2.0/25", "fd00::/8", "2001:db8::/32", "0.0.0.0/0"];

    public static string? Forwarded(Rng rng)
    {
        var blocks = Blocks.Where((_, i) => i < 4 && rng.Next(2) == 0).ToArray();
        var trusted = new Networks(blocks);
        var peer = IPAddress.Parse(Address(rng));
        string[] lines = [.. Enumerable.Range(0, rng.Next(4)).Select(_ => Line(rng))];
        var request = new PlainRequest("x", "/") { Headers = [.. lines.Select(line => ("X-Forwarded-For", line))] };
        var client = ClientAddress.Of(peer, trusted, request);
        var expected = Plain(peer, blocks, lines);
        return client.Equals(expected)
            ? null
            : $"{peer}, '{string.Join("' '", lines)}', trusting {string.Join(' ', blocks)}: {client}, not {expected}";
    }

    public static string? Within(Rng rng)
    {
        var blocks = Blocks.Where(_ => rng.Next(2) == 0).ToArray();
        var address = IPAddress.Parse(Address(rng));
        if (rng.Next(4) == 0 && address.GetAddressBytes().Length == 4) address = address.MapToIPv6();
        var plain = Within(address, blocks);
        return new Networks(blocks).Contains(address) == plain
            ? null : $"{address} in {string.Join(' ', blocks)} should be {plain}";
    }

    private static bool Within(IPAddress address, string[] blocks)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return blocks.Any(block => IPNetwork.Parse(block).Contains(plain));
    }

    /// <summary>From the right, as long as proxies are trusted, over no more than 32 of them.</summary>
    private static IPAddress Plain(IPAddress peer, string[] blocks, string[] lines)
    {
        var client = peer;
        foreach (var entry in string.Join(',', lines).Split(',').Reverse().Take(32))
        {
            if (!Within(client, blocks) || lines.Length == 0 || Read(entry.Trim()) is not { } next) return client;
            client = next;
        }
        return client;
    }

    private static IPAddress? Read(string entry)
    {
        if (entry.StartsWith('['))
            entry = entry.Contains(']') ? entry[1..entry.IndexOf(']')] : "";
        else if (entry.Count(c => c == ':') == 1)
            entry = entry[..entry.IndexOf(':')];
        return IPAddress.TryParse(entry, out var address)
            ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;
    }

    private static string Line(Rng rng) => string.Join(',', Enumerable.Range(0, rng.Next(5)).Select(_ =>
        rng.Next(8) switch
    {
        0 => GatewayFuzzer.Some(rng, 4, "unknown", "[", "]", ":", "1", ".", "x", " ", "%"),
        1 => $" {Address(rng)} ", 2 => $"[{Address(rng)}]:80", 3 => $"{Address(rng)}:80", 4 => $"::ffff:{Address(rng)}",
        _ => Address(rng),
    }));

    private static string Address(Rng rng) => rng.Next(4) switch
    {
        0 => $"10.{rng.Next(256)}.0.{rng.Next(256)}", 1 => $"192.0.2.{rng.Next(256)}",
        2 => $"{(rng.Next(2) == 0 ? "fd00" : "2001:db8")}::{rng.Next(65536):x}", _ => $"203.0.113.{rng.Next(256)}",
    };
}
