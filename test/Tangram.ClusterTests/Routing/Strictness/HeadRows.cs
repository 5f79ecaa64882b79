using static Tangram.ClusterTests.Routing.Strictness.Rows;

namespace Tangram.ClusterTests.Routing.Strictness;

/// <summary>Lines, request lines, fields and hosts.</summary>
internal static class HeadRows
{
    private const string Line = "SHOULD be 400";
    private const string NoField = "no form of a field";

    public static IEnumerable<StrictRow> Lines =>
    [
        Passes("a plain request", "9112 3", "is answered", Get + "\r\n", "GET / HTTP/1.1"),
        Refused("a continued line (obs-fold)", "9112 5.2", "MUST be 400, or spaces instead",
            Get + "X: a\r\n b\r\n\r\n"),
        Refused("a continued line, by a tab", "9112 5.2", "MUST be 400, or spaces instead",
            Get + "X: a\r\n\tb\r\n\r\n"),
        Refused("a continued line that looks like a length", "9112 5.2", "MUST be 400, or spaces instead",
            Post + "X: a\r\n Content-Length: 5\r\n\r\nhello"),
        Refused("a space before the first field", "9112 2.2", "MUST be refused, or the line passed over",
            "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        Refused("lines that end with LF alone", "9112 2.2", "may be taken for an end",
            "GET / HTTP/1.1\nHost: a\n\n"),
        Refused("one field that ends with LF alone", "9112 2.2", "may be taken for an end",
            Get + "X: a\nY: b\r\n\r\n"),
        Refused("an empty line of LF alone", "9112 2.2", "may be taken for an end", Get + "X: a\r\n\n\r\n"),
        Refused("CR alone in a field", "9112 2.2", "MUST be refused, or a space instead", Get + "X: a\rb\r\n\r\n"),
        Refused("CR alone before a field", "9112 2.2", "MUST be refused, or a space instead",
            Get + "X: a\r\rContent-Length: 5\r\n\r\n"),
        Refused("CR twice at a line's end", "9112 2.2", "MUST be refused, or a space instead",
            Get + "X: a\r\r\n\r\n"),
        Refused("CR alone in the request line", "9112 2.2", "MUST be refused, or a space instead",
            "GET /\ra HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("lines that end with CR alone", "9112 2.2", "MUST be refused, or a space instead",
            "GET / HTTP/1.1\rHost: a\r\r\n\r\n"),
        Passes("an empty line before the request line", "9112 2.2", "SHOULD be passed over", "\r\n" + Get + "\r\n"),
        new("two requests at once", "9112 9.3.2", "are answered in their order", [200, 200], Reaches.Plain)
        {
            Sent = Get + "\r\n" + Get + "\r\n", Stays = true,
        },
        new("a request that ends before its head does", "9112 8", "incomplete: may be answered with an error", [400],
            Reaches.Nothing) { Sent = Get, HalfCloses = true },
        new("a whole request, and the end of its sender's half", "9112 9.6", "the sender is taken to be gone", [0],
            Reaches.Perhaps)
        {
            Sent = Gone + "\r\n", HalfCloses = true, Or = 200,
        },
        new("nothing, and the end", "9112 9", "no request", [0], Reaches.Nothing) { Sent = "", HalfCloses = true },
    ];

    public static IEnumerable<StrictRow> RequestLines =>
    [
        Refused("two spaces in the request line", "9112 3", Line, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("tabs in the request line", "9112 3", Line, "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("a space behind the version", "9112 3", Line, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        Refused("a space in the target", "9112 3.2", "SHOULD be 400, and never be mended",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("a space before the method", "9112 3", Line, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("no method", "9112 3", Line, "/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("a method with a bracket", "9110 9.1", "no token", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("a method with a NUL", "9110 9.1", "no token", "GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Answered("a method in lower case", "9110 9.1", "methods have a case; SHOULD be 501 when not known",
            "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Answered("a method in mixed case, with a body", "9110 9.1", "methods have a case; SHOULD be 501 when not known",
            "Post / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 501),
        Passes("a method of its own", "9110 9.1", "may go on", "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n",
            "PURGE / HTTP/1.1"),
        Answered("a method of 100 letters", "9112 3", "SHOULD be 501",
            new string('A', 100) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Refused("a method of 10 kB", "9112 3", "SHOULD be 501",
            new string('A', 10_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n",
            414),
        Refused("a target of 10 kB", "9112 3", "MUST be 414",
            $"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: a\r\n\r\n",
            414),
        Target("a NUL", "/\0"), Target("a control character", "/a\u0001b"), Target("a tab", "/a\tb"),
        Target("DEL", "/a\u007fb"), Target("a byte above ASCII", "/\u00e9"), Target("a fragment", "/a#b"),
        Target("a control character in the query", "/?a=\u0001"),
            Target("a byte above ASCII in the query", "/?a=\u00e9"),
        Target("a fragment behind the query", "/?a#b"), Target("an encoded NUL", "/a%00b"),
            Target("no slash", "a", 405),
        Target("a backslash at its begin", "\\a"), Target("a question mark alone", "?a"),
        Refused("no version (HTTP/0.9)", "9112 3", Line, "GET /\r\n\r\n"),
        new("HTTP/1.0 without a host", "9112 3.2", "needs none", [200], Reaches.Plain)
        {
            Sent = "GET / HTTP/1.0\r\n\r\n", Has = "HTTP/1.1",
        },
        new("HTTP/1.0 with a host", "9112 3.2", "is answered", [200], Reaches.Plain)
        {
            Sent = "GET / HTTP/1.0\r\nHost: a\r\n\r\n", Has = "Host: a",
        },
        Refused("HTTP/2.0 in an HTTP/1.1 request line", "9110 15.6.6", "505", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        Refused("HTTP/1.2", "9110 2.5", "may be taken as HTTP/1.1", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        Refused("`http/1.1` in lower case", "9112 2.3", "names have a case", "GET / http/1.1\r\nHost: a\r\n\r\n", 505),
        Refused("HTTP/1.10", "9112 2.3", "one digit", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        new("HTTP/2's preface behind a request", "9113 3.4", "it is no request of HTTP/1.1", [200, 505], Reaches.Plain)
        {
            Sent = Get + "\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        },
        new("`Upgrade: h2c`", "9113 3.1", "is obsolete, and MUST be ignored", [200], Reaches.Plain)
        {
            Sent = Get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" +
                "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            Stays = true, Lacks = "\r\nUpgrade",
        },
    ];

    private static StrictRow Target(string what, string target, int status = 400) =>
        Refused($"a target with {what}", "9112 3.2", "SHOULD be 400, and never be mended",
            $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n", status);

    public static IEnumerable<StrictRow> Fields =>
    [
        Refused("a space before the colon", "9112 5.1", "MUST be 400", Get + "X : a\r\n\r\n"),
        Refused("a tab before the colon", "9112 5.1", "MUST be 400", Get + "X\t: a\r\n\r\n"),
        Refused("a space in a name", "9110 5.1", NoField, Get + "X Y: a\r\n\r\n"),
        Refused("an empty name", "9110 5.1", NoField, Get + ": a\r\n\r\n"),
        Refused("a line without a colon", "9112 5", NoField, Get + "X\r\n\r\n"),
        Refused("brackets in a name", "9110 5.1", NoField, Get + "X(y): a\r\n\r\n"),
        Refused("a control character in a name", "9110 5.1", NoField, Get + "X\u0001: a\r\n\r\n"),
        Refused("a NUL in a name", "9110 5.1", NoField, Get + "X\0: a\r\n\r\n"),
        Refused("a byte above ASCII in a name", "9110 5.1", NoField, Get + "X\u00e9: a\r\n\r\n"),
        Value("a NUL", "a\0b", "MUST be refused, or a space instead"), Value("a control character", "a\u0001b"),
        Value("a vertical tab", "a\vb"), Value("an escape", "a\u001bb"), Value("DEL", "a\u007fb"),
        Value("a control character at its begin", "\u0002b"), Value("a control character at its end", "b\u001f"),
        Passes("a tab in a value", "9110 5.5", "belongs to it", Get + "X: a\tb\r\n\r\n", "X: a\tb"),
        Passes("bytes above ASCII in a value", "9110 5.5", "are opaque", Get + "X: \u00e9\u0080\r\n\r\n",
            "X: \u00e9\u0080"),
        Passes("an empty value", "9110 5.5", "is allowed", Get + "X:\r\n\r\n", "X:"),
        Passes("`Connection: Host, Content-Length`", "9110 7.6.1", "SHOULD not name what every recipient needs",
            Post + "Connection: Host, Content-Length\r\nContent-Length: 5\r\n\r\nhello", "Content-Length: 5"),
        Refused("a field of 40 kB", "9110 5.4", "MUST be a 4xx", Get + $"X: {new string('a', 40_000)}\r\n\r\n", 431),
        Refused("a name of 40 kB", "9110 5.4", "MUST be a 4xx", Get + $"{new string('a', 40_000)}: a\r\n\r\n", 431),
        Refused("101 fields", "9110 5.4", "MUST be a 4xx",
            Get + string.Concat(Enumerable.Range(0, 100).Select(i => $"X{i}: a\r\n")) + "\r\n", 431),
        Passes("100 fields", "9110 5.4", "within the limit",
            Get + string.Concat(Enumerable.Range(0, 99).Select(i => $"X{i}: a\r\n")) + "\r\n", "X98: a"),
    ];

    private static StrictRow Value(string what, string value, string required = "is invalid; may be refused") =>
        Refused($"{what} in a value", "9110 5.5", required, Get + $"X: {value}\r\n\r\n");

    public static IEnumerable<StrictRow> Hosts =>
    [
        Refused("no `Host`", "9112 3.2", "MUST be 400", "GET / HTTP/1.1\r\n\r\n"),
        Refused("`Host` twice, different", "9112 3.2", "MUST be 400", Get + "Host: b\r\n\r\n"),
        Refused("`Host` twice, the same", "9112 3.2", "MUST be 400", Get + "Host: a\r\n\r\n"),
        Host("nothing", ""), Host("a space", "a b"), Host("a list", "a,b"), Host("a path", "a/b"),
            Host("a user", "u@a"),
        Host("a port that is none", "a:b"), Host("a port over 65535", "a:99999"), Host("an open bracket", "[::1"),
        Host("a backslash", "a\\b"), Host("a query", "a?b"), Host("a fragment", "a#b"), Host("an escape", "a\u001bb"),
        Host("a byte above ASCII", "\u00e9"), Host("a quote", "a\"b"), Host("two colons", "a:1:2"),
        Host("an empty name before a port", ":80"), Host("a percent sign that escapes nothing", "a%zz"),
        Passes("`Host` with a port", "9112 3.2", "is allowed", "GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n",
            "Host: a:8080"),
        Passes("`Host` of IPv6", "9112 3.2", "is allowed", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            "Host: [::1]:80"),
        Passes("a whole URI as the target, and another `Host`", "9112 3.2.2", "MUST ignore `Host`, and make it anew",
            "GET http://b.test/x HTTP/1.1\r\nHost: a\r\n\r\n", "Host: b.test"),
        Passes("a whole URI as the target", "9112 3.2.2", "MUST be accepted",
            "GET http://a/x?y=z HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?y=z HTTP/1.1"),
        Refused("a whole URI with a user", "9110 4.2.4", "SHOULD be an error",
            "GET http://u@b.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n"),
        Refused("a URI of another scheme", "9110 7.4", "may be refused as misdirected",
            "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        Refused("`GET a:80`", "9112 3.2.3", "only for CONNECT", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        Answered("CONNECT", "9110 9.3.6", "is for proxies", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
        Answered("`OPTIONS *`", "9110 9.3.7", "asks the gateway itself", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204),
        Refused("`GET *`", "9112 3.2.4", "only for OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    ];

    private static StrictRow Host(string what, string host) => Refused($"`Host` with {what}", "9112 3.2",
        "MUST be 400", $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
}
