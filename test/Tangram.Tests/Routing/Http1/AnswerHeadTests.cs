using System.Text;
using Tangram.Routing.Http1;

namespace Tangram.Tests.Routing.Http1;

/// <summary>Heads of answers (RFC 9112), written with | for CR LF.</summary>
public sealed class AnswerHeadTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK||", 200, "OK")]
    [InlineData("HTTP/1.1 200 ||", 200, "")]
    [InlineData("HTTP/1.1 200||", 200, "")]
    [InlineData("HTTP/1.0 404 Not Found at all||", 404, "Not Found at all")]
    [InlineData("HTTP/1.9 999 \u00e9\t||", 999, "\u00e9\t")]
    public void Reads_a_status_line(string text, int status, string reason)
    {
        var head = Whole(text);
        Assert.Equal((status, reason), (head.Status, head.Reason));
        Assert.Empty(head.Fields.ToArray());
    }

    [Theory]
    [InlineData("HTTP/2.0 200 OK||")]
    [InlineData("HTTP/1.x 200 OK||")]
    [InlineData("HTTP/1.1  200 OK||")]
    [InlineData("HTTP/1.1 20 OK||")]
    [InlineData("HTTP/1.1 2000 OK||")]
    [InlineData("HTTP/1.1 099 OK||")]
    [InlineData("HTTP/1.1 +20 OK||")]
    [InlineData("HTTP/1.1 200 O\0K||")]
    [InlineData("HTTP/1.1 200 O\rK||")]
    [InlineData("http/1.1 200 OK||")]
    [InlineData("ICY 200 OK||")]
    [InlineData("|HTTP/1.1 200 OK||")]
    [InlineData("<html>||")]
    public void Refuses_what_is_no_status_line(string text) => Refuses(text);

    [Theory]
    [InlineData("X:a|", "X=a")]
    [InlineData("X: \t a b \t|", "X=a b")]
    [InlineData("X:|", "X=")]
    [InlineData("X: \t|", "X=")]
    [InlineData("X: a:b|", "X=a:b")]
    [InlineData("X: \u00e9\u0080\u00ff|", "X=\u00e9\u0080\u00ff")]
    [InlineData("X: a\n", "X=a")]
    [InlineData("content-TYPE: a|", "Content-Type=a")]
    [InlineData("!#$%&'*+-.^_`|~: a\n", null)]
    [InlineData("!#$%&'*+-.^_`~: a|", "!#$%&'*+-.^_`~=a")]
    [InlineData("Set-Cookie: a|Set-Cookie: b|", "Set-Cookie=a,Set-Cookie=b")]
    [InlineData("Proxy-Connection: a|TE: b|Trailer: c|Upgrade: d|Keep-Alive: e|X: f|", "X=f")]
    [InlineData("X: a|Connection: x, Y|y: b|Z: c|", "Z=c")]
    [InlineData("Connection: close|X: a|Connection: ,, x|X: b|", "")]
    public void Reads_fields(string fields, string? expected)
    {
        if (expected is null)
        {
            Refuses($"HTTP/1.1 200 OK|{fields}|");
            return;
        }
        var head = Whole($"HTTP/1.1 200 OK|{fields}|");
        Assert.Equal(expected, string.Join(',', head.Fields.ToArray().Select(f => $"{f.Name}={f.Value}")));
    }

    [Theory]
    [InlineData("X|")]
    [InlineData(": a|")]
    [InlineData("X : a|")]
    [InlineData(" X: a|")]
    [InlineData("X: a| b|")]
    [InlineData("X: a|\tb|")]
    [InlineData("X: a\rb|")]
    [InlineData("X: a\r|")]
    [InlineData("X: a\0b|")]
    [InlineData("X: a\u007f|")]
    [InlineData("X: a\u000b|")]
    [InlineData("X\0: a|")]
    [InlineData("X\r: a|")]
    [InlineData("\u00e9: a|")]
    [InlineData("Content-Length: |")]
    [InlineData("Content-Length: +5|")]
    [InlineData("Content-Length: -5|")]
    [InlineData("Content-Length: 0x5|")]
    [InlineData("Content-Length: 5 5|")]
    [InlineData("Content-Length: 5, 5|")]
    [InlineData("Content-Length: 5.0|")]
    [InlineData("Content-Length: 9223372036854775808|")]
    [InlineData("Content-Length: 99999999999999999999|")]
    [InlineData("Content-Length: \u00b2|")]
    [InlineData("Content-Length: 5|Content-Length: 6|")]
    [InlineData("Transfer-Encoding: gzip|")]
    [InlineData("Transfer-Encoding: gzip, chunked|")]
    [InlineData("Transfer-Encoding: chunked, gzip|")]
    [InlineData("Transfer-Encoding: xchunked|")]
    [InlineData("Transfer-Encoding: chunked;a=b|")]
    [InlineData("Transfer-Encoding: |")]
    [InlineData("Transfer-Encoding: chunked|Transfer-Encoding: chunked|")]
    [InlineData("Transfer-Encoding: chunked|Transfer-Encoding: identity|")]
    [InlineData("Transfer-Encoding\u000b: chunked|")]
    public void Refuses_what_others_might_read_otherwise(string fields) => Refuses($"HTTP/1.1 200 OK|{fields}|");

    [Fact]
    public void Refuses_a_coding_in_http_1_0() => Refuses("HTTP/1.0 200 OK|Transfer-Encoding: chunked||");

    [Theory]
    [InlineData("200", "", false, "UntilClose", true)]
    [InlineData("200", "Content-Length: 5|", false, "Length", true)]
    [InlineData("200", "content-length:\t5 |CONTENT-LENGTH: 005|", false, "Length", true)]
    [InlineData("200", "Content-Length: 0|", false, "None", true)]
    [InlineData("200", "Transfer-Encoding: Chunked|", false, "Chunked", true)]
    [InlineData("200", "Transfer-Encoding: chunked|Content-Length: 5|", false, "Chunked", false)]
    [InlineData("200", "Content-Length: 5|Connection: close|", false, "Length", false)]
    [InlineData("200", "Content-Length: 5|Connection: keep-alive, CLOSE|", false, "Length", false)]
    [InlineData("200", "Content-Length: 5|", true, "None", true)]
    [InlineData("200", "Transfer-Encoding: chunked|", true, "None", true)]
    [InlineData("204", "", false, "None", true)]
    [InlineData("204", "Content-Length: 0|", false, "None", true)]
    [InlineData("204", "Content-Length: 5|", false, "None", false)]
    [InlineData("204", "Transfer-Encoding: chunked|", false, "None", false)]
    [InlineData("304", "Content-Length: 5|", false, "None", true)]
    [InlineData("103", "Content-Length: 5|", false, "None", true)]
    public void Knows_what_follows(string status, string fields, bool isHead, string framing, bool stays)
    {
        var head = Whole($"HTTP/1.1 {status} X|{fields}|");
        Assert.Equal((framing, stays), (head.Body(isHead).ToString(), head.Stays));
        Assert.Empty(head.Fields.ToArray());
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("Connection: keep-alive|", true)]
    [InlineData("Connection: Keep-Alive|", true)]
    [InlineData("Connection: keep-alive|Connection: close|", false)]
    public void A_connection_of_http_1_0_stays_when_it_says_so(string fields, bool stays) =>
        Assert.Equal(stays, Whole($"HTTP/1.0 200 OK|Content-Length: 1|{fields}|").Stays);

    [Theory]
    [InlineData("Keep-Alive: timeout=5|", 5)]
    [InlineData("Keep-Alive: max=7, timeout=5|", 5)]
    [InlineData("Keep-Alive: timeout=-5|", 0)]
    [InlineData("Keep-Alive: timeout=99999999999|", null)]
    [InlineData("Keep-Alive: 5|", null)]
    [InlineData("", null)]
    public void Knows_for_how_long_a_backend_keeps_a_connection(string fields, int? seconds) =>
        Assert.Equal(seconds, Whole($"HTTP/1.1 200 OK|{fields}|").KeptFor);

    [Theory]
    [InlineData(100, true)]
    [InlineData(103, true)]
    [InlineData(101, false)]
    [InlineData(200, false)]
    public void Another_answer_follows_an_interim_one(int status, bool interim) =>
        Assert.Equal(interim, Whole($"HTTP/1.1 {status} X||").Interim);

    [Theory]
    [InlineData(AnswerHead.MostBytes, "Whole")]
    [InlineData(AnswerHead.MostBytes + 1, "Bad")]
    [InlineData(AnswerHead.MostBytes + 2, "Bad")]
    [InlineData(AnswerHead.MostBytes + 3, "Bad")]
    [InlineData(3 * AnswerHead.MostBytes, "Bad")]
    public void A_head_has_at_most_64_kB_however_it_comes(int length, string expected)
    {
        var bytes = Bytes($"HTTP/1.1 200 OK|X: {new string('x', length - 24)}||");
        Assert.Equal(length, bytes.Length);
        var head = new AnswerHead();
        Assert.Equal(expected, head.Read(bytes, out _).ToString());
        var at = 0;
        var read = HeadRead.More;
        while (read == HeadRead.More && at < bytes.Length) read = head.Read(bytes.AsSpan(0, ++at), out _);
        Assert.Equal(expected, read.ToString());
    }

    [Fact]
    public void Many_fields_are_read_and_forgotten_in_a_moment()
    {
        var names = Enumerable.Range(0, 4000).Select(i => $"n{i}").ToArray();
        var text = $"HTTP/1.1 200 OK|Connection: {string.Join(',', names)}|" +
            $"{string.Join('|', names.Select(n => n + ":"))}|x:||";
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal("x", Assert.Single(Whole(text).Fields.ToArray()).Name);
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(begun);
        Assert.True(took < TimeSpan.FromSeconds(1), $"it took {took}");
    }

    [Fact]
    public void Of_the_answer_before_nothing_is_left()
    {
        var head = new AnswerHead();
        Read(head, "HTTP/1.0 404 Lost|Content-Length: 7|A: 1|B: 2|C: 3|Connection: keep-alive, B|" +
            "Keep-Alive: timeout=9||");
        Read(head, "HTTP/1.1 200|B: 2||");
        Assert.Equal((200, "", null, false, null, true),
            (head.Status, head.Reason, head.Length, head.Chunked, head.KeptFor, head.Stays));
        Assert.Equal([new AnswerField("B", "2")], head.Fields.ToArray());
        Assert.Null(head.Find("A"));
        Read(head, "HTTP/1.1 200|Transfer-Encoding: chunked|Connection: close||");
        Read(head, "HTTP/1.1 200|Content-Length: 1||");
        Assert.Equal((1, false, true), (head.Length, head.Chunked, head.Stays));
    }

    [Fact]
    public void What_is_said_again_is_not_made_again()
    {
        var head = new AnswerHead();
        Read(head, "HTTP/1.1 200 Yes|ETag: abc||");
        var (reason, value) = (head.Reason, head.Find("etag"));
        Read(head, "HTTP/1.1 200 Yes|ETag: abc||");
        Assert.Same(reason, head.Reason);
        Assert.Same(value, head.Find("etag"));
        Read(head, "HTTP/1.1 200 Yes|ETag: \u00e9||");
        Assert.Equal("\u00e9", head.Find("etag"));
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text.Replace("|", "\r\n"));

    private static AnswerHead Whole(string text)
    {
        var head = new AnswerHead();
        Read(head, text);
        return head;
    }

    private static void Read(AnswerHead head, string text)
    {
        var bytes = Bytes(text);
        for (var length = 0; length < bytes.Length; length++)
            if (bytes.Length < 2000) Assert.Equal(HeadRead.More, head.Read(bytes.AsSpan(0, length), out _));
        Assert.Equal(HeadRead.Whole, head.Read([.. bytes, .. "HTTP"u8], out var whole));
        Assert.Equal(bytes.Length, whole);
    }

    private static void Refuses(string text) => Assert.Equal(HeadRead.Bad, new AnswerHead().Read(Bytes(text), out _));
}
