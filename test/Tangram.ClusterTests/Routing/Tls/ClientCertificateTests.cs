using System.Net;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>Who clients are is proved by their certificates, and told to backends by the gateway alone.</summary>
public sealed class ClientCertificateTests
{
    private const string Header = "X-Forwarded-Client-Cert";

    [Fact]
    public async Task Only_clients_of_the_authority_are_answered_and_the_backend_learns_who_they_are()
    {
        await using var bed = await StartAsync(mayBeUnknown: false);
        using var stranger = bed.Certificates.Trusting();
        await Assert.ThrowsAsync<HttpRequestException>(() => HttpsBed.GetAsync(stranger, bed.Url()));
        using var others = new TestCertificates();
        using var fromElsewhere = bed.Certificates.Trusting(others.Client("eve"));
        await Assert.ThrowsAsync<HttpRequestException>(() => HttpsBed.GetAsync(fromElsewhere, bed.Url()));
        Assert.Empty(bed.Backend.Heads);

        using var own = bed.Certificates.Client("alice");
        using var known = bed.Certificates.Trusting(own);
        known.DefaultRequestHeaders.Add(Header, "Hash=forged");
        known.DefaultRequestHeaders.Add("X_Forwarded-Client_Cert", "Hash=forged");
        using var answer = await HttpsBed.GetAsync(known, bed.Url());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var head = Assert.Single(bed.Backend.Heads);
        var hash = own.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant();
        Assert.Contains($"{Header}: Hash={hash};Subject=\"", head, StringComparison.Ordinal);
        Assert.Contains("CN=alice", head, StringComparison.Ordinal);
        Assert.Contains(";URI=\"tangram://test/agent/alice\"", head, StringComparison.Ordinal);
        Assert.DoesNotContain("forged", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_request_a_client_may_be_unknown_but_not_false()
    {
        await using var bed = await StartAsync(mayBeUnknown: true);
        using var unknown = bed.Certificates.Trusting();
        unknown.DefaultRequestHeaders.Add(Header, "Hash=forged");
        using var answer = await HttpsBed.GetAsync(unknown, bed.Url());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain(Header, Assert.Single(bed.Backend.Heads), StringComparison.OrdinalIgnoreCase);
        using var others = new TestCertificates();
        using var fromElsewhere = bed.Certificates.Trusting(others.Client("eve"));
        await Assert.ThrowsAsync<HttpRequestException>(() => HttpsBed.GetAsync(fromElsewhere, bed.Url()));
    }

    [Fact]
    public async Task Nobody_comes_in_while_the_authorities_cannot_be_read()
    {
        await using var bed = await StartAsync(mayBeUnknown: true);
        var spec = bed.Front.Spec! with { ClientCa = bed.Certificates.At("none.crt") };
        var told = await bed.Gateway.SecureAsync(spec);
        Assert.Contains("none.crt cannot say whose clients to admit", Assert.Single(told));
        using var client = bed.Certificates.Trusting(bed.Certificates.Client("alice"));
        await Assert.ThrowsAsync<HttpRequestException>(() => HttpsBed.GetAsync(client, bed.Url()));
    }

    [Fact]
    public async Task A_client_says_nothing_of_certificates_by_http_either()
    {
        await using var bed = await StartAsync(mayBeUnknown: false);
        using var client = bed.Certificates.Trusting();
        client.DefaultRequestHeaders.Add(Header, "Hash=forged");
        using var answer = await client.GetAsync($"http://localhost:{await bed.PlainAsync()}/");
        Assert.DoesNotContain("forged", Assert.Single(bed.Backend.Heads), StringComparison.Ordinal);
    }

    private static Task<HttpsBed> StartAsync(bool mayBeUnknown) => HttpsBed.StartAsync(certificates => new TlsSpec
    {
        Certificates = [certificates.Issue("own", ["localhost"])], ClientCa = certificates.CaFile,
        ClientsMayBeUnknown = mayBeUnknown,
    });
}
