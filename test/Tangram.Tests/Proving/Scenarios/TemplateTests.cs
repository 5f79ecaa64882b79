using Tangram.Model;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class TemplateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 17, 4, 5, 678, TimeSpan.Zero);

    private static ScenarioUser User(int number = 7) => new(number, new Rng(1), new ScenarioTable(
        new Dictionary<string, string> { ["item"] = "tea" }, new Dictionary<string, string> { ["host"] = "shop" }));

    private static string Expand(string text, ScenarioUser? user = null) =>
        Template.Parse(text, out var wrong)?.Expand(user ?? User(), Now) ?? wrong;

    [Theory]
    [InlineData("", "")]
    [InlineData("a ${item} b", "a tea b")]
    [InlineData("${item}${item}", "teatea")]
    [InlineData("${nothing}", "${nothing}")]
    [InlineData(@"\${item} \n $5 {}", @"${item} \n $5 {}")]
    [InlineData("${__P(host,x)}", "shop")]
    [InlineData("${__P(port,80)}", "80")]
    [InlineData("${__P(port)}", "1")]
    [InlineData("${__property(port,,81)}", "81")]
    [InlineData("${__threadNum}/${__threadNum()}", "7/7")]
    [InlineData("${__time}", "1795971845678")]
    [InlineData("${__time(/1000)}", "1795971845")]
    [InlineData("${__time(yyyy-MM-dd'T'HH:mm:ss.SSS)}", "2026-11-29T17:04:05.678")]
    [InlineData("${__P(none,${__P(host)})}", "shop")]
    [InlineData(@"${__P(none,a\,b)}", "a,b")]
    [InlineData("${__urlencode(a b/ü)}", "a%20b%2F%C3%BC")]
    [InlineData("${__Random(3,3)}", "3")]
    public void Says(string text, string expanded) => Assert.Equal(expanded, Expand(text));

    [Theory]
    [InlineData("${item", "is not closed")]
    [InlineData("${}", "names no variable")]
    [InlineData("${__nothing(1)}", "__nothing is a function that is not known")]
    [InlineData("${__Random(1)}", "__Random takes the least")]
    [InlineData("${__P(a", "is not closed")]
    public void Is_refused(string text, string why)
    {
        Assert.Null(Template.Parse(text, out var wrong));
        Assert.Contains(why, wrong);
    }

    [Fact]
    public void Chance_is_the_users_own_and_repeats_by_its_seed()
    {
        const string Text = "${__UUID} ${__Random(1,1000000)} ${__RandomString(8)}";
        Assert.Equal(Expand(Text), Expand(Text));
        var user = User();
        Assert.NotEqual(Expand(Text, user), Expand(Text, user));
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} ", Expand(Text));
    }

    [Fact]
    public void Functions_keep_what_they_gave()
    {
        var user = User();
        Assert.Equal("1 2 2", Expand("${__counter(TRUE)} ${__counter(TRUE,n)} ${n}", user));
        Assert.Equal("1", Expand("${__counter(FALSE)}", user));
        var id = Expand("${__Random(1,1000000,id)}", user);
        Assert.Equal(id, Expand("${id}", user));
    }

    [Fact]
    public void What_was_set_wins_over_data_and_data_over_variables()
    {
        var user = User();
        user.Take(["item", "id"], ["cup", "4"]);
        Assert.Equal("cup 4", Expand("${item} ${id}", user));
        user.Set("item", "kettle");
        Assert.Equal("kettle 4", Expand("${item} ${id}", user));
        user.Take(["id"], ["5"]);
        Assert.Equal("5", Expand("${id}", user));
    }

    [Fact]
    public void Whatever_a_seed_makes_is_a_template_or_refused_and_expands()
    {
        string[] pieces =
        [
            "${", "}", "{", "$", "\\", ",", "(", ")", "__", "item", "${__P(", "${__time(", "yyyy", "'", "${__UUID}",
            "${__Random(1,", "9223372036854775807", "-9223372036854775808", "${__RandomString(", "99999999999", "\0",
            "${__counter(TRUE,", "${__time(%", "ü", "\ud800", " ", "/0", "${__urlencode(\ud800)}",
        ];
        for (var seed = 1UL; seed <= 20_000; seed++)
        {
            var rng = new Rng(seed);
            var text = string.Concat(Enumerable.Range(0, rng.Next(12)).Select(_ => pieces[rng.Next(pieces.Length)]));
            try
            {
                if (Template.Parse(text, out var wrong) is not { } template) Assert.NotEmpty(wrong);
                else Assert.True(template.Expand(User(), Now).Length < 1_000_000);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {text}: {e}");
            }
        }
    }
}
