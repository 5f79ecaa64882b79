using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class ForecastReaderTests
{
    private static string With(string forecast, string more = "probe: tcp, ") =>
        $"services: {{ web: {{ command: serve, x-tangram: {{ {more}forecast: {forecast} }} }} }}";

    [Fact]
    public void What_a_service_will_have_to_carry_is_read()
    {
        Assert.Equal(new ForecastSpec
        {
            Rate = 500, LatencyP99 = TimeSpan.FromMilliseconds(250), Storage = 10L << 30, Bandwidth = 20 << 20,
        }, Forecast("{ rate: 500/s, latency_p99: 250ms, storage: 10G, bandwidth: 20M }"));
        Assert.Equal(0.5, Forecast("{ rate: 30/m }")!.Rate);
        Assert.Equal(2.5, Forecast("{ rate: 9000 / h }")!.Rate);
        Assert.Null(Yaml.Web("x-tangram: { probe: tcp }").Forecast);
    }

    [Fact]
    public void It_moves_no_replica() => Assert.Equal(
        Yaml.Web("x-tangram: { probe: tcp }").Template,
        Yaml.Web("x-tangram: { probe: tcp, forecast: { rate: 5/s } }").Template);

    [Theory]
    [InlineData("{ rate: 500 }", "1:79", "'rate' is '500', which is not a rate such as 500/s, 30/m or 10000/h")]
    [InlineData("{ rate: 5/d }", "1:79", "'rate' is '5/d'")]
    [InlineData("{ rate: 0/s }", "1:79", "'rate' is '0/s'")]
    [InlineData("{ rate: -1/s }", "1:79", "'rate' is '-1/s'")]
    [InlineData("{ rate: 1e9/s }", "1:79", "'rate' is '1e9/s'")]
    [InlineData("{ rate: 99999999999/s }", "1:79", "'rate' is '99999999999/s'")]
    [InlineData("{ latency_p99: 1s }", "1:71", "'forecast' says no rate")]
    [InlineData("{ rate: 1/s, latency_p99: 0s }", "1:97", "'latency_p99' is '0s'")]
    [InlineData("{ rate: 1/s, storage: 0 }", "1:93", "'storage' is '0'")]
    [InlineData("{ rate: 1/s, bandwith: 5M }", "1:84", "write 'bandwidth'")]
    [InlineData("500/s", "1:71", "takes a map")]
    public void What_is_none_is_refused_with_its_place(string forecast, string place, string says)
    {
        var error = Assert.Single(Yaml.Errors(With(forecast))).ToString();
        Assert.Contains($":{place}", error, StringComparison.Ordinal);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_takes_no_requests_has_no_forecast() =>
        Assert.Contains("has no probe, route or port",
            Assert.Single(Yaml.Errors(With("{ rate: 1/s }", ""))).ToString(), StringComparison.Ordinal);

    private static ForecastSpec? Forecast(string forecast) =>
        Yaml.Spec(With(forecast)).Find(ServiceName.Of("web"))!.Forecast;
}
