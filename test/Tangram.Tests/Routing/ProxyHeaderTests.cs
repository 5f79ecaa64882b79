using System.Net;
using System.Text;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class ProxyHeaderTests
{
    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET", "192.0.2.1:56324", "198.51.100.1:443", 45)]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "[2001:db8::1]:1", "[2001:db8::2]:65535", 44)]
    [InlineData("PROXY UNKNOWN\r\n", null, null, 15)]
    [InlineData("PROXY UNKNOWN ffff::1 whatever\r\nGET", null, null, 32)]
    public void Reads_version_1(string text, string? source, string? destination, int length)
    {
        Assert.Equal(Begun.Whole, ProxyHeader.Read(Encoding.ASCII.GetBytes(text), out var header, out var read));
        Assert.Equal((source, destination, length), (header.Source?.ToString(), header.Destination?.ToString(), read));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 \r\n")]
    [InlineData("PROXY TCP4 192.0.2.1  198.51.100.1 56324 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 +1 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 01 443\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n")]
    [InlineData("PROXY TCP4 1 198.51.100.1 1 443\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 2001:db8::2 1 2\r\n")]
    [InlineData("PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n")]
    [InlineData("PROXY UNKNOWNS\r\n")]
    public void Refuses_what_is_not_quite_version_1(string text) =>
        Assert.Equal(Begun.Wrong, ProxyHeader.Read(Encoding.ASCII.GetBytes(text), out _, out _));

    [Fact]
    public void A_line_without_end_is_refused_at_its_longest()
    {
        var line = Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 200));
        Assert.Equal(Begun.More, ProxyHeader.Read(line.AsSpan(0, 106), out _, out _));
        Assert.Equal(Begun.Wrong, ProxyHeader.Read(line.AsSpan(0, 107), out _, out _));
    }

    [Fact]
    public void Version_2_may_carry_more_than_we_know_and_speak_of_nobody()
    {
        var bytes = new byte[200];
        var length = new ProxyHeader(IPEndPoint.Parse("192.0.2.1:1"), IPEndPoint.Parse("192.0.2.2:2")).Write(bytes, 2);
        bytes[15] += 20;   // TLVs
        Assert.Equal(Begun.More, ProxyHeader.Read(bytes.AsSpan(0, length + 19), out _, out _));
        Assert.Equal(Begun.Whole, ProxyHeader.Read(bytes, out var header, out var read));
        Assert.Equal((length + 20, "192.0.2.1:1"), (read, header.Source?.ToString()));
        bytes[12] = 0x20;  // LOCAL
        Assert.Equal(Begun.Whole, ProxyHeader.Read(bytes, out header, out _));
        Assert.Null(header.Source);
        (bytes[12], bytes[13]) = (0x21, 0x31);   // a socket file
        Assert.Equal(Begun.Whole, ProxyHeader.Read(bytes, out header, out _));
        Assert.Null(header.Source);
        bytes[12] = 0x22;
        Assert.Equal(Begun.Wrong, ProxyHeader.Read(bytes, out _, out _));
        (bytes[12], bytes[13], bytes[14], bytes[15]) = (0x21, 0x11, 0, 11);
        Assert.Equal(Begun.Wrong, ProxyHeader.Read(bytes, out _, out _));
        (bytes[14], bytes[15]) = (0xFF, 0xFF);
        Assert.Equal(Begun.Wrong, ProxyHeader.Read(bytes, out _, out _));
    }

    [Theory]
    [InlineData("192.0.2.1:1", "198.51.100.1:65535", "192.0.2.1:1")]
    [InlineData("[2001:db8::1]:1", "[::1]:2", "[2001:db8::1]:1")]
    [InlineData("[::ffff:192.0.2.1]:1", "198.51.100.1:2", "192.0.2.1:1")]
    [InlineData("192.0.2.1:1", "[::1]:2", null)]
    public void What_is_written_is_read(string source, string destination, string? read)
    {
        foreach (var version in (int[])[1, 2])
        {
            var bytes = new byte[128];
            var length = new ProxyHeader(IPEndPoint.Parse(source), IPEndPoint.Parse(destination)).Write(bytes, version);
            for (var part = 0; part < length; part++)
                Assert.Equal(Begun.More, ProxyHeader.Read(bytes.AsSpan(0, part), out _, out _));
            Assert.Equal(Begun.Whole, ProxyHeader.Read(bytes, out var header, out var used));
            Assert.Equal((length, read), (used, header.Source?.ToString()));
        }
    }

    [Fact]
    public void Whatever_comes_is_read_within_bounds()
    {
        var seed = Random.Shared.Next();
        var chance = new Random(seed);
        var good = new byte[2][];
        for (var version = 1; version <= 2; version++)
        {
            var bytes = new byte[128];
            var length = new ProxyHeader(IPEndPoint.Parse("[2001:db8::1]:1"), IPEndPoint.Parse("[::1]:2"))
                .Write(bytes, version);
            good[version - 1] = bytes[..length];
        }
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = new byte[chance.Next(0, 3000)];
            chance.NextBytes(bytes);
            if (i % 4 > 0) good[i % 2].AsSpan(0, Math.Min(bytes.Length, good[i % 2].Length)).CopyTo(bytes);
            for (var flip = chance.Next(0, 4); flip > 0 && bytes.Length > 0; flip--)
                bytes[chance.Next(Math.Min(bytes.Length, 60))] = (byte)chance.Next(256);
            var begun = ProxyHeader.Read(bytes, out _, out var length);
            Assert.True(begun != Begun.More || bytes.Length < ProxyHeader.Longest, $"seed {seed}, {i}: wants too much");
            Assert.True(length <= bytes.Length && (begun == Begun.Whole) == (length > 0), $"seed {seed}, {i}: {begun}");
        }
    }
}
