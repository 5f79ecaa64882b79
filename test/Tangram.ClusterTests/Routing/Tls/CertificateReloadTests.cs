using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Tangram.ClusterTests.Drilling;
using Tangram.Model;
using Tangram.Routing.Tls;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>Files that change while the gateway shows what they held.</summary>
public sealed class CertificateReloadTests
{
    private const int Reloads = 100;

    [Fact]
    public async Task A_hundred_reloads_under_load_fail_no_request_and_each_is_seen()
    {
        await using var bed = await HttpsBed.StartAsync();
        var seen = new ConcurrentDictionary<string, bool>();
        using var end = new CancellationTokenSource();
        var counts = new int[4];
        var loads = Enumerable.Range(0, 4).Select(i => Task.Run(() => LoadAsync(bed, i, counts, seen, end.Token)))
            .ToArray();
        for (var i = 0; i < Reloads; i++)
        {
            bed.Certificates.Issue("own", ["localhost"]);
            var issued = Thumbprint(bed);
            // Twice: files are read once they look the same twice.
            bed.Front.Look();
            bed.Front.Look();
            await GatewayBed.UntilAsync(() => seen.ContainsKey(issued));
        }
        await end.CancelAsync();
        await Task.WhenAll(loads);
        Assert.Equal(Reloads, bed.Said.Count(line => line.Contains("has changed and is in force")));
        Figures.Note($"{nameof(CertificateReloadTests)}: {Reloads} reloads, {counts.Sum()} requests, none failed; " +
                     $"{seen.Count} certificates seen");
    }

    [Fact]
    public async Task What_cannot_be_used_leaves_the_old_in_force_and_is_told_until_it_is_mended()
    {
        await using var bed = await HttpsBed.StartAsync();
        var before = Thumbprint(bed);
        var other = bed.Certificates.Issue("other", ["localhost"]);
        File.Copy(other.Key, bed.Certificates.At("own.key"), overwrite: true);
        bed.Front.Look();
        Assert.Empty(bed.Said);
        bed.Front.Look();
        bed.Front.Look();
        var said = Assert.Single(bed.Said);
        Assert.Contains("own.key is not the key of", said, StringComparison.Ordinal);
        Assert.EndsWith("What was read before stays in force", said, StringComparison.Ordinal);
        Assert.Equal(before, await ShownAsync(bed));

        File.Copy(other.Cert, bed.Certificates.At("own.crt"), overwrite: true);
        bed.Front.Look();
        bed.Front.Look();
        Assert.Equal(X509CertificateLoader.LoadCertificateFromFile(other.Cert).Thumbprint, await ShownAsync(bed));
    }

    [Fact]
    public async Task A_link_that_leads_elsewhere_is_a_change_too()
    {
        await using var bed = await HttpsBed.StartAsync(certificates =>
        {
            foreach (var (name, link) in new[] { ("one.crt", "live.crt"), ("one.key", "live.key") })
            {
                certificates.Issue("one", ["localhost"]);
                File.CreateSymbolicLink(certificates.At(link), certificates.At(name));
            }
            return new TlsSpec
            {
                Certificates = [new CertificateSpec(certificates.At("live.crt"), certificates.At("live.key"))],
            };
        });
        var two = bed.Certificates.Issue("two", ["localhost"]);
        File.Delete(bed.Certificates.At("live.crt"));
        File.Delete(bed.Certificates.At("live.key"));
        File.CreateSymbolicLink(bed.Certificates.At("live.crt"), two.Cert);
        File.CreateSymbolicLink(bed.Certificates.At("live.key"), two.Key);
        await GatewayBed.UntilAsync(() => !bed.Said.IsEmpty);
        Assert.Equal(X509CertificateLoader.LoadCertificateFromFile(two.Cert).Thumbprint, await ShownAsync(bed));
    }

    [Fact]
    public async Task One_that_ends_soon_is_announced_once()
    {
        await using var bed = await HttpsBed.StartAsync(certificates => new TlsSpec
        {
            Certificates = [certificates.Issue("own", ["localhost"], 30, TestCertificates.Now.AddDays(-28))],
        });
        bed.Front.Look();
        bed.Front.Look();
        Assert.Contains("own.crt must be renewed: it ends on", Assert.Single(bed.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_own_certificate_is_private_stays_over_restarts_and_follows_the_names()
    {
        var spec = new TlsSpec { SelfSigned = true, OwnNames = ["shop.test"] };
        await using var bed = await HttpsBed.StartAsync(_ => spec);
        var folder = bed.Certificates.At("state");
        foreach (var file in Directory.GetFiles(folder))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains("given " + OwnCertificate.AuthorityFile(folder), Assert.Single(bed.Said));
        var own = X509CertificateLoader.LoadCertificateFromFile(OwnCertificate.Files(folder).Cert).Thumbprint;

        var again = new TlsFront(folder, "test", TimeProvider.System, _ => Assert.Fail("it makes another"));
        Assert.Empty(await again.UseAsync(spec));
        Assert.Equal(own, Shown(again));
        var authority = File.ReadAllText(OwnCertificate.AuthorityFile(folder));
        var more = new TlsFront(folder, "test", TimeProvider.System, _ => { });
        Assert.Empty(await more.UseAsync(spec with { OwnNames = ["shop.test", "www.shop.test"] }));
        Assert.NotEqual(own, Shown(more));
        Assert.Equal(authority, File.ReadAllText(OwnCertificate.AuthorityFile(folder)));
    }

    private static string Shown(TlsFront front) =>
        front.OptionsFor(null)!.ServerCertificateContext!.TargetCertificate.Thumbprint;

    private static string Thumbprint(HttpsBed bed) =>
        X509CertificateLoader.LoadCertificateFromFile(bed.Certificates.At("own.crt")).Thumbprint;

    private static async Task<string> ShownAsync(HttpsBed bed)
    {
        var shown = "";
        using var client = bed.Certificates.Trusting(seen: certificate => shown = certificate.Thumbprint);
        using var answer = await HttpsBed.GetAsync(client, bed.Url());
        return shown;
    }

    /// <summary>Even ones keep their connection, odd ones make a new one for each request; half of each speak
    /// HTTP/2.</summary>
    private static async Task LoadAsync(
        HttpsBed bed, int number, int[] counts, ConcurrentDictionary<string, bool> seen, CancellationToken end)
    {
        var version = number < 2 ? HttpVersion.Version11 : HttpVersion.Version20;
        HttpClient Client() => bed.Certificates.Trusting(seen: certificate => seen[certificate.Thumbprint] = true);
        using var kept = Client();
        while (!end.IsCancellationRequested)
        {
            using var fresh = number % 2 == 0 ? null : Client();
            using var answer = await HttpsBed.GetAsync(fresh ?? kept, bed.Url(), version);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            counts[number]++;
        }
    }
}
