using System.Diagnostics;
using System.Text;
using Tangram.Routing.Strict;

namespace Tangram.Tests.Routing.Strict;

public sealed class RequestStrictnessTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("GET", "/", "a", FormVerdict.Sound)]
    [InlineData("PURGE", "/a?b=c%20d", "a.test:8080", FormVerdict.Sound)]
    [InlineData("POST", "http://a/x", "[::1]:80", FormVerdict.Sound)]
    [InlineData("GET", "/", "[::1]", FormVerdict.Sound)]
    [InlineData("get", "/", "a", FormVerdict.Method)]
    [InlineData("Options", "*", "a", FormVerdict.Method)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/", "a", FormVerdict.Method)]
    [InlineData("CONNECT", "a:80", "a:80", FormVerdict.Tunnel)]
    [InlineData("OPTIONS", "*", "a", FormVerdict.Ping)]
    [InlineData("GET", "*", "a", FormVerdict.Target)]
    [InlineData("GET", "a:80", "a", FormVerdict.Target)]
    [InlineData("GET", "/a b", "a", FormVerdict.Target)]
    [InlineData("GET", "/a\r", "a", FormVerdict.Target)]
    [InlineData("GET", "/a\u007f", "a", FormVerdict.Target)]
    [InlineData("GET", "/é", "a", FormVerdict.Target)]
    [InlineData("GET", "/a#b", "a", FormVerdict.Target)]
    [InlineData("GET", "http://u:p@a/x", "a", FormVerdict.Target)]
    [InlineData("GET", "http://a/x@y", "a", FormVerdict.Sound)]
    [InlineData("GET", "/", "", FormVerdict.Host)]
    [InlineData("GET", "/", "a:65536", FormVerdict.Host)]
    [InlineData("GET", "/", "a:99999999999999", FormVerdict.Host)]
    [InlineData("GET", "/", "a:8x", FormVerdict.Host)]
    [InlineData("GET", "/", "a:1:2", FormVerdict.Host)]
    [InlineData("GET", "/", ":80", FormVerdict.Host)]
    public void Judges_methods_targets_and_hosts(string method, string target, string host, FormVerdict verdict) =>
        Assert.Equal(verdict, RequestStrictness.Judge(new RequestForm
        {
            Method = method, Target = target, Host = host, IsHttp1 = true,
        }));

    [Theory]
    [InlineData("chunked", FormVerdict.Sound)]
    [InlineData("Chunked", FormVerdict.Sound)]
    [InlineData("gzip, chunked", FormVerdict.Coding)]
    [InlineData("gzip,\tchunked", FormVerdict.Coding)]
    [InlineData("chunked, chunked", FormVerdict.Framing)]
    [InlineData("chunked, gzip, chunked", FormVerdict.Framing)]
    [InlineData(", chunked", FormVerdict.Framing)]
    [InlineData("chunked,", FormVerdict.Framing)]
    [InlineData("gzip", FormVerdict.Framing)]
    [InlineData("", FormVerdict.Framing)]
    [InlineData("chunked;a=b", FormVerdict.Framing)]
    public void Takes_no_coding_but_chunked(string coding, FormVerdict verdict) =>
        Assert.Equal(verdict, RequestStrictness.Judge(Coded(coding)));

    private static RequestForm Coded(string coding, int codings = 1) => new()
    {
        Method = "POST", Target = "/", Host = "a", IsHttp1 = true, Codings = codings, Coding = coding,
    };

    [Fact]
    public void Takes_one_coding_alone_and_of_http11()
    {
        Assert.Equal(FormVerdict.Framing, RequestStrictness.Judge(Coded("chunked", codings: 2)));
        Assert.Equal(FormVerdict.Framing, RequestStrictness.Judge(new RequestForm
        {
            Method = "POST", Target = "/", Host = "a", IsHttp1 = true, Codings = 1, Coding = "chunked",
                HasLength = true,
        }));
        Assert.Equal(FormVerdict.Framing, RequestStrictness.Judge(new RequestForm
        {
            Method = "POST", Target = "/", Host = "a", IsHttp1 = true, IsHttp10 = true, Codings = 1, Coding = "chunked",
        }));
    }

    [Fact]
    public void Http2_has_no_fields_of_its_connection_and_tunnels_for_websockets_alone()
    {
        Assert.Equal(FormVerdict.Connection, RequestStrictness.Judge(new RequestForm
        {
            Method = "GET", Target = "/", Host = "a", NamesConnection = true,
        }));
        Assert.Equal(FormVerdict.Sound, RequestStrictness.Judge(new RequestForm
        {
            Method = "CONNECT", Target = "/chat", Host = "a", Protocol = "websocket",
        }));
        Assert.Equal(FormVerdict.Tunnel, RequestStrictness.Judge(new RequestForm
        {
            Method = "CONNECT", Target = "/", Host = "a", Protocol = "connect-udp",
        }));
    }

    [Fact]
    public void Names_values_and_lengths_have_their_characters()
    {
        for (var one = 0; one < 256; one++)
        {
            var isToken = char.IsAsciiLetterOrDigit((char)one) || "!#$%&'*+-.^_`|~".Contains((char)one);
            Assert.Equal(isToken, FieldText.IsToken($"a{(char)one}b"));
            Assert.Equal(one is '\t' or >= ' ' and not 127, FieldText.IsValue([(byte)'a', (byte)one, (byte)'b']));
            Assert.Equal(one is >= '0' and <= '9', FieldText.IsLength([(byte)'1', (byte)one]));
        }
        Assert.False(FieldText.IsToken(""));
        Assert.False(FieldText.IsLength(""u8));
        Assert.True(FieldText.IsValue(""u8));
        Assert.False(FieldText.IsValue(" a"u8));
        Assert.False(FieldText.IsValue("a\t"u8));
    }

    [Fact]
    public void A_field_is_read_as_it_came_or_not_at_all()
    {
        byte[] all = [.. Enumerable.Range(0x20, 95).Concat(Enumerable.Range(0x80, 128)).Select(one => (byte)one), 65];
        Assert.Equal(Encoding.Latin1.GetString(all[1..]), StrictText.Of("x").GetString(all.AsSpan(1)));
        Assert.Throws<InvalidOperationException>(() => StrictText.Of("x").GetString("a\u0001b"u8));
        Assert.Throws<InvalidOperationException>(() => StrictText.Of("Content-Length".ToUpperInvariant() + "(")
            .GetString("a"u8));
        var length = StrictText.Of(Microsoft.Net.Http.Headers.HeaderNames.ContentLength);
        Assert.Equal("15", length.GetString("15"u8));
        Assert.Throws<InvalidOperationException>(() => length.GetString("+5"u8));
    }

    /// <summary>Of a request with a few fields, in the middle of many: the best of ten, since others use the machine
    /// too.</summary>
    [Fact]
    public void An_ordinary_request_costs_less_than_a_microsecond_and_no_memory()
    {
        byte[][] values = [.. Enumerable.Repeat("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"u8.ToArray(), 8)];
        string[] names = ["Accept", "User-Agent", "Cookie", "X-Request-Id", "Referer", "Origin", "Accept-Language",
            "Via"];
        var chars = new char[100];
        var (best, allocated) = (double.MaxValue, 0L);
        for (var run = 0; run < 20; run++)
        {
            var (before, begun) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            for (var i = 0; i < 10_000; i++)
            {
                for (var field = 0; field < names.Length; field++)
                    StrictText.Of(names[field]).GetChars(values[field], chars);
                if (RequestStrictness.Judge(new RequestForm
                {
                    Method = "GET", Target = "/api/orders?customer=4711&sort=date", Host = "shop.test:8080",
                    IsHttp1 = true,
                }) != FormVerdict.Sound) Assert.Fail("it is sound");
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalNanoseconds / 10_000);
        }
        output.WriteLine($"{best:0} ns a request with 8 fields, reading them included");
        Assert.Equal(0, allocated);
        Assert.True(best < 1_000, $"{best:0} ns");
    }
}
