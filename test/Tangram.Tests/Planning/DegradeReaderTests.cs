using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class DegradeReaderTests
{
    [Fact]
    public void Without_keys_zones_count_and_nothing_is_degraded() =>
        Assert.Equal((false, null), (Yaml.Web("x-tangram: { probe: tcp }").Traffic.ZoneBlind,
            Yaml.Web("x-tangram: { probe: tcp }").Traffic.Degrade));

    [Fact]
    public void Every_form_is_read()
    {
        var files = new MemoryFiles
        {
            ["compose.yaml"] = """
                services:
                  web:
                    command: [serve]
                    x-tangram:
                      probe: tcp
                      zone_aware: false
                      degrade:
                        { zone_latency: 300ms, to: lite, stale: 30s, response: { status: 200, file: sorry.html } }
                  lite:
                    command: [serve]
                    x-tangram:
                      probe: tcp
                      degrade: { zone_latency: off, response: { body: "{}", type: application/json } }
                  old:
                    command: [serve]
                    x-tangram: { probe: tcp, balance: { hash: client }, degrade: { to: lite } }
                """,
            ["sorry.html"] = "<p>later</p>",
        };
        var answer = files.Read(["compose.yaml"]);
        Assert.True(answer.Spec is not null, string.Join('\n', answer.Problems));
        TrafficSpec Of(string name) => answer.Spec!.Find(ServiceName.Of(name))!.Traffic;
        Assert.True(Of("web").ZoneBlind);
        Assert.Equal(new DegradeSpec
        {
            ZoneLatency = TimeSpan.FromMilliseconds(300), To = ServiceName.Of("lite"),
            Stale = TimeSpan.FromSeconds(30),
            Response = new FixedAnswerSpec(200, "text/html; charset=utf-8", "<p>later</p>"),
        }, Of("web").Degrade);
        Assert.Equal(new DegradeSpec { Response = new FixedAnswerSpec(503, "application/json", "{}") },
            Of("lite").Degrade);
        Assert.Equal(new DegradeSpec { To = ServiceName.Of("lite") }, Of("old").Degrade);
        Assert.Contains("file: \"/srv/shop/sorry.html\"", answer.Resolved!());
    }

    [Fact]
    public void The_usual_limit_is_half_a_second_and_what_is_stored_comes_back_as_it_was()
    {
        var spec = Yaml.Spec(Yaml.WebFile("x-tangram: { probe: tcp, zone_aware: false, degrade: { stale: 1m } }"));
        Assert.Equal(TimeSpan.FromMilliseconds(500), spec.Services[0].Traffic.Degrade!.ZoneLatency);
        Assert.Equal(spec, Json.Read<ClusterSpec>(Json.Write(spec)));
    }

    [Theory]
    [InlineData("to: other", "'to' names 'other', which is not in the file")]
    [InlineData("to: rin", "write 'ring'")]
    [InlineData("to: web", "'to' leads from 'web' over 'web' back to 'web'")]
    [InlineData("to: job", "'to' names 'job', which takes no requests")]
    [InlineData("to: ring", "'to' leads from 'web' over 'ring' back to 'web'")]
    [InlineData("zone_latency: 11s", "'zone_latency' is longer than 10s")]
    [InlineData("stale: 25h", "'stale' is longer than 24h")]
    [InlineData("response: { status: 99 }", "'status' is '99'")]
    [InlineData("response: { type: html }", "'type' is 'html', which is no media type")]
    [InlineData("response: { body: a, file: b }", "'file' and 'body' exclude each other")]
    [InlineData("response: { file: missing.html }", "missing.html: there is no such file")]
    public void What_is_wrong_is_told(string degrade, string told)
    {
        var errors = Yaml.Errors(Yaml.WebFile($"x-tangram: {{ probe: tcp, degrade: {{ {degrade} }} }}") + """
              job: { command: [once] }
              ring: { command: [serve], x-tangram: { probe: tcp, degrade: { to: web } } }

            """);
        Assert.Contains(errors, e => e.ToString().Contains(told, StringComparison.Ordinal));
        Assert.All(errors, e => Assert.True(e.Place.Line is 4 or 6));
    }

    [Fact]
    public void A_limit_for_zones_and_a_key_exclude_each_other() => Assert.Contains(
        "'zone_latency' and the balance hash or first exclude each other",
        Yaml.WebError("x-tangram: { probe: tcp, balance: first, degrade: { zone_latency: 1s } }"));
}
