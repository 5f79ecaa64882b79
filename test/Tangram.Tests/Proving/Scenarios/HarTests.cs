using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Scenarios;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class HarTests
{
    private static string Entry(string at, int took, string url, int status = 200, string more = "",
        string type = "") =>
        $$"""
        {"startedDateTime": "2026-11-29T10:00:{{at}}Z", "time": {{took}}, "_resourceType": "{{type}}",
         "request": {"method": "GET", "url": "{{url}}", "headers": [{"name": ":authority", "value": "shop"},
          {"name": "Cookie", "value": "a=b"}, {"name": "Accept", "value": "text/html ${x}"}]{{more}} },
         "response": {"status": {{status}}, "content": {"mimeType": "text/html"} } }
        """;

    private static readonly string Session = "{\"log\": {\"entries\": [" + string.Join(",",
        Entry("05.500", 100, "http://shop/orders", 201, ", \"postData\": {\"text\": \"{}\"}").Replace("GET", "POST"),
        Entry("00.000", 500, "http://shop/"), Entry("00.100", 100, "http://shop/a.css", type: "stylesheet"),
        Entry("00.200", 10, "http://tracker/x"), Entry("00.300", 10, "data:text/plain,a"),
        Entry("00.400", 50, "http://shop/gone", 404)) + "]}}";

    private static (Scenario?, EquatableArray<Problem>, List<string>) Read(
        string text, bool assets = false, string? target = null)
    {
        var (problems, notes) = (new ProblemList(), new List<string>());
        var scenario = HarReader.Read(text, "session.har", problems, target, null, assets, notes);
        return (scenario, problems.InOrder(), notes);
    }

    [Fact]
    public void A_session_is_what_its_user_did_with_the_pauses_between()
    {
        var (scenario, _, notes) = Read(Session);
        Assert.Equal(["GET /", "GET /gone", "POST /orders"], scenario!.Requests.Select(r => r.Name));
        Assert.Equal(["status 2xx", "status 404", "status 2xx"], scenario.Requests.Select(r => r.Checks[0].Name));
        Assert.Equal("{}", scenario.Requests.Last().Body!.Text);
        // The second began while the first was under way; after 0.5 s everything had come.
        Assert.Equal(TimeSpan.FromSeconds(5), Assert.Single(
            scenario.Groups[0].Items.OfType<ScenarioItem.Rest>()).Think.Least);
        Assert.Equal("Accept", Assert.Single(scenario.Requests.First().Headers).Name.Text);
        Assert.True(scenario.Requests.First().Headers[0].Value.IsPlain);
        Assert.Equal(
            [
                "left out: 1 pictures, styles, scripts and fonts (--static asks for them)",
                "left out, because they are other servers': 1 to tracker",
            ], notes);
    }

    [Fact]
    public void Assets_and_another_server_are_a_choice()
    {
        var (scenario, _, _) = Read(Session, assets: true, target: "http://127.0.0.1:8080/");
        Assert.Equal(4, scenario!.Requests.Count());
        Assert.Equal("http://127.0.0.1:8080/a.css", scenario.Requests.ElementAt(1).Url.Text);
    }

    [Theory]
    [InlineData("{", "session.har:1:2: this is not JSON")]
    [InlineData("{}", "it has no log.entries")]
    [InlineData("{\"log\": {\"entries\": []}}", "no request to send")]
    public void What_is_no_recording_is_refused(string text, string why) =>
        Assert.Contains(why, string.Join('\n', Read(text).Item2));

    [Fact]
    public void Whatever_a_seed_makes_is_read_or_refused()
    {
        string[] pieces = ["{", "}", "[", "]", ",", ":", "null", "\"", "1e999", "-1", "\\ud800", "true", "0", "x", "{}",
            "[]"];
        for (var seed = 1UL; seed <= 5000; seed++)
        {
            var rng = new Rng(seed);
            var text = Session;
            for (var changes = 1 + rng.Next(3); changes > 0; changes--)
            {
                var at = rng.Next(text.Length);
                text = rng.Chance(0.5) ? text.Insert(at, pieces[rng.Next(pieces.Length)])
                    : text.Remove(at, Math.Min(1 + rng.Next(6), text.Length - at));
            }
            try
            {
                var (scenario, problems, _) = Read(text, assets: rng.Chance(0.5));
                Assert.True(scenario is null == problems.Count > 0, "a scenario beside errors, or neither");
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}\n{text}");
            }
        }
    }
}
