using Tangram.Model;
using Tangram.Routing;

namespace Tangram.Tests.Routing;

public sealed class StoredAnswersTests
{
    private static readonly Instant Now = new(1_000_000_000);

    [Theory]
    [InlineData("", "", false, false, true)]
    [InlineData("max-age=60, public", "Accept", false, false, true)]
    [InlineData("no-store", "", false, false, false)]
    [InlineData("max-age=60, PRIVATE", "", false, false, false)]
    [InlineData("private=\"x\"", "", false, false, false)]
    [InlineData("no-cache", "", false, false, false)]
    [InlineData("max-age=0 , must-revalidate", "", false, false, false)]
    [InlineData("s-maxage=3", "", false, false, false)]
    [InlineData("proxy-revalidate", "", false, false, false)]
    [InlineData("x-no-store", "", false, false, true)]
    [InlineData("", "*", false, false, false)]
    [InlineData("", "", true, false, false)]
    [InlineData("public", "", true, false, true)]
    [InlineData("public", "", false, true, false)]
    public void Only_what_http_lets_a_shared_cache_keep_is_kept(
        string control, string vary, bool personal, bool setsCookie, bool kept) =>
        Assert.Equal(kept, StoreRules.MayKeep(200, control, vary, personal, setsCookie));

    [Fact]
    public void Only_a_good_answer_to_a_get_is_kept_and_only_who_takes_one_gets_it()
    {
        foreach (var status in new[] { 206, 301, 304, 404, 500, 503 })
            Assert.False(StoreRules.MayKeep(status, "public", "", false, false));
        Assert.True(StoreRules.MayKeep("GET", ""));
        Assert.False(StoreRules.MayKeep("HEAD", "") || StoreRules.MayKeep("POST", ""));
        Assert.False(StoreRules.MayKeep("GET", "no-store"));
        Assert.True(StoreRules.MayUse("GET", "max-age=0", "") && StoreRules.MayUse("HEAD", "", ""));
        Assert.False(StoreRules.MayUse("POST", "", "") || StoreRules.MayUse("GET", "no-cache", ""));
        Assert.False(StoreRules.MayUse("GET", "", "no-cache"));
        Assert.True(StoreRules.MayKeepHeader("Content-Type") && StoreRules.MayKeepHeader("ETag"));
        foreach (var name in new[] { "Connection", "Set-Cookie", "Transfer-Encoding", "RateLimit-Limit", "Age" })
            Assert.False(StoreRules.MayKeepHeader(name));
    }

    [Fact]
    public void An_answer_is_given_to_the_same_request_as_long_as_it_is_young()
    {
        var answers = new StoredAnswers();
        answers.Keep("a", Answer(10, Now) with { Vary = [("Accept", "text/html")], Age = 5 });
        Assert.Equal(5 + 7, Find(answers, "a", 30, 7, "text/html")!.AgeAt(Now + TimeSpan.FromSeconds(7)));
        Assert.Null(Find(answers, "a", 30, 31, "text/html"));
        Assert.Null(Find(answers, "a", 30, 7, "application/json"));
        Assert.Null(Find(answers, "b", 30, 7, "text/html"));
        Assert.False(answers.Wants("a", Now + TimeSpan.FromSeconds(0.9)));
        Assert.True(answers.Wants("a", Now + TimeSpan.FromSeconds(1)) && answers.Wants("b", Now));
    }

    [Fact]
    public void Memory_is_bounded_and_the_oldest_goes_first()
    {
        var answers = new StoredAnswers(mostBytes: 100_000);
        for (var i = 0; i < 1000; i++) answers.Keep($"k{i}", Answer(i % 9000, Now));
        Assert.InRange(answers.Bytes, 50_000, 100_000);
        Assert.Null(Find(answers, "k0", 30, 1, ""));
        Assert.NotNull(Find(answers, "k999", 30, 1, ""));
        answers.Keep("k999", Answer(200_000, Now));
        Assert.Null(Find(answers, "k999", 30, 1, ""));
        var large = new StoredAnswers();
        large.Keep("x", Answer(StoredAnswers.LargestBody + 1, Now));
        Assert.Equal(0, large.Bytes);
    }

    [Fact]
    public void What_was_given_instead_is_told_once_when_it_begins_and_once_when_it_ends()
    {
        var counters = new DegradeCounters();
        Assert.Null(counters.News(Now));
        counters.CountOther();
        Assert.StartsWith("no backend is left", counters.News(Now));
        counters.CountStale();
        Assert.Null(counters.News(Now + TimeSpan.FromSeconds(4)));
        Assert.Null(counters.News(Now + TimeSpan.FromSeconds(8)));
        Assert.Equal("clients get its own answers again; 1 were another service's, 1 old and 0 fixed",
            counters.News(Now + TimeSpan.FromSeconds(9)));
        Assert.Null(counters.News(Now + TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void A_service_is_lost_only_when_no_backend_may_be_tried()
    {
        var service = Routed.Service(2);
        var counters = service.Counters.Degrade;
        foreach (var backend in service.Backends) backend.Counters.Eject(Now);
        Assert.Equal(TimeSpan.Zero, counters.WithoutBackend(service, Now));
        Assert.Equal(0.5, counters.WithoutBackend(service, Now + TimeSpan.FromSeconds(0.5)).TotalSeconds);
        // Its time is over: a request may see whether it is back.
        Assert.Equal(TimeSpan.Zero, counters.WithoutBackend(service, Now + TimeSpan.FromSeconds(2)));
        var none = service with { Backends = [] };
        Assert.Equal(TimeSpan.Zero, counters.WithoutBackend(none, Now + TimeSpan.FromSeconds(3)));
        Assert.Equal(1, counters.WithoutBackend(none, Now + TimeSpan.FromSeconds(4)).TotalSeconds);
    }

    private static StoredAnswer? Find(StoredAnswers answers, string key, int oldest, int at, string accept) =>
        answers.Find(key, TimeSpan.FromSeconds(oldest), Now + TimeSpan.FromSeconds(at),
            name => name == "Accept" ? accept : "");

    private static StoredAnswer Answer(int bytes, Instant at) => new([], new byte[bytes], [], at, 0);
}
