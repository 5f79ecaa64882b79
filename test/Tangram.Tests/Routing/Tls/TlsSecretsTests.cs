using Microsoft.Extensions.Time.Testing;
using Tangram.Coordinating;
using Tangram.Coordinating.Trust;
using Tangram.Deploying;
using Tangram.Model;
using Tangram.Routing.Tls;
using Tangram.Tests.Coordinating.Trust;

namespace Tangram.Tests.Routing.Tls;

/// <summary>What a gateway shows of a revision's secrets, which a server sends it.</summary>
public sealed class TlsSecretsTests : IDisposable
{
    private readonly TrustBed _bed = new();
    private readonly Authority _authority;
    private readonly RevisionFiles _server, _gateway;
    private readonly TlsFront _front;
    private bool _sends;

    public TlsSecretsTests()
    {
        _authority = _bed.Authority();
        (_server, _gateway) = (new RevisionFiles(_bed.Under("server")), new RevisionFiles(_bed.Under("gateway")));
        _front = new TlsFront(_bed.Under("own"), "shop", _bed.Time, _bed.Said.Add,
            new TlsSecrets(_gateway, _bed.Time) { Fetch = FetchAsync });
    }

    public void Dispose()
    {
        _authority.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public async Task The_old_is_shown_until_the_new_has_come()
    {
        _sends = true;
        Assert.Empty(await _front.UseAsync(Spec("one")));
        var first = Shown();
        Assert.NotNull(first);

        // Given a deploy at whose moment no server answers
        _sends = false;
        var lacks = Assert.Single(await _front.UseAsync(Spec("two") with { Hsts = TimeSpan.FromDays(1) }));
        Assert.Contains("no server could send the secrets", lacks, StringComparison.Ordinal);
        Assert.Equal((first, lacks), (Shown(), Assert.Single(_front.Troubles)));
        Assert.Null(_front.Spec!.Hsts);

        // When one does again
        _sends = true;
        using var end = new CancellationTokenSource();
        var looking = _front.RunAsync(end.Token);
        for (var i = 0; i < 20 && _front.Troubles.Count > 0; i++)
        {
            _bed.Time.Advance(TlsFront.LookEvery);
            await Task.Yield();
        }
        await end.CancelAsync();
        await looking;
        Assert.NotEqual(first, Shown());
        Assert.Empty(_front.Troubles);
        Assert.Contains("have come and are in force", Assert.Single(_bed.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_nothing_to_show_instead_what_needs_no_secret_is_shown()
    {
        var asked = Spec("one");
        _authority.IssueToGateway(new CertificateSpec(_bed.Under("f.crt"), _bed.Under("f.key")), ["f.test"],
            TimeSpan.FromDays(90), _bed.Time.GetUtcNow());
        var file = new CertificateSpec(_bed.Under("f.crt"), _bed.Under("f.key"));
        Assert.Single(await _front.UseAsync(asked with { Certificates = [.. asked.Certificates, file] }));
        Assert.NotNull(Shown());
        Assert.Single(await _front.UseAsync(asked with { RedirectPort = 443 }));
        // Nobody comes in while it is not known whom to admit.
        var strict = new TlsFront(_bed.Under("own"), "shop", _bed.Time, _bed.Said.Add,
            new TlsSecrets(_gateway, _bed.Time) { Fetch = FetchAsync });
        Assert.Single(await strict.UseAsync(asked with { Certificates = [file], ClientCa = "secret:crt" }));
        Assert.Null(strict.OptionsFor(null));
    }

    [Fact]
    public async Task One_that_ends_is_renewed_by_a_deploy()
    {
        _sends = true;
        Assert.Empty(await _front.UseAsync(Spec("one", days: 30)));
        _bed.Time.Advance(TimeSpan.FromDays(29));
        _front.Look();
        var said = Assert.Single(_bed.Said);
        Assert.StartsWith("secret:crt must be renewed: it ends on", said, StringComparison.Ordinal);
        Assert.EndsWith("Deploy with a new one", said, StringComparison.Ordinal);
    }

    private string? Shown() => _front.OptionsFor(null)?.ServerCertificateContext?.TargetCertificate.Thumbprint;

    /// <summary>With a copy that the server has.</summary>
    private TlsSpec Spec(string name, int days = 90)
    {
        var files = new CertificateSpec(_bed.Under($"{name}.crt"), _bed.Under($"{name}.key"));
        _authority.IssueToGateway(files, ["shop.test"], TimeSpan.FromDays(days), _bed.Time.GetUtcNow());
        Content Held(string path) => new(File.ReadAllBytes(path));
        var grants = new[] { "crt", "key" }.Select(one => new GrantSpec { Name = one, Target = one, Mode = 256 });
        return new GrantFiles(_server).Given(
            new TlsSpec { Certificates = [new("secret:crt", "secret:key")], Secrets = [.. grants] },
            [
                new(GrantKind.Secret, "crt", Held(files.Cert)), new(GrantKind.Secret, "key", Held(files.Key)),
            ], ClusterState.Empty, keep: true);
    }

    private async Task<bool> FetchAsync(string hash, CancellationToken cancellation)
    {
        if (!_sends) return false;
        await _gateway.ReceiveAsync(hash, folder =>
        {
            var from = _server.Open(hash);
            foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            {
                var to = Path.Combine(folder, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }
            return Task.CompletedTask;
        });
        return true;
    }
}
