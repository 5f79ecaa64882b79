using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class ListenerTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    [InlineData("http://localhost:8080/", "http://127.0.0.1:8080")]
    [InlineData("http://*:80", "http://0.0.0.0:80")]
    [InlineData("http://10.0.0.1", "http://10.0.0.1:80")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080")]
    [InlineData("http://[::1]", "http://[::1]:80")]
    [InlineData("https://127.0.0.1:8443", "https://127.0.0.1:8443")]
    [InlineData("https://*", "https://0.0.0.0:443")]
    public void Reads_a_url(string url, string listener)
    {
        Assert.Equal(listener, Listener.Parse(url, out var wrong)?.ToString());
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("127.0.0.1:8080", "http://")]
    [InlineData("http://shop.local:80", "'shop.local'")]
    [InlineData("http://127.0.0.1:70000", "'70000'")]
    [InlineData("http://127.0.0.1:x", "'x'")]
    public void Says_what_is_wrong(string url, string says)
    {
        Assert.Null(Listener.Parse(url, out var wrong));
        Assert.Contains(says, wrong, StringComparison.Ordinal);
    }
}
