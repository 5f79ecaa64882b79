using System.Net;
using System.Net.Sockets;
using Tangram.Model;
using Tangram.Routing;

namespace Tangram.ClusterTests.Routing.Tls;

public sealed class HttpsTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Speaks_what_both_ends_agree_on_and_says_https_to_the_backend(string version)
    {
        await using var bed = await HttpsBed.StartAsync();
        using var client = bed.Certificates.Trusting();
        using var answer = await HttpsBed.GetAsync(client, bed.Url(), Version.Parse(version));
        Assert.Equal("good", await answer.Content.ReadAsStringAsync());
        Assert.Contains("X-Forwarded-Proto: https", Assert.Single(bed.Backend.Heads), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shop.test", "shop")]
    [InlineData("SHOP.test", "shop")]
    [InlineData("api.shop.test", "wild")]
    [InlineData("a.b.shop.test", "first")]
    [InlineData("elsewhere.test", "first")]
    public async Task Shows_the_certificate_for_the_name_that_the_client_asks_for(string host, string shows)
    {
        await using var bed = await HttpsBed.StartAsync(certificates => new TlsSpec
        {
            Certificates =
            [
                certificates.Issue("first", ["a.b.shop.test", "elsewhere.test"]),
                certificates.Issue("wild", ["*.shop.test"]), certificates.Issue("shop", ["shop.test"]),
            ],
        });
        var expected = System.Security.Cryptography.X509Certificates.X509CertificateLoader
            .LoadCertificateFromFile(bed.Certificates.At($"{shows}.crt")).Thumbprint;
        var seen = "";
        using var client = bed.Certificates.Trusting(seen: certificate => seen = certificate.Thumbprint);
        using var answer = await HttpsBed.GetAsync(client, bed.Url(host));
        Assert.Equal((HttpStatusCode.OK, expected), (answer.StatusCode, seen));
    }

    [Fact]
    public async Task Nobody_is_answered_who_does_not_speak_tls_or_says_nothing()
    {
        var options = GatewayBed.Options with { HandshakeTime = TimeSpan.FromMilliseconds(200) };
        await using var bed = await HttpsBed.StartAsync(
            certificates => new TlsSpec { Certificates = [certificates.Issue("own", ["localhost"])] }, options);
        foreach (var say in new[] { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "" })
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, bed.Port);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(say));
            var got = new byte[4096];
            var total = 0;
            for (int n; (n = await ReceiveAsync(socket, got)) > 0;) total += n;
            // At most a TLS alert.
            Assert.InRange(total, 0, 7);
        }
        Assert.Empty(bed.Backend.Heads);
    }

    [Fact]
    public async Task More_handshakes_than_may_go_on_at_once_wait_for_their_turn()
    {
        var options = GatewayBed.Options with { MostHandshakes = 1, HandshakeTime = TimeSpan.FromSeconds(5) };
        await using var bed = await HttpsBed.StartAsync(
            certificates => new TlsSpec { Certificates = [certificates.Issue("own", ["localhost"])] }, options);
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(IPAddress.Loopback, bed.Port);
        using var client = bed.Certificates.Trusting();
        var waits = HttpsBed.GetAsync(client, bed.Url());
        var soon = Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        Assert.Same(soon, await Task.WhenAny(waits, soon));
        silent.Close();
        using var answer = await waits;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        // And those that have shaken hands hold no turn.
        using var other = bed.Certificates.Trusting();
        using var second = await HttpsBed.GetAsync(other, bed.Url());
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
    }

    [Fact]
    public async Task What_comes_by_http_is_sent_to_https_but_for_a_challenge_and_calls_between_services()
    {
        await using var bed = await HttpsBed.StartAsync(certificates => new TlsSpec
        {
            Certificates = [certificates.Issue("own", ["localhost"])], RedirectPort = 8443,
            Hsts = TimeSpan.FromDays(1),
        });
        using var client = bed.Certificates.Trusting();
        var plain = await bed.PlainAsync();
        using var sent = await client.GetAsync($"http://shop.test:{plain}/a%20b/?q=1");
        Assert.Equal(HttpStatusCode.PermanentRedirect, sent.StatusCode);
        Assert.Equal("https://shop.test:8443/a%20b/?q=1", sent.Headers.Location!.OriginalString);
        Assert.False(sent.Headers.Contains("Strict-Transport-Security"));
        using var challenge = await client.GetAsync($"http://shop.test:{plain}/.well-known/acme-challenge/x");
        Assert.Equal(HttpStatusCode.OK, challenge.StatusCode);
        using var secure = await HttpsBed.GetAsync(client, bed.Url());
        Assert.Equal(["max-age=86400"], secure.Headers.GetValues("Strict-Transport-Security"));
        using var inside = await client.GetAsync($"http://shop.test:{await bed.PlainAsync(@internal: true)}/");
        Assert.Equal(HttpStatusCode.OK, inside.StatusCode);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_gateway_that_leaves_lets_https_clients_go_between_two_requests(string version)
    {
        var options = GatewayBed.Options with { LeaveTime = TimeSpan.FromMinutes(1) };
        await using var bed = await HttpsBed.StartAsync(
            certificates => new TlsSpec { Certificates = [certificates.Issue("own", ["localhost"])] }, options);
        using var client = bed.Certificates.Trusting();
        using var before = await HttpsBed.GetAsync(client, bed.Url(), Version.Parse(version));
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        var leaving = bed.Gateway.LeaveAsync();
        if (version == "1.1")
        {
            using var after = await HttpsBed.GetAsync(client, bed.Url(), Version.Parse(version));
            Assert.Equal((HttpStatusCode.OK, true), (after.StatusCode, after.Headers.ConnectionClose));
        }
        // Nobody is left, so it need not wait for the minute.
        await leaving.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] into)
    {
        try { return await socket.ReceiveAsync(into); }
        catch (SocketException) { return 0; }
    }
}
