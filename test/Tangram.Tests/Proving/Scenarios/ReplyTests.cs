using System.Text.Json;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class ReplyTests
{
    private const string Shop = """
        {"items": [{"id": 1, "item": "tea"}, {"id": 2, "item": "cup", "more": {"id": 9}}], "a.b": true, "n": null}
        """;

    private static readonly ScenarioUser User = new(1, new Rng(1),
        new ScenarioTable(new Dictionary<string, string> { ["want"] = "tea" }, new Dictionary<string, string>()));

    private static Reply Answer(string body = Shop, int status = 200) =>
        new(status, "OK", [new LoadHeader("Content-Type", "application/json"), new LoadHeader("X-Id", "a7")], body);

    private static string Find(string path)
    {
        using var json = JsonDocument.Parse(Shop);
        return string.Join(' ', JsonPath.TryMake(path, out var wrong)?.Find(json.RootElement) ?? [wrong]);
    }

    [Theory]
    [InlineData("$.items[0].item", "tea")]
    [InlineData("$.items[-1].item", "cup")]
    [InlineData("$['items'][1]['id']", "2")]
    [InlineData("$.items[*].id", "1 2")]
    [InlineData("$..id", "1 2 9")]
    [InlineData("$.items..item", "tea cup")]
    [InlineData("$['a.b']", "true")]
    [InlineData("$.n", "null")]
    [InlineData("$.items[1].more", "{\"id\": 9}")]
    [InlineData("$.items[5].id", "")]
    [InlineData("$.items.id", "")]
    [InlineData("items", "which does not begin with $")]
    [InlineData("$.items[?(@.id==1)]", "which has a filter or a slice: those are not known here")]
    [InlineData("$.items[", "which is not a JSON path at its character 8")]
    [InlineData("$.", "which is not a JSON path at its character 3")]
    public void A_path_finds(string path, string found) => Assert.Equal(found, Find(path));

    [Fact]
    public void Checks_hold_or_say_what_is_wrong()
    {
        Assert.Null(Wrong(new ReplySource.Status(), TextTestKind.InRange, "2xx"));
        Assert.Equal("x: is '300-399', and it is '200'",
            Wrong(new ReplySource.Status(), TextTestKind.InRange, "300-399"));
        Assert.Null(Wrong(new ReplySource.Body(), TextTestKind.Contains, "${want}"));
        Assert.Null(Wrong(new ReplySource.Header("x-id"), TextTestKind.Matches, "a\\d"));
        Assert.Equal("x: matches 'a', and it is 'a7'",
            Wrong(new ReplySource.Header("x-id"), TextTestKind.Matches, "a"));
        Assert.Equal("x: there is no header x-no", Wrong(new ReplySource.Header("x-no"), TextTestKind.Finds, "a"));
        Assert.Null(Wrong(Json("$.items[*].item"), TextTestKind.Equals, "cup"));
        Assert.Equal("x: there is nothing at $.no", Wrong(Json("$.no"), TextTestKind.Equals, "cup"));
        Assert.Equal("x: the body is not JSON", new Check("x", Json("$.a"), []).Wrong(Answer("<a>"), User, default));
        Assert.Null((new Check("x", new ReplySource.Body(), [new(TextTestKind.Contains, Template.Plain("coffee"))])
            { Not = true }).Wrong(Answer(), User, default));

        static string? Wrong(ReplySource source, TextTestKind kind, string wanted) =>
            new Check("x", source, [new(kind, Template.Parse(wanted, out _)!)]).Wrong(Answer(), User, default);
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(500.1, false)]
    public void An_answer_may_have_to_come_in_time(double milliseconds, bool holds)
    {
        var reply = new Reply(200, "OK", [], null) { Took = TimeSpan.FromMilliseconds(milliseconds) };
        Assert.Equal(holds, Check.Within(TimeSpan.FromMilliseconds(500)).Wrong(reply, User, default) is null);
    }

    [Fact]
    public void Of_several_tests_all_must_hold_or_any()
    {
        EquatableArray<TextTest> tests =
            [new(TextTestKind.Contains, Template.Plain("tea")), new(TextTestKind.Contains, Template.Plain("coffee"))];
        var check = new Check("x", new ReplySource.Body(), tests);
        Assert.NotNull(check.Wrong(Answer(), User, default));
        Assert.Null((check with { Any = true }).Wrong(Answer(), User, default));
        Assert.NotNull((check with { Not = true }).Wrong(Answer(), User, default));
    }

    [Fact]
    public void What_is_extracted_is_known_to_later_steps()
    {
        var user = new ScenarioUser(1, new Rng(1),
            new ScenarioTable(new Dictionary<string, string>(), new Dictionary<string, string>()));
        Take(new Extract("id", Json("$.items[*].id")) { Match = 2 });
        Take(new Extract("word", new ReplySource.Body()) { Pattern = "\"item\": \"(\\w)(\\w+)\"", Form = "$2$-$1$" });
        Take(new Extract("all", Json("$..id")) { Match = Extract.All });
        Take(new Extract("none", Json("$.no")) { Default = "0" });
        Assert.Equal(("2", "ea-t", "9", "3", "0"),
            (user.Find("id"), user.Find("word"), user.Find("all_3"), user.Find("all_matchNr"), user.Find("none")));
        Assert.False(new Extract("id", Json("$.no")).Take(Answer(), user));
        Assert.Equal("2", user.Find("id"));

        void Take(Extract extract) => Assert.True(extract.Take(Answer(), user));
    }

    [Fact]
    public void A_judgement_tells_a_status_from_other_checks_and_stops_for_want_of_a_variable()
    {
        var request = new RequestSpec
        {
            Name = "a", Method = "GET", Url = Template.Plain("http://x/"),
            Checks =
            [
                new("404", new ReplySource.Status(), [new(TextTestKind.InRange, Template.Plain("404"))]),
                new("tea", new ReplySource.Body(), [new(TextTestKind.Contains, Template.Plain("tea"))]),
            ],
            Extracts = [new Extract("id", Json("$.no")) { Needed = true }],
        };
        var good = Judgement.Of(request with { Extracts = [] }, Answer(status: 404), User, default);
        Assert.True(good.Of(LoadOutcome.Answered(404)).Ok);
        var status = Judgement.Of(request with { Extracts = [] }, Answer(), User, default);
        Assert.Equal((false, "false,true"), (status.Of(LoadOutcome.Answered(200)).Ok,
            string.Join(',', status.Held).ToLowerInvariant()));
        Assert.Null(status.Of(LoadOutcome.Answered(200)).Failure);
        var body = Judgement.Of(request, Answer("{}", 404), User, default);
        Assert.Equal((LoadFailure.Check, true), (body.Of(LoadOutcome.Answered(404)).Failure, body.Stops));
    }

    [Fact]
    public void Without_an_answer_defaults_hold_and_what_is_needed_stops()
    {
        var request = new RequestSpec
        {
            Name = "a", Method = "GET", Url = Template.Plain("http://x/"),
            Extracts = [new Extract("id", Json("$.id")) { Default = "none" }],
        };
        var user = User;
        user.Set("id", "of the iteration before");
        Assert.False(Judgement.Unanswered(request, user).Stops);
        Assert.Equal("none", user.Find("id"));
        request = request with { Extracts = [new Extract("id", Json("$.id")) { Needed = true }] };
        Assert.True(Judgement.Unanswered(request, user).Stops);
    }

    [Fact]
    public void Whatever_a_seed_makes_is_a_path_or_refused()
    {
        string[] pieces = ["$", ".", "..", "[", "]", "'", "\"", "*", "a", "-1", "99999999999", "?", "@", ":", "", " "];
        using var json = JsonDocument.Parse(Shop);
        for (var seed = 1UL; seed <= 20_000; seed++)
        {
            var rng = new Rng(seed);
            var text = "$" + string.Concat(Enumerable.Range(0, rng.Next(9)).Select(_ =>
                pieces[rng.Next(pieces.Length)]));
            try
            {
                if (JsonPath.TryMake(text, out var wrong) is { } path) path.Find(json.RootElement);
                else Assert.NotEmpty(wrong);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {text}: {e}");
            }
        }
    }

    [Fact]
    public void A_pattern_that_would_never_end_does()
    {
        var text = new string('a', 100_000) + "b";
        var pattern = ReplyPattern.TryMake("(?=x?)(a+)+$", out _)!;
        Assert.False(pattern.Holds(text));
        Assert.Empty(pattern.Matches(text, 10));
    }

    private static ReplySource.Json Json(string path) => new(JsonPath.TryMake(path, out _)!);
}
