using static Tangram.ClusterTests.Routing.Strictness.Rows;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Where a message ends: Content-Length, Transfer-Encoding, chunks.</summary>
internal static class FramingRows
{
    private const string Invalid = "MUST be refused: the length cannot be told";
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    public static IEnumerable<StrictRow> Lengths =>
    [
        Length("a sign", "+5"), Length("minus zero", "-0"), Length("below zero", "-5"), Length("a space in it", "5 5"),
        Length("hexadecimal", "0x5"), Length("a parameter", "5;a"), Length("a fraction", "5.0"),
        Length("nothing", ""), Length("larger than 2^63", "99999999999999999999"),
        Length("a list of two", "5, 6"), Length("a list of the same twice", "5, 5"), Length("an exponent", "5e0"),
        Length("a quoted one", "\"5\""), Length("another script's digits", "\u00b2"),
        Refused("`Content-Length` twice, different", "9112 6.3", Invalid,
            Post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        Refused("`Content-Length` twice, the same", "9112 6.3", "may be refused, or taken as one",
            Post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        Passes("`Content-Length` in spaces", "9110 5.5", "they do not belong to it",
            Post + "Content-Length:  \t 5 \t\r\n\r\nhello", "Content-Length: 5"),
        Passes("GET with a body", "9110 9.3.1", "it has no meaning, and is framed like any other",
            Get + "Content-Length: 5\r\n\r\nhello"),
        new("a body and no length", "9112 6.3", "there is none: what follows is another message", [200, 400],
            Reaches.Plain) { Sent = Post + "\r\nhello\r\n\r\n" },
        new("a body longer than said", "9112 6.3", "what follows is another message", [200, 400],
            Reaches.Plain) { Sent = Post + "Content-Length: 3\r\n\r\nhello\r\n\r\n" },
        new("a body shorter than said, and the end", "9112 8", "incomplete: must not be taken for whole", [0],
            Reaches.NoEnd) { Sent = Post + "Content-Length: 9\r\n\r\nhello", HalfCloses = true, Or = 400 },
    ];

    public static IEnumerable<StrictRow> Codings =>
    [
        Refused("`Content-Length` and `Transfer-Encoding`", "9112 6.1", "may be refused; the connection must end",
            Post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Smuggled),
        Refused("`Transfer-Encoding` and `Content-Length`", "9112 6.1", "may be refused; the connection must end",
            Post + "Transfer-Encoding: chunked\r\nContent-Length: 44\r\n\r\n0\r\n\r\n" + Smuggled),
        new("the same with `X-Content-Length`", "9112 6.1", "may be refused; the connection must end", [0],
            Reaches.Nothing)
        {
            Sent = Post + "X-Content-Length: 1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        },
        Coding("another", "gzip", 400), Coding("identity, which is none any more", "identity", 400),
        Coding("one that is not known, then chunked", "gzip, chunked", 501),
            Coding("chunked, and then not", "chunked, identity", 400),
        Coding("chunked twice", "chunked, chunked", 400),
        Refused("`Transfer-Encoding` in two lines", "9112 6.1", "chunked twice MUST NOT be",
            Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Refused("`Transfer-Encoding` in two lines, the last not chunked", "9112 6.3", Invalid,
            Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"),
        Coding("letters before", "xchunked", 400), Coding("a parameter", "chunked;q=1", 400),
        Coding("in quotes", "\"chunked\"", 400), Coding("a vertical tab before", "\vchunked", 400),
        Coding("a control character behind", "chunked\u0001", 400), Coding("a comma behind", "chunked,", 400),
        Coding("a comma before", ",chunked", 400), Coding("nothing", "", 400),
            Coding("no-break spaces", "\u00a0chunked", 400),
        Refused("a space before the colon: `Transfer-Encoding : chunked`", "9112 5.1", "MUST be 400",
            Post + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        Passes("`Transfer-Encoding: CHUNKED`", "9112 7", "names of codings have no case",
            Post + "Transfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        Passes("`Transfer-Encoding:` in spaces", "9110 5.5", "they do not belong to it",
            Post + "Transfer-Encoding: \t chunked \t\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        Refused("`Transfer-Encoding` in HTTP/1.0", "9112 6.1", "its framing is faulty; the connection must end",
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];

    public static IEnumerable<StrictRow> Chunks =>
    [
        Size("a sign", "+5"), Size("below zero", "-5"), Size("0x", "0x5"), Size("a space before", " 5"),
        Size("no digit", "g"), Size("nothing", ""), Size("larger than 2^64", "FFFFFFFFFFFFFFFFF5"),
        Size("an underscore", "5_0"), Size("a thousand zeros", new string('0', 1000) + "5"),
        Passes("a chunk's size with a zero before it", "9112 7.1", "is that size",
            Chunked + "05\r\nhello\r\n0\r\n\r\n"),
        Passes("a chunk's extension", "9112 7.1.1", "MUST be ignored, if it is not known",
            Chunked + "5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n"),
        Broken("LF alone in a chunk's extension", "9112 7.1.1", "no form of one",
            Chunked + "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        Broken("CR alone in a chunk's extension", "9112 7.1.1", "no form of one",
            Chunked + "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        Broken("LF alone behind a chunk's extension", "9112 7.1.1", "no form of one",
            Chunked + "2;\nxx\r\n4c\r\n0\r\n\r\n" + Smuggled),
        Passes("a chunk's extension of 100 kB", "9112 7.1.1", "their length ought to be limited",
            Chunked + "5;a=" + new string('x', 100_000) + "\r\nhello\r\n0\r\n\r\n"),
        Passes("20,000 chunks with an extension of 20 bytes each", "9112 7.1.1", "their length ought to be limited",
            Chunked + string.Concat(Enumerable.Repeat("1;a=xxxxxxxxxxxxxxxxx\r\nb\r\n", 20_000)) + "0\r\n\r\n"),
        Broken("a chunk longer than said", "9112 7.1", "CRLF must follow",
            Chunked + "3\r\nhello\r\n0\r\n\r\n"),
        new("a chunk shorter than said, and the end", "9112 8", "incomplete: must not be taken for whole", [0],
            Reaches.NoEnd) { Sent = Chunked + "F\r\nhello\r\n0\r\n\r\n", HalfCloses = true, Or = 400 },
        new("no last chunk, and the end", "9112 8", "incomplete: must not be taken for whole", [0],
            Reaches.NoEnd) { Sent = Chunked + "5\r\nhello\r\n", HalfCloses = true, Or = 400 },
        Broken("LF alone behind a chunk's size", "9112 7.1", "CRLF must follow", Chunked + "5\nhello\r\n0\r\n\r\n"),
        Broken("LF alone behind a chunk", "9112 7.1", "CRLF must follow", Chunked + "5\r\nhello\n0\r\n\r\n"),
        Broken("CR alone behind a chunk's size", "9112 7.1", "CRLF must follow", Chunked + "5\rhello\r\n0\r\n\r\n"),
        Trailer("Content-Length: 5"), Trailer("Transfer-Encoding: chunked"), Trailer("Host: b"), Trailer("X-Own: c"),
        Broken("a trailer with a continued line", "9112 5.2", "MUST be 400, or spaces instead",
            Chunked + "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"),
        Broken("a trailer with a NUL", "9110 5.5", "MUST be refused, or a space instead",
            Chunked + "5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n"),
        Broken("a trailer with a bare LF", "9112 2.2", "may be refused",
            Chunked + "5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n"),
        Broken("trailers of 100 kB", "9110 5.4", "may be refused with a 4xx",
            Chunked + "5\r\nhello\r\n0\r\nX: " + new string('x', 100_000) + "\r\n\r\n", 431),
    ];

    private static StrictRow Length(string what, string value) => Refused($"`Content-Length` with {what}", "9112 6.3",
        Invalid, Post + $"Content-Length: {value}\r\n\r\nhello" + Smuggled);

    private static StrictRow Coding(string what, string value, int status) => Refused(
        $"`Transfer-Encoding`: {what}", status == 501 ? "9112 6.1" : "9112 6.3",
        status == 501 ? "SHOULD be 501" : Invalid,
        Post + $"Transfer-Encoding: {value}\r\n\r\n5\r\nhello\r\n0\r\n\r\n", status);

    private static StrictRow Size(string what, string size) => Broken($"a chunk's size with {what}", "9112 7.1",
        "no form of one; an overflow MUST be prevented", Chunked + $"{size}\r\nhello\r\n0\r\n\r\n" + Smuggled);

    private static StrictRow Trailer(string field) => Passes($"`{field}` as a trailer", "9110 6.5.1",
        "MUST NOT be merged with the head's fields", Chunked + $"5\r\nhello\r\n0\r\n{field}\r\n\r\n") with
        { Lacks = field == "Transfer-Encoding: chunked" ? "\r\n0\r\n" : $"\r\n{field}" };
}
