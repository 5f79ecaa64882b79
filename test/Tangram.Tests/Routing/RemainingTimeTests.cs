using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class RemainingTimeTests
{
    [Theory]
    [InlineData("1500", 1500)]
    [InlineData("0", 0)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    [InlineData("+5", null)]
    [InlineData("1.5", null)]
    [InlineData(" 5", null)]
    [InlineData("100000000", null)]
    [InlineData("99999999", null)]
    [InlineData(null, null)]
    public void Ours_is_whole_milliseconds(string? text, int? expected) =>
        Assert.Equal(expected, RemainingTime.Read(text)?.TotalMilliseconds);

    [Theory]
    [InlineData("2H", 7_200_000.0)]
    [InlineData("3M", 180_000.0)]
    [InlineData("4S", 4000.0)]
    [InlineData("5m", 5.0)]
    [InlineData("6000u", 6.0)]
    [InlineData("7000000n", 7.0)]
    [InlineData("5", null)]
    [InlineData("m", null)]
    [InlineData("5s", null)]
    [InlineData("123456789m", null)]
    [InlineData("99999999H", null)]
    public void That_of_gRPC_has_a_unit(string text, double? expected) =>
        Assert.Equal(expected, RemainingTime.ReadGrpc(text)?.TotalMilliseconds);

    [Fact]
    public void What_is_written_is_never_more_than_what_is_left()
    {
        Assert.Equal("1", RemainingTime.Write(TimeSpan.FromMilliseconds(1.9)));
        Assert.Equal("0", RemainingTime.Write(TimeSpan.FromMilliseconds(-5)));
        Assert.Equal("250m", RemainingTime.WriteGrpc(TimeSpan.FromMilliseconds(250)));
    }

    [Fact]
    public void No_attempt_is_begun_that_cannot_end_in_time()
    {
        var service = Routed.Service(2);
        Assert.Equal(TimeSpan.Zero, RemainingTime.Least(service));
        foreach (var (backend, seconds) in new[] { (0, 0.2), (1, 0.1) })
            Ejection.Report(service, service.Backends[backend],
                new Attempt(AttemptOutcome.Answered, 200, TimeSpan.FromSeconds(seconds)), Routed.Start);
        var needs = RemainingTime.Least(service);
        Assert.Equal(0.1, needs.TotalSeconds, 0.001);
        Assert.Equal(RetryDecision.GiveUp, Decide(0.09));
        Assert.Equal(RetryDecision.Retry, Decide(0.11));
        Assert.Equal(RetryDecision.Retry, Decide(null));

        RetryDecision Decide(double? left) => RetryPolicy.Decide(
            new RequestSoFar(true, AttemptOutcome.NoAnswer, 0, 0, 1, 1, TimeSpan.FromSeconds(1))
            {
                Left = left is { } seconds ? TimeSpan.FromSeconds(seconds) : null, Needs = needs,
            });
    }
}
