using System.Net;
using System.Text;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing.Fuzzing;

/// <summary>What is read before a protocol speaks. Of both it must hold that every part of a whole beginning is the
/// beginning of one, and that what follows changes nothing.</summary>
internal static class OpeningFuzz
{
    public static string? Proxy(Rng rng)
    {
        var good = new byte[128];
        var told = new ProxyHeader(Point(rng), Point(rng));
        var bytes = GatewayFuzzer.Mutated(rng, good.AsSpan(0, told.Write(good, 1 + rng.Next(2))));
        var begun = ProxyHeader.Read(bytes, out var header, out var length);
        if (begun == Begun.More && bytes.Length >= ProxyHeader.Longest) return $"it wants more than {bytes.Length}";
        if (length > bytes.Length || (begun == Begun.Whole) != (length > 0)) return $"{begun} of {length} bytes";
        var more = new byte[bytes.Length + rng.Next(3000)];
        more.AsSpan().Fill((byte)rng.Next(256));
        bytes.CopyTo(more, 0);
        var again = ProxyHeader.Read(more, out var header2, out var length2);
        if (begun != Begun.More && (begun, header, length) != (again, header2, length2))
            return $"what follows changes it: {GatewayFuzzer.Shown(bytes)}";
        if (begun != Begun.Whole) return null;
        for (var part = 0; part < length; part++)
            if (ProxyHeader.Read(bytes.AsSpan(0, part), out _, out _) != Begun.More)
                return $"{part} bytes of it are not its beginning: {GatewayFuzzer.Shown(bytes)}";
        if (header.Source is null) return null;
        var written = new byte[128];
        var writtenLength = header.Write(written, 1 + rng.Next(2));
        ProxyHeader.Read(written.AsSpan(0, writtenLength), out var read, out _);
        return Plain(read.Source) == Plain(header.Source) ? null : $"{header} is written as {read}";
    }

    private static IPEndPoint Point(Rng rng)
    {
        var bytes = new byte[rng.Next(2) == 0 ? 4 : 16];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(rng.Next(3) == 0 ? 0 : rng.Next(256));
        return new IPEndPoint(new IPAddress(bytes), rng.Next(65536));
    }

    private static string Plain(IPEndPoint? point) =>
        point is null ? ""
            : $"{(point.Address.IsIPv4MappedToIPv6 ? point.Address.MapToIPv4() : point.Address)} {point.Port}";

    public static string? Hello(Rng rng)
    {
        var name = GatewayFuzzer.Some(rng, 6, "a", "shop", ".", "test", "-", "X").Replace(' ', 'a');
        var isPlain = name.Length > 0 && name.All(c => c is > ' ' and <= '~');
        var good = Records(rng, Message(rng, name));
        var asked = ClientHello.Read(good, out var read);
        if (isPlain
            && (asked != Begun.Whole || read != name.ToLowerInvariant())) return $"{name} is read as {asked} {read}";
        if (!isPlain && asked == Begun.Whole && read is not null) return $"the name {read} of {name.Length} characters";
        var bytes = GatewayFuzzer.Mutated(rng, good);
        var begun = ClientHello.Read(bytes, out var known);
        if (begun == Begun.More && bytes.Length >= ClientHello.Longest) return $"it wants more than {bytes.Length}";
        if (known is not null && (begun != Begun.Whole || !known.All(c => c is > ' ' and <= '~')))
            return $"{begun} with the name {known}";
        byte[] more = [.. bytes, .. new byte[rng.Next(300)]];
        if (begun != Begun.More && (ClientHello.Read(more, out var again) != begun || again != known))
            return $"what follows changes it: {GatewayFuzzer.Shown(bytes)}";
        return null;
    }

    private static byte[] Message(Rng rng, string name)
    {
        var list = new List<byte>();
        for (var extra = rng.Next(4); extra > 0; extra--) list.AddRange(Extension(rng.Next(2) + 10,
            new byte[rng.Next(40)]));
        var ascii = Encoding.Latin1.GetBytes(name);
        list.AddRange(Extension(0, [.. Length(ascii.Length + 3), 0, .. Length(ascii.Length), .. ascii]));
        byte[] hello =
        [
            3, 3, .. new byte[32], (byte)rng.Next(1), 0, 2, 0x13, 1, 1, 0, .. Length(list.Count), .. list,
        ];
        return [1, 0, .. Length(hello.Length), .. hello];
    }

    private static byte[] Extension(int type, byte[] content) =>
        [.. Length(type), .. Length(content.Length), .. content];

    private static byte[] Length(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Records(Rng rng, byte[] message)
    {
        var records = new List<byte>();
        for (var at = 0; at < message.Length;)
        {
            var size = Math.Min(message.Length - at, 8 + rng.Next(message.Length));
            records.AddRange([22, 3, 1, .. Length(size), .. message.AsSpan(at, size)]);
            at += size;
        }
        return [.. records];
    }
}
