using System.Text;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Routing.Http1;

namespace Tangram.Tests.Proving;

public sealed class LoadHeadTests
{
    private static readonly string[] Lines =
    [
        "Content-Length: 5", "content-length:0", "Content-Length: 5\t", "Content-Length: x", "Content-Length: 7",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "TRANSFER-ENCODING: Chunked", "Connection: close",
        "Connection: keep-alive, X-A", "connection: Close , keep-alive", "X-A: b", "X-A : b", "X-A: \u0001", "X A: b",
        "", " folded", "Server: x", "Date: Sun, 29 Nov 2026 16:31:14 GMT", ":", "X-Length: 14", "Keep-Alive: timeout=5",
    ];

    private static readonly string[] Starts =
    [
        "HTTP/1.1 200 OK", "HTTP/1.1 204 No Content", "HTTP/1.0 200 OK", "HTTP/1.1 304", "HTTP/1.1 100 Continue",
        "HTTP/1.1 099 x", "HTTP/1.1 20x OK", "HTTP/2 200", "HTTP/1.1 101 Switching", "HTTP/1.1 200\u0007",
        "http/1.1 200", "HTTP/1.1 500 Internal Server Error", "HTTP/1.1 2000 OK", "HTTP/1.x 200 OK",
    ];

    [Fact]
    public void Reads_and_refuses_heads_as_the_gateway_does()
    {
        const ulong Seed = 20261129;
        var rng = new Rng(Seed);
        var (heads, whole) = (new LoadHeads(), 0);
        for (var i = 0; i < 50_000; i++)
        {
            var text = new StringBuilder(Starts[rng.Next(Starts.Length)]).Append(End(rng));
            for (var n = rng.Next(5); n > 0; n--) text.Append(Lines[rng.Next(Lines.Length)]).Append(End(rng));
            text.Append(End(rng)).Append("body");
            var bytes = Encoding.Latin1.GetBytes(text.ToString());
            var cut = bytes.AsSpan(0, rng.Next(4) == 0 ? rng.Next(bytes.Length) : bytes.Length);
            var (isHead, other) = (rng.Next(4) == 0, new AnswerHead());
            var expected = other.Read(cut, out var length);
            Assert.Equal((expected, length), (heads.Read(cut, isHead, out var head, out var own), own));
            if (expected != HeadRead.Whole) continue;
            whole++;
            Assert.Equal((other.Status, other.Body(isHead), other.Stays, other.Interim),
                (head.Status, head.Framing, head.Stays, head.Interim));
            if (head.Framing == BodyFraming.Length) Assert.Equal(other.Length, head.Length);
        }
        Assert.True(whole > 5_000, $"only {whole} of seed {Seed} were whole");
    }

    [Fact]
    public void A_head_that_is_the_one_before_again_is_read_without_memory()
    {
        var bytes = "HTTP/1.1 200 OK\r\nServer: x\r\nX-Id: 17\r\nContent-Length: 2\r\n\r\nok"u8;
        var (heads, read) = (new LoadHeads(), 0);
        heads.Read(bytes, false, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            if (heads.Read(bytes, false, out _, out _) == HeadRead.Whole) read++;
            if (LoadHead.Read(bytes, false, out _, out _) == HeadRead.Whole) read++;
        }
        Assert.Equal((2_000, 0), (read, GC.GetAllocatedBytesForCurrentThread() - before));
    }

    [Fact]
    public void The_head_before_is_not_taken_for_an_answer_to_another_method()
    {
        var bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"u8;
        var heads = new LoadHeads();
        heads.Read(bytes, true, out var first, out _);
        heads.Read(bytes, false, out var second, out _);
        Assert.Equal((BodyFraming.None, BodyFraming.Length), (first.Framing, second.Framing));
    }

    private static string End(Rng rng) => rng.Next(8) == 0 ? "\n" : "\r\n";
}
