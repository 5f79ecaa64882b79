using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class LimitsReaderTests
{
    private static string With(string limits) =>
        "services: { web: { command: serve, x-tangram: { probe: tcp } } }\n" +
        $"x-tangram: {{ gateway: {{ limits: {{ {limits} }} }} }}";

    [Fact]
    public void Every_limit_is_read_and_the_others_are_as_usual()
    {
        var limits = Yaml.Spec(With("header_bytes: 64k, headers: 50, request_line: 4k, header_time: 5s, " +
            "body_rate: 1k, keep_alive: 1m, connections: 1000, body_bytes: 100m")).GatewayLimits;
        Assert.Equal(new GatewayLimitsSpec
        {
            HeaderBytes = 65_536, Headers = 50, RequestLine = 4_096, HeaderTime = TimeSpan.FromSeconds(5),
            BodyRate = 1_024, KeepAlive = TimeSpan.FromMinutes(1), Connections = 1_000, BodyBytes = 100 << 20,
        }, limits);
        Assert.Equal(new GatewayLimitsSpec { BodyRate = 0 }, Yaml.Spec(With("body_rate: 0")).GatewayLimits);
        Assert.Equal(new GatewayLimitsSpec(), Yaml.Spec(With("")).GatewayLimits);
    }

    [Theory]
    [InlineData("header_bytes: 1m")]
    [InlineData("header_bytes: 100")]
    [InlineData("headers: 0")]
    [InlineData("request_line: 100k")]
    [InlineData("header_time: 0s")]
    [InlineData("header_time: 1h")]
    [InlineData("body_rate: -1")]
    [InlineData("body_bytes: 0")]
    [InlineData("connections: 0")]
    [InlineData("header_size: 8k")]
    public void A_limit_that_cannot_hold_is_refused(string limit) => Assert.Single(Yaml.Errors(With(limit)));
}
