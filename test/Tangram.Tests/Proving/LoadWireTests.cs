using System.Text;
using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class LoadWireTests
{
    private static readonly LoadOptions Options = new()
    {
        Url = new Uri("http://shop.local:8080/a b?c=d"), Rate = 1, Duration = TimeSpan.FromSeconds(1),
    };

    private static string Text(LoadOptions options, long index = 7)
    {
        var wire = LoadWire.Of(options, options.Classes[0], "run");
        var bytes = new byte[wire.MostBytes];
        return Encoding.UTF8.GetString(bytes, 0, wire.Write(index, bytes)).Replace("\r\n", "|");
    }

    [Fact]
    public void A_request_has_its_host_and_no_more_than_was_asked_for() =>
        Assert.Equal("GET /a%20b?c=d HTTP/1.1|Host: shop.local:8080||", Text(Options));

    [Fact]
    public void A_body_has_its_length_in_bytes_and_is_json_unless_said_otherwise()
    {
        Assert.Equal(
            "POST /a%20b?c=d HTTP/1.1|Host: shop.local:8080|Content-Length: 4|Content-Type: application/json||\"é\"",
            Text(Options with { Method = "POST", Body = "\"é\"" }));
        Assert.Equal("POST /a%20b?c=d HTTP/1.1|Host: x|content-type: text/plain|Content-Length: 1||a", Text(Options with
        {
            Method = "POST", Body = "a", Headers = [new("Host", "x"), new("content-type", "text/plain")],
        }));
        Assert.Contains("|Content-Length: 0||", Text(Options with { Method = "DELETE" }), StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_is_the_run_and_the_index() => Assert.Equal(
        "POST /a%20b?c=d HTTP/1.1|Host: shop.local:8080|Content-Length: 2|Content-Type: application/json|" +
        "x-id: run-12345||{}",
        Text(Options with { Method = "POST", Body = "{}", UniqueIdHeader = "x-id" }, 12_345));

    [Theory]
    [InlineData("http://[::1]:81/", "[::1]:81")]
    [InlineData("http://bücher.example/", "xn--bcher-kva.example")]
    public void The_host_is_as_HTTP_writes_it(string url, string host) => Assert.Contains(
        $"|Host: {host}|", Text(Options with { Url = new Uri(url) }), StringComparison.Ordinal);

    [Fact]
    public void A_header_that_would_end_its_line_is_refused() => Assert.Equal(3, (Options with
    {
        Headers = [new("X", "a\r\nY: b"), new("X Y", "a")], UniqueIdHeader = "a:b",
    }).Problems().Count());
}
