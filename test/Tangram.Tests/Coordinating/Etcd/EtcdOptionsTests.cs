using Tangram.Coordinating;
using Tangram.Coordinating.Etcd;

namespace Tangram.Tests.Coordinating.Etcd;

public sealed class EtcdOptionsTests
{
    [Theory]
    [InlineData("etcd:2379", "is not a URL")]
    [InlineData("etcd", "is not a URL")]
    [InlineData("ftp://etcd:2379", "is not a URL")]
    [InlineData("https://etcd:2379/v3", "more than a host and a port")]
    [InlineData("https://me@etcd:2379", "more than a host and a port")]
    [InlineData("http://10.0.0.1:2379", "plain text to another machine")]
    public void An_endpoint_that_cannot_be_meant_is_named_with_a_remedy(string endpoint, string problem)
    {
        var said = Assert.Single(new EtcdOptions([endpoint]).Problems());
        Assert.Contains($"'{endpoint}'", said);
        Assert.Contains(problem, said);
    }

    [Fact]
    public void All_problems_are_told_at_once()
    {
        var options = new EtcdOptions(["a", "b"]) { KeyPrefix = new string('x', 300) };
        Assert.Equal(3, options.Problems().Count);
        Assert.Throws<StoreConnectionException>(() => new EtcdStore(options, TimeProvider.System));
        Assert.Contains("no etcd endpoint", Assert.Single(new EtcdOptions([]).Problems()));
    }

    [Theory]
    [InlineData("http://127.0.0.1:2379")]
    [InlineData("http://localhost:2379")]
    [InlineData("http://[::1]:2379")]
    [InlineData("https://10.0.0.1:2379")]
    public void Plain_text_stays_on_the_machine(string endpoint) =>
        Assert.Empty(new EtcdOptions([endpoint]).Problems());

    [Fact]
    public void Plain_text_does_not_go_with_certificates() => Assert.Contains(
        "although certificates are given",
        Assert.Single(new EtcdOptions(["http://127.0.0.1:1"]) { Tls = new EtcdTls("ca.crt") }.Problems()));
}
