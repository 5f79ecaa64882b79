using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class RecordsReaderTests
{
    private static string Gateway(string gateway) => $$"""
        services: { web: { command: [serve], ports: ["9000:80"] } }
        x-tangram: { gateway: { {{gateway}} } }
        """;

    [Fact]
    public void Nothing_is_noted_unless_it_is_asked_for()
    {
        var spec = Yaml.Spec(Gateway(""));
        Assert.Null(spec.AccessLog);
        Assert.Null(spec.GatewayMetrics);
        Assert.Equal(TraceStart.Sampled, spec.TraceStart);
        Assert.Null(Yaml.Spec(Gateway("access_log: false")).AccessLog);
    }

    [Fact]
    public void A_log_is_true_or_a_path_or_the_long_form()
    {
        Assert.Equal(new AccessLogSpec(), Yaml.Spec(Gateway("access_log: true")).AccessLog);
        Assert.Equal(new AccessLogSpec { Path = "/srv/shop/logs/own.log" },
            Yaml.Spec(Gateway("access_log: logs/own.log")).AccessLog);
        Assert.Equal(new AccessLogSpec { Path = "/var/log/a.log", Format = AccessLogFormat.Combined, Query = true },
            Yaml.Spec(Gateway("access_log: { format: combined, path: /var/log/a.log, query: true }")).AccessLog);
    }

    [Fact]
    public void All_of_it_is_stored()
    {
        var spec = Yaml.Spec(Gateway(
            "access_log: { format: combined }, metrics: 'http://127.0.0.1:9101', trace: unsampled"));
        Assert.Equal(("http://127.0.0.1:9101", TraceStart.Unsampled), (spec.GatewayMetrics, spec.TraceStart));
        Assert.Equal(spec, Json.Read<Revision>(Json.Write(new Revision { Number = 1, Spec = spec })).Spec);
    }

    [Fact]
    public void A_file_of_another_folder_keeps_its_paths()
    {
        foreach (var (log, spec) in new[]
        {
            ("own.log", new AccessLogSpec { Path = "/srv/shop/sub/own.log" }), ("true", new AccessLogSpec()),
            ("{ path: own.log }", new AccessLogSpec { Path = "/srv/shop/sub/own.log" }),
        })
        {
            var files = new MemoryFiles { ["sub/compose.yaml"] = Gateway($"access_log: {log}") };
            var answer = files.Read(["sub/compose.yaml"]);
            Assert.Equal(spec, answer.Spec!.AccessLog);
            var again = new MemoryFiles { ["else/compose.yaml"] = answer.Resolved!() }.Read(["else/compose.yaml"]);
            Assert.Equal(spec, again.Spec!.AccessLog);
        }
    }

    [Fact]
    public void The_example_of_the_page_is_read()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "observing.md"));
        var spec = Yaml.Spec(page.Split("```yaml\n")[1].Split("```")[0]);
        Assert.Equal("/var/log/tangram/access.jsonl", spec.AccessLog?.Path);
        Assert.Equal("http://127.0.0.1:9101", spec.GatewayMetrics);
    }

    [Theory]
    [InlineData("access_log: [a]", "takes one value and is a list")]
    [InlineData("access_log: ~/own.log", "no shell replaces the ~")]
    [InlineData("access_log: { format: xml }", "which is not honoured")]
    [InlineData("access_log: { fields: [a] }", "is not a key of x-tangram.gateway.access_log")]
    [InlineData("metrics: 127.0.0.1:9101", "where nobody can ask for them")]
    [InlineData("metrics: 'https://127.0.0.1:9101'", "where nobody can ask for them")]
    [InlineData("metrics: 'http://127.0.0.1:9101/metrics'", "where nobody can ask for them")]
    [InlineData("metrics: 'http://127.0.0.1:8080'", "8080")]
    [InlineData("metrics: 'http://*:9000'", "9000")]
    [InlineData("trace: always", "which is not honoured")]
    public void Refuses_what_cannot_be_meant(string gateway, string says) =>
        Assert.Contains(says, Assert.Single(Yaml.Errors(Gateway(gateway))).What, StringComparison.Ordinal);
}
