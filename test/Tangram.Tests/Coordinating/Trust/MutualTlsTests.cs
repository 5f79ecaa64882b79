using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Model;

namespace Tangram.Tests.Coordinating.Trust;

public sealed class MutualTlsTests : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(3);

    private readonly TrustBed _bed = new();
    private readonly Authority _shop;
    private readonly TlsFolder _folder;
    private readonly MutualTls _tls;

    public MutualTlsTests()
    {
        _shop = _bed.Authority();
        _folder = _bed.Issue(_shop, PeerRole.Agent, "a-1", days: 100);
        _tls = _bed.Open(_folder);
    }

    public void Dispose()
    {
        _shop.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public void A_renewed_certificate_is_taken_up_without_a_restart()
    {
        var before = Shown();
        _bed.Time.Advance(TimeSpan.FromDays(91));
        Assert.Contains("must be renewed: it ends on 2026-04-11 12:00 UTC, in 9 days", _tls.Warning);
        _bed.Issue(_shop, PeerRole.Agent, "a-1");
        TrustBed.Touch(_folder, 10);
        _bed.Time.Advance(Look);
        Assert.NotEqual(before, Shown());
        Assert.Null(_tls.Warning);
        Assert.Empty(_bed.Said);
    }

    [Fact]
    public void A_broken_one_leaves_the_old_in_force_and_is_told_once()
    {
        var before = Shown();
        File.WriteAllText(_folder.CertificateFile, "garbage");
        for (var i = 0; i < 10; i++)
        {
            _bed.Time.Advance(Look);
            Assert.Equal(before, Shown());
        }
        var said = Assert.Single(_bed.Said);
        Assert.Contains(_folder.Path, said);
        Assert.EndsWith("The certificate that was read before stays in force", said);
        File.Delete(_folder.CertificateFile);
        _bed.Issue(_shop, PeerRole.Agent, "a-1");
        _bed.Time.Advance(Look);
        Assert.NotEqual(before, Shown());
    }

    [Fact]
    public void A_look_between_two_files_of_a_renewal_is_not_told()
    {
        var key = File.ReadAllText(_folder.KeyFile);
        _bed.Issue(_shop, PeerRole.Agent, "a-1");
        var renewed = File.ReadAllText(_folder.KeyFile);
        File.WriteAllText(_folder.KeyFile, key + "\n");
        _bed.Time.Advance(Look);
        var before = Shown();
        File.WriteAllText(_folder.KeyFile, renewed);
        _bed.Time.Advance(Look);
        Assert.NotEqual(before, Shown());
        Assert.Empty(_bed.Said);
    }

    [Fact]
    public void A_folder_that_becomes_anothers_is_not_taken_up()
    {
        File.Delete(_folder.CertificateFile);
        _bed.Issue(_shop, PeerRole.Agent, "a-2", folder: "a-1");
        for (var i = 0; i < 3; i++)
        {
            _bed.Time.Advance(Look);
            var shown = _tls.ServerOptions("x").ServerCertificateContext!.TargetCertificate;
            Assert.Equal("a-1", MutualTls.IdentityOf(shown)!.Name.Value);
        }
        Assert.Contains("tangram://shop/agent/a-2", Assert.Single(_bed.Said));
    }

    [Fact]
    public void Two_authorities_are_trusted_while_one_replaces_the_other()
    {
        using var next = _bed.Authority("next");
        var other = _bed.Issue(next, PeerRole.Agent, "a-2");
        File.AppendAllText(_folder.CaFile, File.ReadAllText(other.CaFile));
        var own = _folder.Load();
        Assert.Equal(2, own.Authorities.Count);
        File.AppendAllText(_bed.Under("next/ca.crt"), File.ReadAllText(_bed.Under("ca/ca.crt")));
        using var both = Authority.Open(_bed.Under("next"));
        Assert.Equal(2, _bed.Issue(both, PeerRole.Agent, "a-1").Load().Authorities.Count);
        Assert.Null(PeerCheck.Refusal(
            other.Load().Own, own, [PeerRole.Agent], PeerCheck.ClientUse, _bed.Time.GetUtcNow()));
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("node.crt")]
    [InlineData("node.key")]
    public void A_folder_that_lacks_a_file_is_refused_with_the_remedy(string file)
    {
        File.Delete(Path.Combine(_folder.Path, file));
        var refused = Assert.Throws<TrustException>(_folder.Load).Message;
        Assert.Contains(file, refused);
        Assert.Contains("'tangram ca issue'", refused);
    }

    [Fact]
    public void A_key_or_an_authority_of_another_is_refused()
    {
        using var other = _bed.Authority("other");
        var foreign = _bed.Issue(other, PeerRole.Agent, "a-2");
        foreach (var (from, to) in new[] { (foreign.KeyFile, _folder.KeyFile), (foreign.CaFile, _folder.CaFile) })
        {
            var kept = File.ReadAllText(to);
            File.WriteAllText(to, File.ReadAllText(from));
            Assert.Throws<TrustException>(_folder.Load);
            File.WriteAllText(to, kept);
        }
        Assert.Equal(PeerRole.Agent, _folder.Load().Identity.Role);
    }

    [Fact]
    public void One_refusal_is_told_once_a_minute_and_a_flood_is_cut()
    {
        var announcer = new Announcer(_bed.Time, _bed.Said.Add);
        for (var i = 0; i < 5; i++) announcer.Say("a");
        Assert.Single(_bed.Said);
        _bed.Time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 1000; i++) announcer.Say($"{i}");
        Assert.Equal(257, _bed.Said.Count);
        _bed.Time.Advance(TimeSpan.FromMinutes(1));
        announcer.Say("a");
        Assert.Equal("a", _bed.Said[^1]);
    }

    private string Shown() => _tls.ServerOptions("x").ServerCertificateContext!.TargetCertificate.Thumbprint;
}
