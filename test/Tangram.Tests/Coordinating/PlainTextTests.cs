using System.Net;
using Tangram.Coordinating;

namespace Tangram.Tests.Coordinating;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.10", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("169.254.0.1", false)]
    [InlineData("fe80::1", false)]
    public void It_stays_within_the_machine(string address, bool allowed)
    {
        var at = new IPEndPoint(IPAddress.Parse(address), 7000);
        Assert.Equal(allowed, PlainText.Allowed(at.Address));
        Assert.Equal(allowed, PlainText.RefusalToListen(at) is null);
        Assert.Equal(allowed, PlainText.RefusalToConnect(at) is null);
    }

    [Fact]
    public void The_refusal_says_what_why_and_what_to_do()
    {
        var refusal = PlainText.RefusalToListen(IPEndPoint.Parse("10.0.0.1:7000"))!;
        Assert.StartsWith("refuses to listen on 10.0.0.1:7000 without --tls: ", refusal);
        Assert.Contains("forgeable", refusal);
        Assert.Contains("'tangram ca issue'", refusal);
    }
}
