using Tangram.Cli;

namespace Tangram.Tests.Cli;

public sealed class PlainRequestTests
{
    [Fact]
    public void An_answer_is_a_status_a_warning_and_a_body()
    {
        var answer = PlainRequest.Read("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nTangram-Stale: it is old\r\n\r\ncafé");
        Assert.Equal(new PlainRequest(200, "it is old", "café"), answer);
    }

    [Fact]
    public void Without_a_length_the_body_goes_to_the_end() => Assert.Equal(new PlainRequest(404, null, "a\r\n\r\nb"),
        PlainRequest.Read("HTTP/1.1 404 No\r\nX: y\r\n\r\na\r\n\r\nb"));

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("HTTP/1.1\r\n\r\n")]
    [InlineData("HTTP/1.1 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour")]
    public void What_is_no_whole_answer_is_told(string said) =>
        Assert.Throws<IOException>(() => PlainRequest.Read(said));
}
