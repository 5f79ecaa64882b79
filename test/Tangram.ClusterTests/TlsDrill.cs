using System.Security.Cryptography.X509Certificates;
using Tangram.ClusterTests.Drilling;
using Tangram.ClusterTests.Proving;
using Tangram.ClusterTests.Routing.Tls;

namespace Tangram.ClusterTests;

/// <summary>The shop by https: certificates are renewed and daemons replaced while clients use it; TANGRAM_TURNS=100
/// for all of them.</summary>
[Collection(nameof(Alone))]
public sealed class TlsDrill
{
    private const string File = "compose.yaml";
    private static readonly int Reloads =
        int.TryParse(Environment.GetEnvironmentVariable("TANGRAM_TURNS"), out var turns) ? turns : 15;
    private static readonly int Restarts = Math.Max(3, Reloads / 5);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Curl_trusts_the_authority_that_the_gateway_made()
    {
        await using var cluster = await ReadyAsync("");
        var curl = Needs.Program("curl");
        using var trusting = cluster.Type(
            $"{curl} -sS --fail -o /dev/null -w '%{{http_version}} %{{http_code}}' --cacert {OwnCa(cluster)} " +
            $"{Secure(cluster)}api/orders");
        Assert.Equal(0, await trusting.EndAsync(Patience));
        Assert.Equal("2 200", trusting.Printed.Trim());
        using var doubting = cluster.Type($"{curl} -sS -o /dev/null {Secure(cluster)}");
        Assert.Equal(60, await doubting.EndAsync(Patience));   // CURLE_PEER_FAILED_VERIFICATION
        Assert.Contains("made a certificate of its own", await cluster.DoAsync("events"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deploy_whose_certificate_no_gateway_can_read_says_so()
    {
        using var certificates = new TestCertificates();
        await using var cluster = await ReadyAsync("");
        var text = System.IO.File.ReadAllText(Path.Combine(Repository.Root, "examples", "shop", File));
        var files = new Model.CertificateSpec(certificates.At("own.crt"), certificates.At("own.key"));
        cluster.Write(File, text.Replace("listen: [\"http://127.0.0.1:8080\"]",
            $"listen: [\"https://127.0.0.1:8080\"], certificates: [ {{ cert: {files.Cert}, key: {files.Key} }} ]"));
        using var deploy = cluster.Deploy(File);
        Assert.Equal(1, await deploy.EndAsync(Patience));
        Assert.Contains("the gateway gateway-1 cannot use what it names", deploy.Printed, StringComparison.Ordinal);
        var why = await cluster.DoAsync("why", cluster.Name);
        Assert.Contains($"gateway-1: {files.Cert}", why, StringComparison.Ordinal);
        certificates.Issue("own", ["127.0.0.1"]);
        await Until.SomeAsync(async () => await cluster.StatusAsync() is { GatewayTroubles.Count: 0 } well
            ? well : null, Patience, () => "the certificate is taken");
        using var again = cluster.Deploy(File);
        Assert.Equal(0, await again.EndAsync(Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_notices_renewed_certificates(bool keepAlive)
    {
        using var certificates = new TestCertificates();
        var files = certificates.Issue("own", ["127.0.0.1"]);
        await using var cluster = await ReadyAsync($", certificates: [ {{ cert: {files.Cert}, key: {files.Key} }} ]");
        await using var load = await ShopLoad.OnAsync(Secure(cluster), certificates.CaFile, keepAlive);
        var shown = "";
        for (var i = 0; i < Reloads; i++)
        {
            certificates.Issue("own", ["127.0.0.1"]);
            var issued = X509CertificateLoader.LoadCertificateFromFile(files.Cert).Thumbprint;
            await Until.SomeAsync(async () =>
            {
                using var client = certificates.Trusting(seen: certificate => shown = certificate.Thumbprint);
                using var answer = await client.GetAsync(Secure(cluster));
                return shown == issued ? shown : null;
            }, Patience, () => $"the certificate {i} is shown");
        }
        var result = await load.StopAsync();
        Figures.Note($"{nameof(TlsDrill)}: {Reloads} certificates renewed, {Kind(keepAlive)}: {result.Words()}");
        result.NothingFailed(cluster);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_notices_restarts(bool keepAlive)
    {
        await using var cluster = await ReadyAsync("");
        var ca = OwnCa(cluster);
        await using var load = await ShopLoad.OnAsync(Secure(cluster), ca, keepAlive);
        await Until.PassedAsync(Between);
        for (var i = 0; i < Restarts; i++)
        {
            var before = cluster.Daemon;
            cluster.Up(File, "--replace");
            Assert.Equal(0, await before.EndAsync(Patience));
            await cluster.BecomesReadyAsync();
            await Until.PassedAsync(Between);
        }
        var result = await load.StopAsync();
        Figures.Note($"{nameof(TlsDrill)}: replaced {Restarts} times, {Kind(keepAlive)}: {result.Words()}");
        result.NothingFailed(cluster);
    }

    [Fact]
    public async Task A_deploy_with_another_secret_renews_the_certificate_and_nobody_notices()
    {
        using var certificates = new TestCertificates();
        var files = certificates.Issue("own", ["127.0.0.1"]);
        await using var cluster = await ReadyAsync(
            ", certificates: [ { cert: secret:shop-cert, key: secret:shop-key } ]",
            $"secrets: {{ shop-cert: {{ file: {files.Cert} }}, shop-key: {{ file: {files.Key} }} }}\n");
        var (keys, printed) = (new List<string> { KeyOf(files) }, new List<string>());
        Assert.Equal(Thumbprint(files), await ShownAsync(certificates, cluster));
        await using var load = await ShopLoad.OnAsync(Secure(cluster), certificates.CaFile, keepAlive: true);

        // When the files are replaced, then nothing is shown before a deploy brings them
        certificates.Issue("own", ["127.0.0.1"]);
        keys.Add(KeyOf(files));
        await Until.PassedAsync(Between);
        Assert.NotEqual(Thumbprint(files), await ShownAsync(certificates, cluster));
        var plan = await cluster.DoAsync("plan");
        Assert.Contains("gateways: the secret 'shop-key' has changed", plan, StringComparison.Ordinal);
        Assert.Contains("no replica would move", plan, StringComparison.Ordinal);
        printed.AddRange([plan, await cluster.DoAsync("deploy")]);
        Assert.Equal(Thumbprint(files), await ShownAsync(certificates, cluster));

        // And a key that does not fit is refused before anything is applied
        var good = Thumbprint(files);
        System.IO.File.Copy(certificates.Issue("other", ["127.0.0.1"]).Key, files.Key, overwrite: true);
        keys.Add(KeyOf(files));
        var (code, refused) = await cluster.RunAsync("deploy");
        Assert.Equal(2, code);
        Assert.Matches(@"compose\.yaml:\d+:\d+: secret:shop-cert with the key secret:shop-key cannot be used", refused);
        Assert.Contains("revision 2", await cluster.DoAsync("status"), StringComparison.Ordinal);
        Assert.Equal(good, await ShownAsync(certificates, cluster));

        // And the first is back after a rollback, and no request has failed meanwhile
        printed.AddRange([refused, await cluster.DoAsync("rollback")]);
        Assert.NotEqual(good, await ShownAsync(certificates, cluster));
        var result = await load.StopAsync();
        Figures.Note($"{nameof(TlsDrill)}: a certificate of a secret renewed and rolled back: {result.Words()}");
        result.NothingFailed(cluster);

        // And no key is in what was printed or kept, but for the copies of secrets
        foreach (var look in (string[])["history", "events", "status", "ps"])
            printed.Add(await cluster.DoAsync(look, "--json"));
        foreach (var key in keys)
        {
            Assert.DoesNotContain(printed, text => text.Contains(key, StringComparison.Ordinal));
            Assert.All(GrantDrill.Holding(key, cluster.State),
                file => Assert.EndsWith("/secrets/shop-key", file, StringComparison.Ordinal));
        }
    }

    /// <summary>A line from the middle of it.</summary>
    private static string KeyOf(Model.CertificateSpec files) => System.IO.File.ReadAllLines(files.Key)[1];

    private static string Thumbprint(Model.CertificateSpec files) =>
        X509CertificateLoader.LoadCertificateFromFile(files.Cert).Thumbprint;

    private static async Task<string> ShownAsync(TestCertificates certificates, ShopCluster cluster)
    {
        var shown = "";
        using var client = certificates.Trusting(seen: certificate => shown = certificate.Thumbprint);
        using var answer = await client.GetAsync(Secure(cluster));
        return shown;
    }

    private static string Kind(bool keepAlive) => keepAlive ? "with keep-alive" : "a connection for each request";

    private static Uri Secure(ShopCluster cluster) => new($"https://127.0.0.1:{cluster.Gateway.Port}/");

    private static string OwnCa(ShopCluster cluster) => Path.Combine(cluster.State, "tls", "ca.crt");

    /// <param name="more">Of the gateway, beside its address.</param>
    /// <param name="end">Of the file.</param>
    private static async Task<ShopCluster> ReadyAsync(string more, string end = "")
    {
        var cluster = ShopCluster.Given(text => text.Replace(
            "listen: [\"http://127.0.0.1:8080\"]", $"listen: [\"https://127.0.0.1:8080\"]{more}") + end);
        try
        {
            cluster.Up(File);
            await cluster.BecomesReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }
}
