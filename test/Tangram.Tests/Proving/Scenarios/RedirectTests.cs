using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class RedirectTests
{
    private static readonly RequestText Sent = new("POST", new Uri("https://shop.example/cart"),
        [
            new("Authorization", "Bearer s3cret"), new("cookie", "id=1"), new("Host", "shop.example"),
            new("Accept", "text/html"),
        ], "{}", "application/json", "");

    private static string Names(RequestText? next) => string.Join(' ', next!.Headers.Select(h => h.Name));

    [Theory]
    [InlineData("https://shop.example/paid")]
    [InlineData("https://SHOP.example:443/paid")]
    [InlineData("/paid")]
    public void At_the_same_origin_all_headers_stay(string to) => Assert.Equal(
        "Authorization cookie Host Accept", Names(Sent.Redirected(302, new(to, UriKind.RelativeOrAbsolute))));

    [Theory]
    [InlineData("https://evil.example/cart")]
    [InlineData("http://shop.example/cart")]
    [InlineData("https://shop.example:8443/cart")]
    [InlineData("//evil.example/cart")]
    public void What_was_said_to_one_origin_is_not_told_to_another(string to) =>
        Assert.Equal("Accept", Names(Sent.Redirected(307, new(to, UriKind.RelativeOrAbsolute))));

    [Fact]
    public void Only_some_redirects_keep_the_method()
    {
        Uri to = new("/paid", UriKind.Relative);
        Assert.Equal(("GET", null), (Sent.Redirected(303, to)!.Method, Sent.Redirected(303, to)!.Body));
        Assert.Equal(("POST", "{}"), (Sent.Redirected(308, to)!.Method, Sent.Redirected(308, to)!.Body));
        Assert.Null(Sent.Redirected(200, to));
        Assert.Null(Sent.Redirected(302, new Uri("file:///etc/passwd")));
    }
}
