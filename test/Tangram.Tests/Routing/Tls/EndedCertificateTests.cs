using System.Security.Cryptography.X509Certificates;
using Tangram.Coordinating.Trust;
using Tangram.Model;
using Tangram.Routing.Tls;
using Tangram.Tests.Coordinating.Trust;

namespace Tangram.Tests.Routing.Tls;

public sealed class EndedCertificateTests : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    private readonly TrustBed _bed = new();
    private readonly TlsFront _front;

    public EndedCertificateTests() =>
        _front = new TlsFront(_bed.Under("own"), "shop", _bed.Time, _bed.Said.Add);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task It_differs_from_the_gateways_own_in_its_end_and_is_shown_as_long_as_it_is_asked_for()
    {
        Assert.Equal("it shows no certificate now", _front.Expire(Lease));
        Assert.Empty(await _front.UseAsync(new TlsSpec { SelfSigned = true }));
        Assert.False(IsOver());

        Assert.Null(_front.Expire(Lease));
        Assert.True(IsOver());
        using (var authority = Authority.Open(_bed.Under("own"))) Assert.True(authority.Vouches(Shown));
        Assert.Contains("localhost", ServedNames());

        // When it is asked for again it is the same one; and when it is not, the own one is shown, and that is said
        _bed.Time.Advance(Lease / 2);
        var shown = Shown;
        Assert.Null(_front.Expire(Lease));
        Assert.Same(shown, Shown);
        _bed.Time.Advance(Lease);
        Assert.False(IsOver());
        _front.Look();
        Assert.EndsWith("again: whoever wanted it otherwise is gone", _bed.Said[^1]);

        // By order at once; nothing of it is left in the folder
        Assert.Null(_front.Expire(Lease));
        Assert.True(IsOver());
        Assert.Null(_front.Expire(TimeSpan.Zero));
        Assert.False(IsOver());
        Assert.Null(_front.Expire(TimeSpan.Zero));
        Assert.Equal(["ca.crt", "ca.key", "gateway.crt", "gateway.key"],
            Directory.GetFileSystemEntries(_bed.Under("own")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task One_of_its_users_own_is_replaced_by_one_that_is_for_the_same_names()
    {
        using var authority = _bed.Authority();
        var files = new CertificateSpec(_bed.Under("f.crt"), _bed.Under("f.key"));
        authority.IssueToGateway(files, ["shop.test"], TimeSpan.FromDays(90), _bed.Time.GetUtcNow());
        Assert.Empty(await _front.UseAsync(new TlsSpec { Certificates = [files] }));
        Assert.Null(_front.Expire(Lease));
        Assert.True(IsOver());
        Assert.Equal(["shop.test"], ServedNames());
    }

    private X509Certificate2 Shown =>
        _front.OptionsFor(null)!.ServerCertificateContext!.TargetCertificate;

    private IEnumerable<string> ServedNames() => AlternativeNames.Of(Shown).HostNames;

    private bool IsOver() => Shown.NotAfter.ToUniversalTime() < _bed.Time.GetUtcNow();
}
