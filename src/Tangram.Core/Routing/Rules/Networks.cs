using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tangram.Routing.Rules;

/// <summary>A set of CIDR blocks. IPv4 addresses that come mapped into IPv6 are IPv4 addresses.</summary>
public sealed class Networks
{
    public static readonly Networks None = new([]);

    private readonly Block[] _blocks;

    /// <param name="blocks">ADDRESS/LENGTH, as the file's reader writes them.</param>
    public Networks(IEnumerable<string> blocks) => _blocks = [.. blocks.Select(Block.Parse)];

    public bool Contains(IPAddress address)
    {
        if (_blocks.Length == 0) return false;
        var (bits, width) = Bits(address);
        foreach (var block in _blocks) if (block.Contains(bits, width)) return true;
        return false;
    }

    /// <summary>The address as a number, and of how many bits.</summary>
    internal static (UInt128 Bits, int Width) Bits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var written)) throw new ArgumentException("no address", nameof(address));
        UInt128 bits = 0;
        foreach (var one in bytes[..written]) bits = (bits << 8) | one;
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || !address.IsIPv4MappedToIPv6)
            return (bits, written * 8);
        return (bits & uint.MaxValue, 32);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Block(UInt128 First, int Width, int Shift)
    {
        public static Block Parse(string text)
        {
            var network = IPNetwork.Parse(text);
            var (bits, width) = Bits(network.BaseAddress);
            return new Block(bits, width, Math.Min(width, BitsOf(network.BaseAddress) - network.PrefixLength));
        }

        private static int BitsOf(IPAddress address) =>
            address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;

        // A shift by the whole width of UInt128 would shift by nothing.
        public bool Contains(UInt128 bits, int width) =>
            width == Width && (Shift == 128 || bits >> Shift == First >> Shift);
    }
}
