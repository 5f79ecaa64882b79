using System.Text;
using Tangram.Model;

namespace Tangram.Tests.Routing.Http1.Fuzzing;

/// <summary>Makes the bytes of a connection of answers out of a seed: right ones, and such as are changed in places.
/// The same seed makes the same.</summary>
internal static class AnswerFuzzer
{
    private static readonly string[] Firsts =
    [
        "HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.0 200 OK", "HTTP/1.1 204 No Content",
        "HTTP/1.1 304 Not Modified", "HTTP/1.1 100 Continue", "HTTP/1.1 103 Early Hints",
        "HTTP/1.1 500", "HTTP/1.1 205 ",
    ];

    private static readonly string[] Fields =
    [
        "Content-Type: text/plain", "ETag: \"a\"", "Set-Cookie: a=b", "Set-Cookie: c=d", "X-Empty:",
        "x-a: \u00e9\u00ff",
        "Connection: close", "Connection: keep-alive", "Connection: x-a, ETag", "Keep-Alive: timeout=5", "TE: x",
        "Content-Length: 3", "Transfer-Encoding: chunked", "Date:  now\t", "Server: a:b", "close: x", "Trailer: x-a",
    ];

    private static readonly string[] Tokens =
    [
        "\r\n", "\n", "\r", "\r\n\r\n", "\n\n", "\0", " ", "\t", ":", ",", ";", "0", "1", "a", "f", "G", "+", "-",
        "\u007f",
        "\u00e9", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100\r\n\r\n", "Content-Length: 5\r\n", "content-length: 3\r\n",
        "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "Connection: close\r\n", " folded\r\n",
        "0\r\n\r\n", "5\r\nhello\r\n", "5;a=b\r\n", "X: y\r\n", "Connection: a, ,content-length\r\n",
    ];

    /// <summary>What is wrong with how they are read; null when all holds.</summary>
    public static string? Wrong(ulong seed)
    {
        try
        {
            var bytes = Make(seed);
            var (expected, whole) = (PlainAnswers.Told(bytes), AnswerStream.Told(bytes, () => bytes.Length));
            if (whole != expected) return $"read as\n{whole}\nand not as\n{expected}";
            if (AnswerStream.Told(bytes, () => 1) != whole) return "byte by byte it is read otherwise";
            var rng = new Rng(seed);
            if (AnswerStream.Told(bytes, () => 1 + rng.Next(40)) != whole) return "in pieces it is read otherwise";
            return AnswerStream.Told(bytes, () => 50, anew: true) == whole ? null
                : "by readers that know of nothing before it is read otherwise";
        }
        catch (Exception e)
        {
            return e.ToString();
        }
    }

    public static string Shown(ulong seed) => Encoding.Latin1.GetString(Make(seed)).Replace("\r", "\\r")
        .Replace("\n", "\\n\n").Replace("\0", "\\0");

    public static byte[] Make(ulong seed)
    {
        var rng = new Rng(seed);
        var text = new StringBuilder();
        for (var answers = 1 + rng.Next(4); answers > 0; answers--) Answer(rng, text);
        for (var changes = rng.Chance(0.3) ? 0 : 1 + rng.Next(3); changes > 0; changes--) Change(rng, text);
        return Encoding.Latin1.GetBytes(text.ToString());
    }

    private static void Answer(Rng rng, StringBuilder text)
    {
        var first = Firsts[rng.Next(Firsts.Length)];
        text.Append(first).Append("\r\n");
        for (var fields = rng.Next(5); fields > 0; fields--)
            text.Append(Fields[rng.Next(rng.Chance(0.9) ? 6 : Fields.Length)]).Append(rng.Chance(0.9) ? "\r\n" : "\n");
        var chunked = rng.Chance(0.5);
        var data = new string('d', rng.Next(3) * rng.Next(20));
        text.Append(chunked ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {data.Length}\r\n\r\n");
        if (first.Contains(" 204") || first.Contains(" 304") || first.Contains(" 10") || rng.Chance(0.3)) return;
        if (!chunked)
        {
            text.Append(data);
            return;
        }
        for (var chunks = rng.Next(3); chunks > 0 && data.Length > 0; chunks--)
            text.Append($"{data.Length:x}{(rng.Chance(0.1) ? " ;a=\"b\"" : "")}\r\n{data}\r\n");
        text.Append("0\r\n").Append(rng.Chance(0.2) ? "X-Sum: 5\r\nY:\r\n" : "").Append("\r\n");
    }

    private static void Change(Rng rng, StringBuilder text)
    {
        var (at, token) = (rng.Next(text.Length + 1), Tokens[rng.Next(Tokens.Length)]);
        switch (rng.Next(5))
        {
            case 0:
                text.Insert(at, token);
                break;
            case 1:
                text.Length = at;
                break;
            case 2:
                text.Remove(at, Math.Min(text.Length - at, 1 + rng.Next(4)));
                break;
            case 3 when at < text.Length:
                text[at] = (char)rng.Next(256);
                break;
            default:
                // Where a line begins, most changes mean something.
                var line = text.ToString().IndexOf("\r\n", Math.Min(at, text.Length), StringComparison.Ordinal);
                text.Insert(line < 0 ? at : line + 2, token);
                break;
        }
    }
}
