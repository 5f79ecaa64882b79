using Tangram.Planning;

namespace Tangram.Tests.Planning;

public sealed class QuantitiesTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("500ms", 500)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1h5m30s20ms", 3_930_020)]
    [InlineData("1.5s", 1500)]
    [InlineData("2d", 172_800_000)]
    [InlineData("1500us", 1.5)]
    public void A_duration_is_read(string text, double milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Quantities.Duration(text));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1sec")]
    [InlineData("1.s.5")]
    [InlineData("s")]
    [InlineData("1e3s")]
    [InlineData("9999999999999h")]
    [InlineData("1s2")]
    public void What_is_no_duration_is_not_read(string text) => Assert.Null(Quantities.Duration(text));

    [Theory]
    [InlineData("1", 1)]
    [InlineData("10b", 10)]
    [InlineData("64k", 65536)]
    [InlineData("64KiB", 65536)]
    [InlineData("256M", 268435456)]
    [InlineData("256Mi", 268435456)]
    [InlineData("1.5 gb", 1610612736)]
    public void A_size_is_read(string text, long bytes) => Assert.Equal(bytes, Quantities.Bytes(text));

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-1M")]
    [InlineData("1X")]
    [InlineData("1MM")]
    [InlineData("9999999999999T")]
    public void What_is_no_size_is_not_read(string text) => Assert.Null(Quantities.Bytes(text));

    [Theory]
    [InlineData("99.99%", 0.9999)]
    [InlineData("0.25", 0.25)]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    public void A_share_is_read(string text, double share) => Assert.Equal(share, Quantities.Share(text)!.Value, 12);

    [Theory]
    [InlineData("101%")]
    [InlineData("1.1")]
    [InlineData("NaN")]
    [InlineData("-0.5")]
    [InlineData("%")]
    public void What_is_no_share_is_not_read(string text) => Assert.Null(Quantities.Share(text));
}
