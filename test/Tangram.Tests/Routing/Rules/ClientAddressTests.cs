using System.Net;
using Tangram.Model;
using Tangram.Routing.Rules;

namespace Tangram.Tests.Routing.Rules;

public sealed class ClientAddressTests
{
    private static readonly Networks Trusted = new(["10.0.0.0/8", "fd00::/8"]);

    [Theory]
    [InlineData("192.0.2.1", "6.6.6.6", "192.0.2.1")]
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    [InlineData("10.0.0.1", "192.0.2.7", "192.0.2.7")]
    [InlineData("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.2.2.2", "192.0.2.7")]
    [InlineData("10.0.0.1", "6.6.6.6 ,192.0.2.7:5000 , [fd00::1]:80", "192.0.2.7")]
    [InlineData("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7")]
    [InlineData("10.0.0.1", "10.3.3.3", "10.3.3.3")]
    [InlineData("10.0.0.1", "6.6.6.6, unknown", "10.0.0.1")]
    [InlineData("10.0.0.1", "6.6.6.6, , 10.2.2.2", "10.2.2.2")]
    [InlineData("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7")]
    public void Is_the_first_from_the_right_that_is_no_trusted_proxy(string peer, string? header, string client) =>
        Assert.Equal(IPAddress.Parse(client), ClientAddress.Of(IPAddress.Parse(peer), Trusted, new PlainRequest("", "")
        {
            Headers = header is null ? [] : [("X-Forwarded-For", header)],
        }));

    [Fact]
    public void Several_headers_are_one_list() =>
        Assert.Equal(IPAddress.Parse("192.0.2.7"), ClientAddress.Of(IPAddress.Parse("10.0.0.1"), Trusted,
            new PlainRequest("", "")
            {
                Headers = [("X-Forwarded-For", "6.6.6.6, 192.0.2.7"), ("X-Forwarded-For", "10.2.2.2")],
            }));

    [Fact]
    public void A_row_without_end_is_not_read_to_its_end()
    {
        var row = string.Join(',', Enumerable.Repeat("10.0.0.2", 1000).Prepend("192.0.2.1"));
        var request = new PlainRequest("", "") { Headers = [("X-Forwarded-For", row)] };
        Assert.Equal(IPAddress.Parse("10.0.0.2"), ClientAddress.Of(IPAddress.Parse("10.0.0.1"), Trusted, request));
    }

    /// <summary>Compared with the platform's own.</summary>
    [Fact]
    public void Networks_hold_what_the_platform_says_they_hold()
    {
        var rng = new Rng(5);
        IPAddress Address(bool six) =>
            new([.. Enumerable.Range(0, six ? 16 : 4).Select(i => (byte)(i < 2 ? 10 : rng.Next(256)))]);
        for (var round = 0; round < 5000; round++)
        {
            var six = rng.Chance(0.5);
            var length = rng.Next(six ? 129 : 33);
            var bytes = Address(six).GetAddressBytes();
            for (var bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(128 >> (bit % 8));
            var block = $"{new IPAddress(bytes)}/{length}";
            var near = Address(six).GetAddressBytes();
            Array.Copy(bytes, near, rng.Next(near.Length));
            var address = new IPAddress(near);
            Assert.True(IPNetwork.Parse(block).Contains(address) == new Networks([block]).Contains(address),
                $"new Rng(5): {block} {address}");
        }
    }

    /// <summary>Whatever a client sends, it is read.</summary>
    [Fact]
    public void Garbage_breaks_nothing()
    {
        var rng = new Rng(6);
        const string letters = "10.,:[] f%;=&+aé\"\\\t1/-_";
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, rng.Next(40)).Select(_ => letters[rng.Next(letters.Length)]));
            var request = new PlainRequest(text, text)
            {
                QueryText = text, Client = IPAddress.Loopback,
                Headers = [("X-Forwarded-For", text), ("Cookie", text), ("User-Agent", text), ("Accept", text)],
            };
            Assert.NotNull(ClientAddress.Of(IPAddress.Parse("10.0.0.1"), Trusted, request));
            Assert.True(Enum.IsDefined(RequestTypes.Of(request)) && Enum.IsDefined(Devices.Of(request)));
            foreach (var pairs in new[] { true, false })
                for (var each = pairs ? Pairs.OfCookies(text) : Pairs.OfQuery(text); each.Next();)
                    Assert.True(Pairs.Decoded(each.Name).Length + Pairs.Decoded(each.Value).Length <= text.Length);
        }
    }
}
