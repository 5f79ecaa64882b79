using System.Text;
using Tangram.Model;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Faults;

public sealed class ImpairedAnswersTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Long = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n";
    private const string Nothing = "HTTP/1.1 204 No Content\r\n\r\n";

    [Theory]
    [InlineData(Get, Long, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")]
    [InlineData(Get, "HTTP/1.1 100 Continue\r\n\r\n" + Long,
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")]
    [InlineData(Get, Chunked, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd")]
    [InlineData(Get, Nothing, "HTTP/1.1 204 ")]
    [InlineData(Head, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 200 OK\r\nCo")]
    public void Half_of_an_answer_passes_and_then_the_connection_ends(string asked, string answer, string passed)
    {
        var answers = Of(FaultKind.AnswerHalf, new ImpairmentSpec { Share = 1 });
        answers.Ask(Encoding.ASCII.GetBytes(asked), inForce: true);
        var part = answers.Answer(Encoding.ASCII.GetBytes(answer));
        Assert.StartsWith(passed, answer[..part.Keep]);
        Assert.InRange(part.Keep, passed.Length, passed.Length + 2);
        Assert.True(part is { Ends: true, Struck: true, Instead: null });
    }

    [Fact]
    public void Half_of_an_answer_that_comes_byte_by_byte_is_the_same()
    {
        var answers = Of(FaultKind.AnswerHalf, new ImpairmentSpec { Share = 1 });
        answers.Ask(Encoding.ASCII.GetBytes(Get), inForce: true);
        var passed = 0;
        foreach (var one in Encoding.ASCII.GetBytes(Long))
        {
            var part = answers.Answer([one]);
            passed += part.Keep;
            if (part.Ends) break;
        }
        Assert.Equal(Long.Length - 5, passed);
    }

    [Theory]
    [InlineData(FaultKind.AnswerHalf)]
    [InlineData(FaultKind.AnswerWrong)]
    public void An_answer_in_many_pieces_is_struck_once(FaultKind kind)
    {
        var answers = Of(kind, new ImpairmentSpec { Share = 1, Status = 500 });
        answers.Ask(Encoding.ASCII.GetBytes(Get), inForce: true);
        var parts = Encoding.ASCII.GetBytes(Long).Select(one => answers.Answer([one])).ToList();
        Assert.Single(parts, part => part.Struck);
        Assert.Equal(1, answers.Answers);
    }

    [Theory]
    [InlineData(Get, 500, "HTTP/1.1 500 Wrong\r\n", "not the answer\n")]
    [InlineData(Get, 200, "HTTP/1.1 200 Wrong\r\n", "not the answer\n")]
    [InlineData(Head, 503, "HTTP/1.1 503 Wrong\r\n", "\r\n\r\n")]
    [InlineData(Get, 204, "HTTP/1.1 204 Wrong\r\n", "\r\n\r\n")]
    public void A_wrong_answer_stands_in_the_place_of_the_right_one(string asked, int status, string begin, string end)
    {
        var answers = Of(FaultKind.AnswerWrong, new ImpairmentSpec { Share = 1, Status = status });
        answers.Ask(Encoding.ASCII.GetBytes(asked), inForce: true);
        var part = answers.Answer(Encoding.ASCII.GetBytes(Long));
        var text = Encoding.ASCII.GetString(part.Instead!);
        Assert.StartsWith(begin, text);
        Assert.EndsWith(end, text);
        Assert.Contains("Connection: close", text);
        Assert.True(part is { Ends: true, Keep: 0 });
    }

    [Fact]
    public void A_share_of_the_answers_is_struck_and_the_others_pass_whole()
    {
        var seed = (ulong)Random.Shared.NextInt64();
        var answers = new ImpairedAnswers(FaultKind.AnswerWrong,
            new ImpairmentSpec { Share = 0.3, Status = 500 }, new Rng(seed));
        var struck = 0;
        for (var i = 0; i < 10_000; i++)
        {
            answers.Ask(Encoding.ASCII.GetBytes(Get), inForce: true);
            var text = i % 2 == 0 ? Long : Chunked;
            var part = answers.Answer(Encoding.ASCII.GetBytes(text));
            if (part.Struck)
            {
                struck++;
                // Its connection would have ended.
                answers = new ImpairedAnswers(FaultKind.AnswerWrong,
                    new ImpairmentSpec { Share = 0.3, Status = 500 }, new Rng(seed + (ulong)i));
            }
            else Assert.Equal((text.Length, null, false), (part.Keep, part.Instead, part.Ends));
        }
        Assert.True(Math.Abs(struck - 3_000) < 300, $"{struck} of 10000; seed {seed}");
    }

    [Fact]
    public void Only_the_first_bytes_of_an_answer_are_late()
    {
        var answers = Of(FaultKind.AnswerSlow, new ImpairmentSpec { Delay = TimeSpan.FromSeconds(1) });
        foreach (var _ in Enumerable.Range(0, 3))
        {
            answers.Ask(Encoding.ASCII.GetBytes(Get), inForce: true);
            Assert.True(answers.Answer(Encoding.ASCII.GetBytes(Long[..20])).Late);
            Assert.False(answers.Answer(Encoding.ASCII.GetBytes(Long[20..])).Late);
        }
        Assert.Equal(3, answers.Answers);
    }

    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001")]
    [InlineData("hello")]
    public void What_is_no_request_passes_untouched(string bytes)
    {
        var answers = Of(FaultKind.AnswerWrong, new ImpairmentSpec { Share = 1, Status = 500 });
        answers.Ask(Encoding.Latin1.GetBytes(bytes), inForce: true);
        Assert.Equal(new AnswerPart(3), answers.Answer([1, 2, 3]));
        Assert.True(answers.Passes);
    }

    [Fact]
    public void What_was_asked_before_it_was_in_force_is_answered_rightly()
    {
        var answers = Of(FaultKind.AnswerWrong, new ImpairmentSpec { Share = 1, Status = 500 });
        answers.Ask(Encoding.ASCII.GetBytes(Get), inForce: false);
        Assert.Equal(Long.Length, answers.Answer(Encoding.ASCII.GetBytes(Long)).Keep);
        Assert.Equal(0, answers.Answers);
        answers.Ask(Encoding.ASCII.GetBytes(Get), inForce: true);
        Assert.NotNull(answers.Answer(Encoding.ASCII.GetBytes(Long)).Instead);
    }

    private static ImpairedAnswers Of(FaultKind kind, ImpairmentSpec spec) => new(kind, spec, new Rng(1));
}
