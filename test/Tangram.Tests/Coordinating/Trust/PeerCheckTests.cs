using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Tests.Coordinating.Trust;

public sealed class PeerCheckTests : IDisposable
{
    private readonly TrustBed _bed = new();
    private readonly Authority _shop;
    private readonly TlsContent _server;

    public PeerCheckTests()
    {
        _shop = _bed.Authority();
        _server = _bed.Issue(_shop, PeerRole.Server, "s-1").Load();
    }

    public void Dispose()
    {
        _shop.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public void An_issued_certificate_is_admitted_for_both_uses()
    {
        var agent = _bed.Issue(_shop, PeerRole.Agent, "a-1").Load();
        Assert.Null(Refusal(agent.Own));
        Assert.Null(PeerCheck.Refusal(_server.Own, agent, [PeerRole.Server], PeerCheck.ServerUse, Now));
        Assert.Equal("tangram://shop/agent/a-1", PeerCheck.IdentityOf(agent.Own)?.ToString());
    }

    [Fact]
    public void Who_shows_none_is_told_what_to_start_it_with() =>
        Assert.Equal("it showed no certificate; start it with --tls DIR (made by 'tangram ca issue')", Refusal(null));

    [Fact]
    public void Another_authority_of_the_same_cluster_name_is_another_authority()
    {
        using var forged = _bed.Authority("forged");
        Assert.Equal("tangram://shop/agent/a-1: its certificate was issued by another authority",
            Refusal(_bed.Issue(forged, PeerRole.Agent, "a-1").Load().Own));
    }

    [Fact]
    public void Another_cluster_is_named()
    {
        using var blog = _bed.Authority("blog-ca", "blog");
        Assert.Equal("tangram://blog/agent/a-1: it belongs to the cluster 'blog' and not to 'shop'",
            Refusal(_bed.Issue(blog, PeerRole.Agent, "a-1").Load().Own));
    }

    [Fact]
    public void A_role_that_is_not_admitted_is_named() => Assert.Equal(
        "tangram://shop/gateway/g-1: it is a gateway, and here only an agent is admitted",
        Refusal(_bed.Issue(_shop, PeerRole.Gateway, "g-1").Load().Own));

    [Fact]
    public void An_end_that_has_passed_is_told_with_the_clock_that_says_so()
    {
        var agent = _bed.Issue(_shop, PeerRole.Agent, "a-1", days: 1).Load();
        _bed.Time.Advance(TimeSpan.FromHours(23));
        Assert.Null(Refusal(agent.Own));
        _bed.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("tangram://shop/agent/a-1: its certificate is not valid: it ended on 2026-01-02 12:00 UTC, and " +
                     "the clock here says 2026-01-02 13:00 UTC", Refusal(agent.Own));
    }

    [Fact]
    public void Clocks_that_differ_by_hours_do_no_harm()
    {
        var agent = _bed.Issue(_shop, PeerRole.Agent, "a-1").Load().Own;
        foreach (var hours in (int[])[-23, -12, -1, 1, 12])
            Assert.Null(PeerCheck.Refusal(agent, _server, [PeerRole.Agent], PeerCheck.ClientUse, Now.AddHours(hours)));
        Assert.Contains("it begins on", PeerCheck.Refusal(
            agent, _server, [PeerRole.Agent], PeerCheck.ClientUse, Now.AddHours(-25)));
    }

    [Fact]
    public void The_authority_itself_is_no_peer() =>
        Assert.Equal("its certificate names nobody in a tangram cluster", Refusal(_server.Authorities[0]));

    [Fact]
    public void A_machine_cannot_vouch_for_another()
    {
        var server = _bed.Issue(_shop, PeerRole.Server, "s-2").Load().Own;
        Assert.Contains("its certificate was issued by another authority",
            Refusal(Signed(server, [PeerCheck.ClientUse], "tangram://shop/agent/a-1")));
    }

    [Theory]
    [InlineData("tangram://shop/agent/a-1: its certificate is not for this use", PeerCheck.ServerUse,
        "tangram://shop/agent/a-1")]
    [InlineData("its certificate names nobody in a tangram cluster", PeerCheck.ClientUse,
        "tangram://shop/agent/a-1", "tangram://shop/agent/a-2")]
    [InlineData("its certificate names nobody in a tangram cluster", PeerCheck.ClientUse)]
    [InlineData(null, PeerCheck.ClientUse, "tangram://shop/agent/a-1")]
    public void The_authoritys_word_alone_is_not_enough(string? refusal, string use, params string[] uris)
    {
        using var authority = X509Certificate2.CreateFromPemFile(_bed.Under("ca/ca.crt"), _bed.Under("ca/ca.key"));
        Assert.Equal(refusal, Refusal(Signed(authority, [use], uris)));
    }

    [Fact]
    public void Broken_alternative_names_are_nobody()
    {
        var whole = new AlternativeNames(["tangram://shop/agent/a-1"], ["a"], []).Extension().RawData;
        for (var at = 0; at < whole.Length; at++)
            foreach (var mask in (byte[])[0x01, 0x20, 0x80, 0xFF])
            {
                var bytes = whole.ToArray();
                bytes[at] ^= mask;
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
                request.CertificateExtensions.Add(new X509Extension("2.5.29.17", bytes, critical: false));
                using var certificate = request.CreateSelfSigned(Now, Now.AddDays(1));
                Assert.NotNull(Refusal(certificate));
            }
    }

    private DateTimeOffset Now => _bed.Time.GetUtcNow();

    private string? Refusal(X509Certificate2? peer) =>
        PeerCheck.Refusal(peer, _server, [PeerRole.Agent], PeerCheck.ClientUse, Now);

    private X509Certificate2 Signed(X509Certificate2 by, string[] uses, params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        var oids = new OidCollection();
        foreach (var use in uses) oids.Add(new Oid(use));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, critical: false));
        request.CertificateExtensions.Add(new AlternativeNames(uris, [], []).Extension());
        return request.Create(by.SubjectName, X509SignatureGenerator.CreateForECDsa(by.GetECDsaPrivateKey()!), Now,
            Now.AddDays(1), [1, 2, 3]);
    }
}
