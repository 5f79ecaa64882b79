using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tangram.Routing;

/// <summary>How far a reader of the beginning of a connection has come.</summary>
public enum Begun
{
    /// <summary>It is there.</summary>
    Whole,
    /// <summary>So far it may be; more is needed to know.</summary>
    More,
    /// <summary>It is something else.</summary>
    Wrong,
}

/// <summary>What the PROXY protocol says of a connection, in its versions 1 and 2 (HAProxy, proxy-protocol.txt, 2020):
/// who the client is that a balancer before us has accepted. Null: it does not say, or the balancer speaks for
/// itself.</summary>
public readonly record struct ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    /// <summary>The longest of version 2 with its addresses (36) and TLVs, of which we know none; and of version 1 the
    /// standard itself says 107.</summary>
    public const int Longest = 2048;

    private const int LongestText = 107;
    private const int Fixed = 16;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;
    private static ReadOnlySpan<byte> Word => "PROXY "u8;

    /// <summary>Never throws, and never asks for more than <see cref="Longest"/>.</summary>
    /// <param name="length">Of the header, when it is whole.</param>
    public static Begun Read(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        (header, length) = (default, 0);
        if (bytes.Length == 0) return Begun.More;
        return bytes[0] == Word[0]
            ? ReadText(bytes, out header, out length)
            : ReadBinary(bytes, out header, out length);
    }

    /// <summary>Writes it and returns its length. Addresses of two families, or none, are "unknown".</summary>
    /// <param name="into">At least 107 bytes.</param>
    /// <param name="version">1 or 2.</param>
    public int Write(Span<byte> into, int version)
    {
        var (source, destination) = (Plain(Source), Plain(Destination));
        if (source is null || destination is null || source.AddressFamily != destination.AddressFamily)
            (source, destination) = (null, null);
        return version == 1 ? WriteText(into, source, destination) : WriteBinary(into, source, destination);
    }

    private static Begun ReadText(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        (header, length) = (default, 0);
        var known = Math.Min(bytes.Length, Word.Length);
        if (!Word.StartsWith(bytes[..known])) return Begun.Wrong;
        var line = bytes[..Math.Min(bytes.Length, LongestText)];
        var end = line.IndexOf("\r\n"u8);
        if (end < 0) return bytes.Length >= LongestText ? Begun.Wrong : Begun.More;
        if (end < Word.Length) return Begun.Wrong;
        var text = Encoding.ASCII.GetString(line[Word.Length..end]);
        if (text == "UNKNOWN" || text.StartsWith("UNKNOWN ", StringComparison.Ordinal))
        {
            length = end + 2;
            return Begun.Whole;
        }
        var family = text.StartsWith("TCP4 ", StringComparison.Ordinal) ? AddressFamily.InterNetwork
            : text.StartsWith("TCP6 ", StringComparison.Ordinal) ? AddressFamily.InterNetworkV6
            : AddressFamily.Unspecified;
        if (text.Split(' ') is not [_, var from, var to, var fromPort, var toPort] || Address(from, family) is not { } a
            || Address(to, family) is not { } b || Port(fromPort) is not { } p || Port(toPort) is not { } q)
            return Begun.Wrong;
        (header, length) = (new ProxyHeader(new IPEndPoint(a, p), new IPEndPoint(b, q)), end + 2);
        return Begun.Whole;
    }

    private static Begun ReadBinary(ReadOnlySpan<byte> bytes, out ProxyHeader header, out int length)
    {
        (header, length) = (default, 0);
        var known = Math.Min(bytes.Length, Signature.Length);
        if (!Signature.StartsWith(bytes[..known])) return Begun.Wrong;
        if (bytes.Length < Fixed) return Begun.More;
        var (command, family) = (bytes[12], bytes[13]);
        var rest = BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (command is not (0x20 or 0x21) || Fixed + rest > Longest) return Begun.Wrong;
        // Of a client that reached the balancer by TCP; of others we know no address.
        var size = family switch { 0x11 => 4, 0x21 => 16, _ => 0 };
        if (command == 0x21 && rest < 2 * size + (size > 0 ? 4 : 0)) return Begun.Wrong;
        if (bytes.Length < Fixed + rest) return Begun.More;
        length = Fixed + rest;
        if (command == 0x20 || size == 0) return Begun.Whole;
        var said = bytes[Fixed..];
        var ports = said[(2 * size)..];
        header = new ProxyHeader(
            new IPEndPoint(new IPAddress(said[..size]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new IPEndPoint(new IPAddress(said[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(ports[2..])));
        return Begun.Whole;
    }

    private static int WriteText(Span<byte> into, IPEndPoint? source, IPEndPoint? destination)
    {
        var text = source is null || destination is null ? "PROXY UNKNOWN\r\n"
            : string.Create(CultureInfo.InvariantCulture,
                $"PROXY {(source.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6")} {source.Address} " +
                $"{destination.Address} {source.Port} {destination.Port}\r\n");
        return Encoding.ASCII.GetBytes(text, into);
    }

    private static int WriteBinary(Span<byte> into, IPEndPoint? source, IPEndPoint? destination)
    {
        Signature.CopyTo(into);
        (into[12], into[13]) = (0x21, 0);
        BinaryPrimitives.WriteUInt16BigEndian(into[14..], 0);
        if (source is null || destination is null) return Fixed;
        var size = source.AddressFamily == AddressFamily.InterNetwork ? 4 : 16;
        into[13] = (byte)(size == 4 ? 0x11 : 0x21);
        BinaryPrimitives.WriteUInt16BigEndian(into[14..], (ushort)(2 * size + 4));
        source.Address.TryWriteBytes(into[Fixed..], out _);
        destination.Address.TryWriteBytes(into[(Fixed + size)..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(into[(Fixed + 2 * size)..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(into[(Fixed + 2 * size + 2)..], (ushort)destination.Port);
        return Fixed + 2 * size + 4;
    }

    /// <summary>An IPv4 client on a socket for both families shows as ::ffff:1.2.3.4; a scope is of one machine
    /// only.</summary>
    private static IPEndPoint? Plain(IPEndPoint? point)
    {
        if (point is null) return null;
        if (point.Address.IsIPv4MappedToIPv6) return new IPEndPoint(point.Address.MapToIPv4(), point.Port);
        return point.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPEndPoint(new IPAddress(point.Address.GetAddressBytes()), point.Port) : point;
    }

    /// <summary>The platform alone would also take "1" for 0.0.0.1, and a scope or brackets.</summary>
    private static IPAddress? Address(string text, AddressFamily family)
    {
        if (text.Any(c => !char.IsAsciiHexDigit(c) && c is not ('.' or ':'))) return null;
        if (family == AddressFamily.InterNetwork && text.Count(c => c == '.') != 3) return null;
        return IPAddress.TryParse(text, out var address) && address.AddressFamily == family ? address : null;
    }

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            && (text.Length == 1 || text[0] != '0') ? port : null;
}
