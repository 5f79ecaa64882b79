using System.Net;
using System.Net.Quic;
using System.Runtime.Versioning;
using Tangram.Model;

namespace Tangram.ClusterTests.Routing.Tls;

/// <summary>HTTP/3 where libmsquic is, and what a gateway says where it is not.</summary>
[SupportedOSPlatform("linux")]
public sealed class Http3Tests
{
    private static readonly Version Http3 = HttpVersion.Version30;

    [Fact]
    public async Task Is_spoken_where_it_can_be_and_is_told_of_where_it_cannot()
    {
        await using var bed = await StartAsync(http3: true);
        using var client = bed.Certificates.Trusting();
        if (!QuicListener.IsSupported)
        {
            await GatewayBed.UntilAsync(() => bed.Told.Any(told => told.Contains("libmsquic is not installed")));
            using var answer = await HttpsBed.GetAsync(client, bed.Url(), HttpVersion.Version20);
            Assert.Equal("good", await answer.Content.ReadAsStringAsync());
            Assert.False(answer.Headers.Contains("Alt-Svc"));
            Assert.Single(bed.Told, told => told.Contains("libmsquic"));
            return;
        }
        var announced = "";
        await GatewayBed.UntilAsync(() => announced.Length > 0 || Ask());
        Assert.Equal($"h3=\":{bed.Port}\"; ma=60", announced);
        using var third = await HttpsBed.GetAsync(client, bed.Url(), Http3);
        Assert.Equal((Http3, "good"), (third.Version, await third.Content.ReadAsStringAsync()));

        bool Ask()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, bed.Url());
            using var answer = client.Send(request);
            announced = answer.Headers.TryGetValues("Alt-Svc", out var values) ? string.Concat(values) : "";
            return announced.Length > 0;
        }
    }

    [Fact]
    public async Task Is_off_unless_the_file_asks_for_it()
    {
        await using var bed = await StartAsync(http3: false);
        using var client = bed.Certificates.Trusting();
        using var answer = await HttpsBed.GetAsync(client, bed.Url(), HttpVersion.Version20);
        Assert.False(answer.Headers.Contains("Alt-Svc"));
        Assert.DoesNotContain(bed.Told, told => told.Contains("msquic"));
    }

    private static Task<HttpsBed> StartAsync(bool http3) => HttpsBed.StartAsync(certificates => new TlsSpec
    {
        Certificates = [certificates.Issue("own", ["localhost"])], Http3 = http3,
    });
}
