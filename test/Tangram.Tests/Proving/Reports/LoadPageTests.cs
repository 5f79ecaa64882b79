using System.Xml.Linq;
using Tangram.Model;
using Tangram.Proving;
using Tangram.Proving.Reports;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Reports;

public sealed class LoadPageTests(ITestOutputHelper output)
{
    private const string Hostile = "</title><script>alert('x')</script>\" onload=\"y\" &amp; \u202Egnp.exe \0 \uD800";

    private static TimeSpan Ms(double count) => TimeSpan.FromMilliseconds(count);

    private static readonly LatencySummary Summary = new()
    {
        Count = 1000, Mean = Ms(3), P50 = Ms(2), P90 = Ms(5), P99 = Ms(40), P999 = Ms(90), Max = Ms(950),
    };

    internal static LoadSecond Second(int second, long ok = 50, long bad = 0) =>
        new(second, ok + bad, ok, bad, bad, 0, Ms(20 + second % 7)) { P50 = Ms(2), P99 = Ms(9) };

    private static LoadCounts Counts(string name) => new()
    {
        Name = name, Sent = 1000, Ok = 990, NonSuccess = 6, Failed = 4, Abandoned = 0, Elsewhere = 0, Statuses = [],
        Troubles = [new LoadTrouble(Hostile, 10, Ms(1), Ms(9))], Latency = Summary, Uncorrected = Summary,
    };

    private static LoadResult Result(IEnumerable<LoadSecond> seconds, string name = "http://shop/") => new()
    {
        Run = "abc", StartedAt = DateTimeOffset.UnixEpoch, Url = name, Rate = 50, Offered = 50, Elapsed = Ms(1000),
        Planned = 1000, MostInFlight = 3, Total = Counts("all"), Classes = [Counts(name)], BadSafe = 0,
        Seconds = seconds.ToEquatableArray(), Lateness = Summary,
        Examples = [new LoadExample(name, 7, Ms(1), Ms(2), Hostile, Hostile)], Interrupted = false,
        Verdict = new(LoadRuling.Failed, Hostile),
        Distribution = LatencyPoint.Percentiles(1000).Select(p => new LatencyPoint(p, Ms(1 + p), Ms(1)))
            .ToEquatableArray(),
    };

    /// <summary>The page is written so that any reader of XML can tell whether it is whole.</summary>
    internal static XElement Parsed(string page)
    {
        var xml = System.Text.RegularExpressions.Regex.Replace(page, "<meta [^>]*>", "")
            .Replace("<!DOCTYPE html>", "", StringComparison.Ordinal);
        return XElement.Parse(xml);
    }

    [Fact]
    public void Whatever_a_server_or_an_author_says_is_text()
    {
        var result = Result([Second(0)], Hostile) with
        {
            Scenario = new ScenarioResult
            {
                Name = Hostile, MostUsers = 1, Iterations = 1, Stopped = 0, Interrupted = 0, Dropped = 0,
                Iteration = Summary, Parts = [new(Hostile, Summary)], Checks = [new(Hostile, Hostile, 1, 1)],
                Thresholds = [], Notes = [Hostile],
            },
        };
        var page = LoadPage.Of(result);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u202E', page);
        Assert.DoesNotContain('\0', page);
        Assert.Contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;", page, StringComparison.Ordinal);
        var all = Parsed(page).DescendantsAndSelf().ToList();
        Assert.DoesNotContain(all, e => e.Name.LocalName is "script" or "img" or "link" or "iframe" or "a");
        Assert.DoesNotContain(all.Attributes(), a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal)
            || a.Name.LocalName is "href" or "src" or "style");
        Assert.Distinct(all.Attributes("id").Select(a => a.Value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(61)]
    [InlineData(86_400)]
    public void A_second_and_a_day_make_a_page_of_bounded_size_that_hides_no_failure(int seconds)
    {
        var all = Enumerable.Range(0, seconds).Select(s => Second(s, bad: s == seconds - 1 ? 1 : 0));
        var page = LoadPage.Of(Result(all));
        output.WriteLine($"{seconds} s: {page.Length} characters");
        Assert.InRange(page.Length, 5_000, 150_000);
        var parsed = Parsed(page);
        Assert.NotEmpty(parsed.Descendants("path").Single(p => (string?)p.Attribute("class") == "bar "
            && (string?)p.Attribute("d") != "M2 6H28").Attribute("d")!.Value);
        Assert.InRange(parsed.Descendants("details").Descendants("tr").Count() - 1, 1, TimeSlots.MostSlots);
    }

    [Fact]
    public void Slots_add_up_to_the_run_and_show_the_worst_of_latency()
    {
        var seconds = Enumerable.Range(0, 1000).Where(s => s is < 300 or > 420)
            .Select(s => Second(s, bad: s % 250 == 0 ? 3 : 0)).ToList();
        var slots = TimeSlots.Of(seconds, shift: 0.5);
        Assert.Equal(5, slots.Length);
        Assert.Equal(seconds.Sum(s => s.Bad), slots.All.Sum(s => s.Bad));
        Assert.Equal(seconds.Sum(s => s.Ok), slots.All.Sum(s => s.Ok * (s.To - s.From)), 6);
        Assert.Equal((0.5, 5.5, 3L), (slots.All[0].From, slots.All[0].To, slots.All[0].BadMost));
        Assert.Equal((0.0, null), (slots.All[70].Asked, slots.All[70].Most));
        Assert.Equal(24, slots.All[0].Most);
    }

    [Fact]
    public void Every_picture_says_what_it_shows_and_no_chart_is_without_its_table()
    {
        var parsed = Parsed(LoadPage.Of(Result(Enumerable.Range(0, 20).Select(s => Second(s)))));
        foreach (var picture in parsed.Descendants("svg").Where(s => (string?)s.Attribute("role") == "img"))
        {
            var names = picture.Attribute("aria-labelledby")!.Value.Split(' ');
            Assert.All(names, id => Assert.NotEmpty(
                picture.Descendants().Single(e => (string?)e.Attribute("id") == id).Value));
        }
        Assert.All(parsed.Descendants("svg").Where(s => (string?)s.Attribute("role") != "img"),
            s => Assert.Equal("true", (string?)s.Attribute("aria-hidden")));
        Assert.Equal(2, parsed.Descendants("svg").Count(s => (string?)s.Attribute("role") == "img"));
        Assert.True(parsed.Descendants("table").Count() >= 4);
    }

    [Fact]
    public void A_run_in_which_nothing_was_answered_has_a_page_too()
    {
        var nothing = Result([]) with
        {
            Distribution = [], Total = Counts("all") with { Latency = LatencySummary.Empty },
        };
        Assert.Contains("Nothing was answered.", LoadPage.Of(nothing), StringComparison.Ordinal);
    }
}
