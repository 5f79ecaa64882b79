using System.Text;
using Tangram.Proving;

namespace Tangram.Tests.Proving;

public sealed class LoadAnswerTests
{
    private const string Early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

    /// <summary>Reads it in pieces of every size, as a connection does, and says how it went; all must be the
    /// same.</summary>
    private static string Read(string text, bool isHead = false)
    {
        var all = Encoding.Latin1.GetBytes(text);
        var told = Enumerable.Range(1, all.Length).Select(size => Read(all, size, isHead)).Distinct().ToArray();
        return Assert.Single(told);
    }

    private static string Read(byte[] all, int size, bool isHead)
    {
        var (answer, heads, kept) = (new LoadAnswer(isHead), new LoadHeads(), Array.Empty<byte>());
        for (var at = 0; at < all.Length; at += size)
        {
            byte[] there = [.. kept, .. all.AsSpan(at, Math.Min(size, all.Length - at))];
            var read = answer.Read(there, heads, out var used);
            kept = there[used..];
            if (read == AnswerRead.Bad) return "bad";
            if (read == AnswerRead.Done)
                return $"{answer.Status} then {Math.Max(0, all.Length - at - size) + kept.Length}" +
                       (answer.Stays ? " stays" : "");
        }
        return answer.EndsHere ? $"{answer.Status} ends" : answer.HasBegun ? "in its body" : "in its head";
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "200 then 0 stays")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", "in its body")]
    [InlineData("HTTP/1.1 204 No\r\n\r\n", "204 then 0 stays")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody", "200 then 0")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nbody", "200 ends")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\n",
        "200 then 0 stays")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n", "in its body")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\n", "200 then 0 stays")]
    [InlineData(Early + Early + "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "500 then 0 stays")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "101 then 0")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Len", "in its head")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "bad")]
    public void Finds_the_end_of_an_answer_whatever_the_pieces_are(string text, string expected) =>
        Assert.Equal(expected, Read(text));

    [Fact]
    public void An_answer_to_HEAD_has_no_body() =>
        Assert.Equal("200 then 0 stays", Read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", isHead: true));

    [Fact]
    public void What_follows_an_answer_is_left()
    {
        var (answer, heads) = (new LoadAnswer(isHead: false), new LoadHeads());
        var bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1"u8;
        Assert.Equal((AnswerRead.Done, bytes.Length - 8), (answer.Read(bytes, heads, out var used), used));
    }

    [Fact]
    public void A_long_body_may_be_thrown_away_unseen()
    {
        var (answer, heads) = (new LoadAnswer(isHead: false), new LoadHeads());
        answer.Read("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx"u8, heads, out _);
        Assert.Equal(999, answer.Left);
        Assert.Equal((AnswerRead.More, AnswerRead.Done), (answer.Skip(900), answer.Skip(99)));
    }
}
