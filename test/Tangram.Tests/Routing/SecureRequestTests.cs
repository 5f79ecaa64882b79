using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class SecureRequestTests
{
    [Theory]
    [InlineData("shop.test", "/a?b", 443, "https://shop.test/a?b")]
    [InlineData("shop.test:8080", "/", 8443, "https://shop.test:8443/")]
    [InlineData("[::1]:8080", "/", 8443, "https://[::1]:8443/")]
    [InlineData("[::1]", "/", 443, "https://[::1]/")]
    [InlineData("", "/", 443, null)]
    [InlineData("shop.test", "/.well-known/acme-challenge/x", 443, null)]
    public void Sends_what_came_by_http_to_the_same_at_https(string host, string target, int port, string? location) =>
        Assert.Equal(location, HttpsRedirect.LocationOf(host, target, port));

    [Fact]
    public void Nothing_in_a_certificate_ends_its_value_or_the_line() => Assert.Equal(
        "Hash=ab;Subject=\"CN=a\\\";Hash=evil\";URI=\"x%0D%0AHost: y%25\";DNS=\"%C3%A4\"",
        ClientIdentity.Of("AB", "CN=a\";Hash=evil", ["x\r\nHost: y%"], ["ä"]));

    [Fact]
    public void The_words_of_a_certificate_are_bounded()
    {
        var words = ClientIdentity.Of("ab", new string('"', 5000), [], Enumerable.Repeat("x", 5000));
        Assert.InRange(words.Length, 10, 4100);
    }

    [Theory]
    [InlineData("X-Forwarded-Client-Cert", true)]
    [InlineData("x_forwarded-CLIENT_cert", true)]
    [InlineData("X-Forwarded-Client-Cerd", false)]
    [InlineData("X-Forwarded-Client", false)]
    public void Knows_every_way_to_write_the_header(string name, bool meant) =>
        Assert.Equal(meant, ClientIdentity.IsMeant(name));
}
