using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class RetryPolicyTests
{
    private static readonly RequestSoFar Get = new(true, AttemptOutcome.NoAnswer, 0, 0, 1, 1, TimeSpan.Zero);
    private static readonly RequestSoFar Post = Get with { Repeatable = false };

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("OPTIONS", true)]
    [InlineData("TRACE", true)]
    [InlineData("POST", false)]
    [InlineData("PUT", false)]
    [InlineData("DELETE", false)]
    [InlineData("PATCH", false)]
    [InlineData("CONNECT", false)]
    [InlineData("get", false)]
    public void Only_safe_methods_are_safe(string method, bool safe) => Assert.Equal(safe, RetryPolicy.IsSafe(method));

    [Fact]
    public void An_unsafe_request_is_repeated_only_when_it_was_never_sent_and_none_of_its_body_is_gone()
    {
        foreach (var outcome in Enum.GetValues<AttemptOutcome>())
            foreach (var body in new long[] { 0, 1 })
                foreach (var status in new[] { 0, 500, 503 })
                {
                    var request = Post with { Outcome = outcome, Status = status, BodyRead = body };
                    var mayRepeat = outcome == AttemptOutcome.NeverSent && body == 0;
                    var expected = mayRepeat ? RetryDecision.Retry : RetryDecision.GiveUp;
                    Assert.Equal(expected, RetryPolicy.Decide(in request));
                }
    }

    [Theory]
    [InlineData("NeverSent", 0, "Retry")]
    [InlineData("NoAnswer", 0, "Retry")]
    [InlineData("TimedOut", 0, "RetryOnBudget")]
    [InlineData("ServerError", 500, "RetryOnBudget")]
    [InlineData("ServerError", 502, "RetryOnBudget")]
    [InlineData("ServerError", 503, "RetryOnBudget")]
    [InlineData("ServerError", 504, "RetryOnBudget")]
    [InlineData("ServerError", 501, "GiveUp")]
    [InlineData("Answered", 404, "GiveUp")]
    [InlineData("Cut", 200, "GiveUp")]
    [InlineData("ClientFault", 0, "GiveUp")]
    public void A_safe_request_is_repeated_after(string outcome, int status, string decision)
    {
        var request = Get with { Outcome = Enum.Parse<AttemptOutcome>(outcome), Status = status };
        Assert.Equal(Enum.Parse<RetryDecision>(decision), RetryPolicy.Decide(in request));
    }

    [Fact]
    public void Only_the_first_repetition_after_a_cut_is_free_of_the_budget() =>
        Assert.Equal(RetryDecision.RetryOnBudget, RetryPolicy.Decide(Get with { Attempts = 2, Sent = 2 }));

    [Fact]
    public void A_request_is_sent_four_times_at_most_and_not_after_ten_seconds()
    {
        Assert.Equal(RetryDecision.RetryOnBudget, RetryPolicy.Decide(Get with { Attempts = 3, Sent = 3 }));
        Assert.Equal(RetryDecision.GiveUp, RetryPolicy.Decide(Get with { Attempts = 4, Sent = 4 }));
        var refused = Get with { Outcome = AttemptOutcome.NeverSent, Sent = 0 };
        Assert.Equal(RetryDecision.Retry, RetryPolicy.Decide(refused with { Attempts = 15 }));
        Assert.Equal(RetryDecision.GiveUp, RetryPolicy.Decide(refused with { Attempts = 16 }));
        Assert.Equal(RetryDecision.GiveUp, RetryPolicy.Decide(refused with { Elapsed = TimeSpan.FromSeconds(10) }));
    }
}
