using System.Text;
using Tangram.Routing.Http1;

namespace Tangram.Tests.Routing.Http1;

/// <summary>Bodies of answers, chunked ones written with | for CR LF.</summary>
public sealed class AnswerBodyTests
{
    [Theory]
    [InlineData("0||", "", "")]
    [InlineData("5|hello|0||", "hello", "")]
    [InlineData("5|hello|00000||", "hello", "")]
    [InlineData("1|a|a|bcdefghijk|0||", "abcdefghijk", "")]
    [InlineData("A|bcdefghijk|0||", "bcdefghijk", "")]
    [InlineData("5;a=b;c=\"d e\"|hello|0;x||", "hello", "")]
    [InlineData("5 ;a|hello|0\t||", "hello", "")]
    [InlineData("2|\r\n|0||", "\r\n", "")]
    [InlineData("1|a|0|X: \u00e9 |Y:||", "a", "X=\u00e9,Y=")]
    public void Takes_chunks_off(string text, string data, string trailers)
    {
        Assert.Equal(("End", data, trailers, 4), Read(text + "next", BodyFraming.Chunked));
        for (var length = 0; length < Bytes(text).Length; length++)
            Assert.Equal("More", Read(Encoding.Latin1.GetString(Bytes(text)[..length]), BodyFraming.Chunked).Read);
    }

    [Theory]
    [InlineData("|")]
    [InlineData("g|")]
    [InlineData("+5|hello|")]
    [InlineData("-5|hello|")]
    [InlineData("0x5|hello|")]
    [InlineData(" 5|hello|")]
    [InlineData("5\n")]
    [InlineData("5\rhello")]
    [InlineData("5;a\n")]
    [InlineData("5;a\0|")]
    [InlineData("5;a\rb|")]
    [InlineData("5|helloX")]
    [InlineData("5|hello\n")]
    [InlineData("5|hello\r0||")]
    [InlineData("1000000000000000|")]
    [InlineData("0000000000000000|")]
    [InlineData("FFFFFFFFFFFFFFFFF|")]
    [InlineData("0|X|")]
    [InlineData("0|X : a|")]
    [InlineData("0|X: a| b|")]
    [InlineData("0|: a|")]
    [InlineData("0|X: a\n\n")]
    [InlineData("0|X: a\0|")]
    [InlineData("0|\u00e9: a|")]
    [InlineData("0|X: a\rb|")]
    public void Refuses_what_others_might_read_otherwise(string text) =>
        Assert.Equal("Bad", Read(text, BodyFraming.Chunked).Read);

    [Fact]
    public void Extensions_and_trailers_have_an_end()
    {
        Assert.Equal("More", Read($"5;{new string('a', 8000)}", BodyFraming.Chunked).Read);
        Assert.Equal("Bad", Read($"5;{new string('a', 9000)}", BodyFraming.Chunked).Read);
        var fields = string.Concat(Enumerable.Repeat("X: 0123456789|", 1000));
        Assert.Equal("Bad", Read($"0|{fields}", BodyFraming.Chunked).Read);
    }

    [Theory]
    [InlineData("hello", "hello", 0)]
    [InlineData("hello, too much", "hello", 10)]
    public void Ends_after_its_length(string text, string data, int left) =>
        Assert.Equal(("End", data, "", left), Read(text, BodyFraming.Length, 5));

    [Fact]
    public void Waits_for_its_length_and_for_the_end_of_the_connection()
    {
        Assert.Equal(("More", "hell", "", 0), Read("hell", BodyFraming.Length, 5));
        Assert.Equal(("More", "hello", "", 0), Read("hello", BodyFraming.UntilClose));
    }

    /// <summary>An answer to HEAD says how long the body would be.</summary>
    [Fact]
    public void Without_a_body_it_ends_at_once_whatever_length_was_said()
    {
        Assert.Equal(("End", "", "", 0), Read("", BodyFraming.None, 5));
        Assert.Equal(("End", "", "", 4), Read("next", BodyFraming.None, 5));
    }

    [Theory]
    [InlineData("Chunked", "2|ab|0||", true)]
    [InlineData("Chunked", "2|ab|0|X: a|", false)]
    [InlineData("Chunked", "2|ab|0|X: a||next", true)]
    [InlineData("Chunked", "2|abc", true)]
    [InlineData("Length", "hell", false)]
    [InlineData("Length", "hello", true)]
    [InlineData("UntilClose", "hello", false)]
    public void Looks_whether_it_is_whole_and_takes_nothing(string framing, string text, bool whole)
    {
        var body = new AnswerBody(Enum.Parse<BodyFraming>(framing), 5);
        for (var twice = 0; twice < 2; twice++) Assert.Equal(whole, body.IsWholeIn(Bytes(text)));
        Assert.Empty(body.Trailers);
        body.Next(Bytes(text), out _, out var data);
        Assert.True(data.Length > 0);
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text.Replace("|", "\r\n"));

    private static (string Read, string Data, string Trailers, int Left) Read(
        string text, BodyFraming framing, long length = 0)
    {
        ReadOnlyMemory<byte> rest = Bytes(text);
        var body = new AnswerBody(framing, length);
        var all = new StringBuilder();
        while (true)
        {
            var read = body.Next(rest, out var used, out var data);
            rest = rest[used..];
            all.Append(Encoding.Latin1.GetString(data.Span));
            if (read == ChunkRead.Data) continue;
            return (read.ToString(), all.ToString(),
                string.Join(',', body.Trailers.Select(t => $"{t.Name}={t.Value}")), rest.Length);
        }
    }
}
