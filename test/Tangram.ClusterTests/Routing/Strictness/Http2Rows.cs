using static Tangram.ClusterTests.Routing.Strictness.Frames;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Fields, pseudo-fields and bodies of HTTP/2.</summary>
internal static class Http2Rows
{
    private const string Malformed = "malformed: a stream error, or one of the connection";
    private const string Stream = "GOAWAY PROTOCOL_ERROR", Reset = "RST_STREAM PROTOCOL_ERROR";

    public static IEnumerable<Http2Row> Fields =>
    [
        Passes("a plain request", "8.3.1", "is answered", [.. Get], "GET / HTTP/1.1"),
        Wrong("a name with a capital", "8.2.1", [.. Get, ("Abc", "d")]),
        Wrong("a name with a space", "8.2.1", [.. Get, ("a b", "d")]),
        Wrong("a name with a colon", "8.2.1", [.. Get, ("a:b", "d")]),
        Wrong("a name with a control character", "8.2.1", [.. Get, ("a\u0001", "d")]),
        Wrong("a name with a NUL", "8.2.1", [.. Get, ("a\0", "d")]),
        Wrong("a name with DEL", "8.2.1", [.. Get, ("a\u007f", "d")]),
        Wrong("a name with a byte above ASCII", "8.2.1", [.. Get, ("a\u00e9", "d")]),
        Wrong("an empty name", "8.2.1", [.. Get, ("", "d")], "GOAWAY COMPRESSION_ERROR"),
        Wrong("CR in a value", "8.2.1", [.. Get, ("a", "b\rc")]),
        Wrong("LF in a value", "8.2.1", [.. Get, ("a", "b\nc")]),
        Wrong("CR LF and a field in a value", "8.2.1", [.. Get, ("a", "b\r\ncontent-length: 5")]),
        Wrong("NUL in a value", "8.2.1", [.. Get, ("a", "b\0c")]),
        Wrong("a control character in a value", "8.2.1", [.. Get, ("a", "b\u0001c")]),
        Wrong("DEL in a value", "8.2.1", [.. Get, ("a", "b\u007fc")]),
        Wrong("a space at a value's begin", "8.2.1", [.. Get, ("a", " b")]),
        Wrong("a space at a value's end", "8.2.1", [.. Get, ("a", "b ")]),
        Wrong("a tab at a value's end", "8.2.1", [.. Get, ("a", "b\t")]),
        Wrong("`connection`", "8.2.2", [.. Get, ("connection", "close")]),
        Wrong("`keep-alive`", "8.2.2", [.. Get, ("keep-alive", "5")], "400"),
        Wrong("`proxy-connection`", "8.2.2", [.. Get, ("proxy-connection", "close")], "400"),
        Wrong("`transfer-encoding`", "8.2.2", [.. Get, ("transfer-encoding", "chunked")], "400"),
        Wrong("`upgrade`", "8.2.2", [.. Get, ("upgrade", "h2c")], "400"),
        Wrong("`te: gzip`", "8.2.2", [.. Get, ("te", "gzip")]),
        Passes("`te: trailers`", "8.2.2", "is allowed", [.. Get, ("te", "trailers")]),
        Passes("two `cookie` fields", "8.2.3", "MUST be joined by `; `", [.. Get, ("cookie", "a=b"), ("cookie", "c=d")],
            "Cookie: a=b; c=d"),
    ];

    public static IEnumerable<Http2Row> Pseudo =>
    [
        Wrong("no `:method`", "8.3.1", Without(":method"), Reset),
            Wrong("no `:path`", "8.3.1", Without(":path"), Reset),
        Wrong("no `:scheme`", "8.3.1", Without(":scheme"), Reset),
        Wrong("`:method` twice", "8.3.1", [.. Get, (":method", "POST")]),
        Wrong("`:path` twice", "8.3.1", [.. Get, (":path", "/b")]),
        Wrong("`:authority` twice", "8.3.1", [.. Get, (":authority", "b")]),
        Wrong("a pseudo-field behind a field", "8.3", [("a", "b"), .. Get]),
        Wrong("a pseudo-field that is not known", "8.3", [.. Get, (":foo", "b")]),
        Wrong("`:status`", "8.3", [.. Get, (":status", "200")]),
        Wrong("`:protocol` without CONNECT", "8441 4", [.. Get, (":protocol", "websocket")], Reset),
        Wrong("an empty `:path`", "8.3.1", With(":path", ""), Reset),
        Wrong("`:path` without a slash", "8.3.1", With(":path", "a"), Reset),
        Wrong("`:path` with a fragment", "8.3.1", With(":path", "/a#b"), "400"),
        Wrong("`:path` with a space", "8.3.1", With(":path", "/a b"), "400"),
        Wrong("`:path` with a line of its own", "8.3.1", With(":path", "/ HTTP/1.1\r\nHost: b")),
        Wrong("`:path` with a control character", "8.3.1", With(":path", "/\u0001")),
        Wrong("`:path` with a byte above ASCII", "8.3.1", With(":path", "/\u00e9"), "400"),
        Wrong("`:path` that is `*`, with GET", "8.3.1", With(":path", "*"), Reset),
        Wrong("an empty `:method`", "8.3.1", With(":method", ""), Reset),
        Wrong("`:method` with a space", "8.3.1", With(":method", "GET /b"), Reset),
        Wrong("`:method` in lower case", "9110 9.1", With(":method", "get"), "501"),
        Wrong("another `:scheme`", "8.3.1", With(":scheme", "ftp"), Reset),
        Wrong("`:authority` with a user", "8.3.1", With(":authority", "u@a"), Reset),
        Wrong("`:authority` with a space", "8.3.1", With(":authority", "a b"), Reset),
        Wrong("`:authority` with a path", "8.3.1", With(":authority", "a/b"), Reset),
        Wrong("`:authority` with a port over 65535", "8.3.1", With(":authority", "a:99999"), "400"),
        Wrong("neither `:authority` nor `host`", "8.3.1", Without(":authority"), "400"),
        Passes("`host` without `:authority`", "8.3.1", "is allowed", [.. Without(":authority"), ("host", "b")],
            "Host: b"),
        Passes("`:authority` and another `host`", "8.3.1", "SHOULD be malformed; `:authority` is what counts",
            [.. Get, ("host", "b")], "Host: a"),
        Wrong("`host` twice", "9112 3.2", [.. Without(":authority"), ("host", "b"), ("host", "c")], Reset),
        Wrong("CONNECT", "9110 9.3.6", [(":method", "CONNECT"), (":authority", "a:80")], "501"),
        Wrong("CONNECT with a path", "8.5", [.. With(":method", "CONNECT")], Reset),
        Wrong("CONNECT for another protocol", "8441 4", [.. With(":method", "CONNECT"), (":protocol", "x")], "501"),
        Wrong("`OPTIONS *`", "9110 9.3.7", [(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"),
            (":authority", "a")], "204"),
    ];

    public static IEnumerable<Http2Row> Bodies =>
    [
        Passes("`content-length` and as much", "8.1.1", "is answered", [.. Post, ("content-length", "5")],
            "Content-Length: 5", "hello"),
        Body("`content-length` and less", [("content-length", "9")], "hello", Reset),
        Body("`content-length` and more", [("content-length", "3")], "hello", Reset),
        Wrong("`content-length` and no body", "8.1.1", [.. Post, ("content-length", "5")], Reset),
        Body("`content-length` twice, different", [("content-length", "5"), ("content-length", "6")], "hello"),
        Body("`content-length` twice, the same", [("content-length", "5"), ("content-length", "5")], "hello"),
        Body("`content-length` with a sign", [("content-length", "+5")], "hello"),
        Body("`content-length` larger than 2^63", [("content-length", "99999999999999999999")], "hello"),
        Trailers("a pseudo-field in the trailers", "8.1", [(":path", "/b")], EndStream | EndHeaders),
        Trailers("a capital in the trailers", "8.2.1", [("Abc", "d")], EndStream | EndHeaders),
        Trailers("LF in the trailers", "8.2.1", [("a", "b\nc")], EndStream | EndHeaders),
        Trailers("trailers that do not end the stream", "8.1", [("a", "b")], EndHeaders),
        new("`content-length` in the trailers", "9110 6.5.1", "MUST NOT be merged with the head's fields", "200",
            Reaches.Plain, says => says.Headers(1, Post, EndHeaders).Data(1, "hello", 0)
                .Headers(1, [("content-length", "3")])) { Lacks = "Content-Length: 3" },
        new("DATA behind the end of its stream", "5.1", "STREAM_CLOSED", "GOAWAY STREAM_CLOSED", Reaches.Perhaps,
            says => says.Headers(1, Post, EndHeaders).Data(1, "hello").Data(1, "more")),
    ];

    private static (string, string)[] Without(string name) => [.. Get.Where(field => field.Item1 != name)];

    private static (string, string)[] With(string name, string value) =>
        [.. Get.Select(field => field.Item1 == name ? (name, value) : field)];

    private static Http2Row Wrong(
        string name, string rfc, (string, string)[] fields, string outcome = Stream) =>
        new(name, rfc, outcome switch
        {
            "501" => "SHOULD be 501", "204" => "asks the gateway itself", _ => Malformed,
        }, outcome, Reaches.Nothing, says => says.Headers(1, fields));

    private static Http2Row Passes(
        string name, string rfc, string required, (string, string)[] fields, string? has = null, string? body = null) =>
        new(name, rfc, required, "200", Reaches.Plain, says =>
        {
            if (body is null) says.Headers(1, fields);
            else says.Headers(1, fields, EndHeaders).Data(1, body);
        }) { Has = has };

    private static Http2Row Body(string name, (string, string)[] more, string body, string outcome = Stream) =>
        new(name, "8.1.1", Malformed, outcome, Reaches.NoEnd,
            says => says.Headers(1, [.. Post, .. more], EndHeaders).Data(1, body));

    private static Http2Row Trailers(string name, string rfc, (string, string)[] fields, byte flags) =>
        new(name, rfc, Malformed, Stream, Reaches.NoEnd,
            says => says.Headers(1, Post, EndHeaders).Data(1, "hello", 0).Headers(1, fields, flags));
}
