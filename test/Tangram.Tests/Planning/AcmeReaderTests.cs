using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class AcmeReaderTests
{
    private static string Gateway(string acme, string listen = "'http://*:80', 'https://*:443'") =>
        $"services: {{ web: {{ command: [x] }} }}\n" +
        $"x-tangram: {{ gateway: {{ listen: [{listen}], acme: {acme} }} }}";

    [Fact]
    public void Reads_everything()
    {
        var spec = Yaml.Spec(Gateway("""
            { directory: "https://ca.test/d", email: ops@shop.test, domains: [Shop.Test., www.shop.test],
                challenge: tls-alpn-01, ca: roots.pem }
            """));
        Assert.Equal(new AcmeSpec
        {
            Directory = "https://ca.test/d", Email = "ops@shop.test", Domains = ["shop.test", "www.shop.test"],
            Proof = AcmeProof.TlsAlpn01, Ca = "/srv/shop/roots.pem",
        }, spec.Tls!.Acme);
        Assert.False(spec.Tls.SelfSigned);
        Assert.Equal(spec, Json.Read<Revision>(Json.Write(new Revision { Number = 1, Spec = spec })).Spec);
    }

    [Fact]
    public void Lets_Encrypt_is_asked_by_http_unless_something_else_is_said()
    {
        var acme = Yaml.Spec(Gateway("{ domains: [shop.test] }")).Tls!.Acme!;
        Assert.Equal("https://acme-v02.api.letsencrypt.org/directory", acme.Directory);
        Assert.Equal(AcmeProof.Http01, acme.Proof);
    }

    [Theory]
    [InlineData("{ domains: ['*.shop.test'] }", "can only be proved by DNS")]
    [InlineData("{ domains: [10.0.0.1] }", "is not a host's name")]
    [InlineData("{ domains: ['a b.test'] }", "is not a host's name")]
    [InlineData("{ domains: [a.test, A.test] }", "has a.test twice")]
    [InlineData("{ domains: [] }", "names 0 domains")]
    [InlineData("{ email: ops@shop.test }", "names 0 domains")]
    [InlineData("{ domains: [a.test], directory: 'http://ca.test/d' }", "which is not an https:// address")]
    [InlineData("{ domains: [a.test], email: ops }", "which is not an address")]
    [InlineData("{ domains: [a.test], challenge: dns-01 }", "which is not honoured")]
    [InlineData("{ domains: [a.test], key: x }", "is not a key of x-tangram.gateway.acme")]
    public void Refuses_what_cannot_be_meant(string acme, string says) =>
        Assert.Contains(says, Assert.Single(Yaml.Errors(Gateway(acme))).What, StringComparison.Ordinal);

    [Fact]
    public void An_authority_that_asks_by_http_needs_an_address_there() => Assert.Contains("listens nowhere by http",
        Assert.Single(Yaml.Errors(Gateway("{ domains: [a.test] }", "'https://*:443'"))).What, StringComparison.Ordinal);

    [Fact]
    public void Without_https_it_changes_nothing() => Assert.Contains("'acme' changes nothing",
        Assert.Single(Yaml.Errors(Gateway("{ domains: [a.test] }", "'http://*:80'"))).What, StringComparison.Ordinal);
}
