using System.Buffers.Binary;
using System.Net.Security;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class ClientHelloTests
{
    [Theory]
    [InlineData("shop.test", "shop.test")]
    [InlineData("SHOP.Test", "shop.test")]
    [InlineData("", null)]
    public async Task Reads_what_the_platforms_client_asks_for(string asked, string? name)
    {
        var hello = await HelloAsync(asked);
        Assert.Equal(Begun.Whole, ClientHello.Read(hello, out var read));
        Assert.Equal(name, read);
        for (var part = 0; part < hello.Length; part++)
            Assert.Equal(Begun.More, ClientHello.Read(hello.AsSpan(0, part), out _));
    }

    [Fact]
    public async Task Tells_whether_the_client_offers_a_protocol()
    {
        var hello = await HelloAsync("shop.test", "acme-tls/1");
        Assert.Equal(Begun.Whole, ClientHello.Read(hello, "acme-tls/1"u8, out var name, out var offers));
        Assert.Equal(("shop.test", true), (name, offers));
        Assert.Equal(Begun.Whole, ClientHello.Read(hello, "h2"u8, out name, out offers));
        Assert.Equal(("shop.test", false), (name, offers));
        Assert.Equal(Begun.Whole, ClientHello.Read(await HelloAsync("shop.test"), "h2"u8, out _, out offers));
        Assert.False(offers);
    }

    [Fact]
    public async Task A_message_may_come_in_many_records()
    {
        var hello = await HelloAsync("shop.test");
        foreach (var size in (int[])[16, 100, 500])
        {
            var split = Split(hello, size);
            Assert.Equal(Begun.Whole, ClientHello.Read(split, out var name));
            Assert.Equal("shop.test", name);
            for (var part = 0; part < split.Length; part++)
                Assert.Equal(Begun.More, ClientHello.Read(split.AsSpan(0, part), out _));
        }
        Assert.Equal(Begun.Wrong, ClientHello.Read(Split(hello, 1), out _));
    }

    [Fact]
    public async Task Whatever_comes_is_read_within_bounds()
    {
        var seed = Random.Shared.Next();
        var chance = new Random(seed);
        var hello = await HelloAsync("shop.test");
        for (var i = 0; i < 100_000; i++)
        {
            byte[] bytes = i % 8 == 0 ? new byte[chance.Next(0, 20_000)] : [.. hello];
            if (i % 8 == 0)
            {
                chance.NextBytes(bytes);
                hello.AsSpan(0, Math.Min(bytes.Length, chance.Next(0, 12))).CopyTo(bytes);
            }
            for (var flip = chance.Next(1, 5); flip > 0 && bytes.Length > 0; flip--)
                bytes[chance.Next(bytes.Length)] = (byte)chance.Next(256);
            var begun = ClientHello.Read(bytes, out var name);
            ClientHello.Read(bytes, "h2"u8, out _, out _);
            Assert.True(begun != Begun.More || bytes.Length < ClientHello.Longest, $"seed {seed}, {i}: wants too much");
            Assert.True(name is null || (begun == Begun.Whole && name.All(c => c is > ' ' and <= '~')),
                $"seed {seed}, {i}: {name}");
        }
    }

    [Fact]
    public void A_message_that_says_it_is_longer_than_any_is_refused_at_once()
    {
        Assert.Equal(Begun.Wrong, ClientHello.Read([22, 3, 1, 0, 4, 1, 0xFF, 0, 0], out _));
        Assert.Equal(Begun.Wrong, ClientHello.Read([22, 3, 1, 0, 0], out _));
        Assert.Equal(Begun.Wrong, ClientHello.Read("GET / HTTP/1.1"u8, out _));
        Assert.Equal(Begun.Wrong, ClientHello.Read([22, 3, 1, 0, 4, 2], out _));
    }

    private static byte[] Split(byte[] hello, int size)
    {
        var message = hello.AsSpan(5);
        var split = new List<byte>();
        while (!message.IsEmpty)
        {
            var piece = message[..Math.Min(size, message.Length)];
            split.AddRange([22, 3, 1, (byte)(piece.Length >> 8), (byte)piece.Length]);
            split.AddRange(piece);
            message = message[piece.Length..];
        }
        return [.. split];
    }

    /// <summary>The first record of a client, which gets no answer.</summary>
    private static async Task<byte[]> HelloAsync(string host, params string[] protocols)
    {
        using var written = new MemoryStream();
        await using var client = new SslStream(new OneWay(written));
        await Assert.ThrowsAnyAsync<IOException>(() => client.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ApplicationProtocols = [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],
            }));
        var bytes = written.ToArray();
        return bytes[..(5 + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(3)))];
    }

    /// <summary>What is written is kept, and there is nothing to read.</summary>
    private sealed class OneWay(MemoryStream written) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => 0; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => 0;
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(0);
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => written.Write(buffer, offset, count);
        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            written.WriteAsync(buffer, cancellationToken);
    }
}
