using System.Buffers.Binary;
using System.Text;

namespace Tangram.Routing;

/// <summary>Reads the first words of a TLS connection as far as needed to pass it on undecrypted: for which host the
/// client asks (SNI; RFC 8446, 4.1.2 and 5.1; RFC 6066, 3).</summary>
public static class ClientHello
{
    /// <summary>A handshake message may have 16 MB by its form; those that are seen have 0.2 to 2 kB.</summary>
    public const int LongestMessage = 16_384;

    /// <summary>With the heads of records, which may be short, up to a limit of ours.</summary>
    public const int Longest = LongestMessage + 4 + MostRecords * RecordHead;

    private const int RecordHead = 5, MostRecords = 64, LongestRecord = 16_384;

    /// <summary>Never throws, and never asks for more than <see cref="Longest"/>.</summary>
    /// <param name="serverName">In lower case; null: the client names no host.</param>
    public static Begun Read(ReadOnlySpan<byte> bytes, out string? serverName) =>
        Read(bytes, default, out serverName, out _);

    /// <summary>The same, and whether the client offers one protocol among those above TLS (ALPN, RFC 7301).</summary>
    public static Begun Read(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> protocol, out string? serverName, out bool offers)
    {
        (serverName, offers) = (null, false);
        Span<byte> message = stackalloc byte[LongestMessage + 4];
        var (got, wanted) = (0, 4);
        for (var record = 0; got < wanted; record++)
        {
            if (record == MostRecords || bytes.Length > 0 && bytes[0] != 22) return Begun.Wrong;   // handshake
            if (bytes.Length > 1 && bytes[1] != 3) return Begun.Wrong;                             // SSL 3.0 to TLS 1.3
            if (bytes.Length < RecordHead) return Begun.More;
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (length is 0 or > LongestRecord) return Begun.Wrong;
            var piece = bytes.Slice(RecordHead, Math.Min(length, bytes.Length - RecordHead));
            piece = piece[..Math.Min(piece.Length, message.Length - got)];
            piece.CopyTo(message[got..]);
            got += piece.Length;
            if (got > 0 && message[0] != 1) return Begun.Wrong;                                    // client_hello
            if (got >= 4) wanted = 4 + (message[1] << 16 | message[2] << 8 | message[3]);
            if (wanted > message.Length) return Begun.Wrong;
            if (got >= wanted) break;
            if (bytes.Length < RecordHead + length) return Begun.More;
            bytes = bytes[(RecordHead + length)..];
        }
        return NameIn(message[4..wanted], protocol, out serverName, out offers) ? Begun.Whole : Begun.Wrong;
    }

    /// <summary>False when it is not of the form.</summary>
    private static bool NameIn(
        ReadOnlySpan<byte> hello, ReadOnlySpan<byte> protocol, out string? name, out bool offers)
    {
        (name, offers) = (null, false);
        if (hello.Length < 34) return false;
        hello = hello[34..];                                                     // version and random
        if (!Take(ref hello, 1, out _) || !Take(ref hello, 2, out _) || !Take(ref hello, 1, out _)) return false;
        if (hello.IsEmpty) return true;
        if (!Take(ref hello, 2, out var extensions)) return false;
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2) return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!Take(ref extensions, 2, out var content)) return false;
            if (type == 0 && name is null && !HostIn(content, out name)) return false;
            if (type == 16 && !protocol.IsEmpty && !Offers(content, protocol, out offers)) return false;
            if (type == 0 && protocol.IsEmpty) return true;
        }
        return true;
    }

    private static bool Offers(ReadOnlySpan<byte> content, ReadOnlySpan<byte> protocol, out bool offers)
    {
        offers = false;
        if (!Take(ref content, 2, out var list)) return false;
        while (!list.IsEmpty)
        {
            if (!Take(ref list, 1, out var name)) return false;
            offers |= name.SequenceEqual(protocol);
        }
        return true;
    }

    private static bool HostIn(ReadOnlySpan<byte> content, out string? name)
    {
        name = null;
        if (!Take(ref content, 2, out var list)) return false;
        while (!list.IsEmpty)
        {
            var type = list[0];
            list = list[1..];
            if (!Take(ref list, 2, out var value)) return false;
            if (type != 0) continue;
            if (value.Length is 0 or > 254 || value.ContainsAnyExceptInRange((byte)'!', (byte)'~')) return false;
            name = Encoding.ASCII.GetString(value).ToLowerInvariant();
            return true;
        }
        return true;
    }

    /// <summary>What has its length before it.</summary>
    private static bool Take(ref ReadOnlySpan<byte> bytes, int lengthBytes, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (bytes.Length < lengthBytes) return false;
        var length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length < lengthBytes + length) return false;
        value = bytes.Slice(lengthBytes, length);
        bytes = bytes[(lengthBytes + length)..];
        return true;
    }
}
