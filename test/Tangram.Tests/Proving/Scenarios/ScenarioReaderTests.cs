using System.Text;
using Tangram.Model;
using Tangram.Planning;
using Tangram.Proving.Scenarios;
using Tangram.Tests.Planning.Fuzzing;

namespace Tangram.Tests.Proving.Scenarios;

public sealed class ScenarioReaderTests(ITestOutputHelper output)
{
    /// <summary>Every key once.</summary>
    internal const string Whole = """
        name: shop
        target: http://127.0.0.1:8080/
        profile: { users: 500, ramp: 10s, duration: 30s }
        headers: { Accept: application/json }
        variables: { item: tea }
        data: { file: users.csv, columns: [user, pass], separator: ";", per: user, pick: random, seed: 3, end: stop }
        think: 1s..3s
        timeout: 5s
        cookies: false
        steps:
          - name: list
            path: /api/orders
            query: { item: "${item}" }
            checks:
              status: [200, 304]
              header: { content-type: json }
              body: { contains: [tea, cup], lacks: error, matches: "\\d+" }
              json: { "$[0].item": "${item}", "$[9]": { exists: false } }
              within: 500ms
            extract:
              id: { json: "$[0].id" }
              word: { regex: "(t\\w+)", match: random, default: none }
              place: { header: location, default: "" }
          - name: order
            method: put
            url: http://127.0.0.1:8081/api/orders/${id}
            headers: { x-request-id: "${__UUID}", accept: text/plain }
            body: '{"user": "${user}", "word": "${word}"}'
            think: 0
            timeout: 1s
            follow: true
          - path: /form
            form: { a: "b c" }
            once: true
        thresholds:
          http_req_duration: ["p(99)<200", "avg<50"]
          "http_req_duration{step:order}": "med<=20"
          http_req_failed: ["rate<0.01"]
          checks: ["rate>0.99"]
        """;

    private static (Scenario? Scenario, EquatableArray<Problem> Problems) Read(string text)
    {
        var problems = new ProblemList();
        var tree = YamlTree.Parse(text, "load.yaml", problems, "write steps");
        var scenario = tree is null ? null : ScenarioReader.Read(tree, "load.yaml", problems);
        if (scenario is not null)
            VariableChecks.Check(scenario, [.. scenario.Files.Select(file => (file, new DataTable(file.Columns ?? [],
                [])))],
                problems);
        return (problems.HasErrors ? null : scenario, problems.InOrder());
    }

    private static string Errors(string text) => string.Join('\n', Read(text).Problems);

    [Fact]
    public void Every_key_is_read()
    {
        var (scenario, problems) = Read(Whole);
        Assert.True(scenario is not null, string.Join('\n', problems));
        var group = Assert.Single(scenario!.Groups);
        Assert.Equal(500, group.Profile.Curve.Highest);
        Assert.Equal(TimeSpan.FromSeconds(30), group.Profile.Lasts);
        Assert.False(group.Cookies);
        var steps = scenario.Requests.ToList();
        Assert.Equal(["list", "order", "POST /form"], steps.Select(step => step.Name));
        Assert.Equal(["GET", "PUT", "POST"], steps.Select(step => step.Method));
        Assert.Equal("http://127.0.0.1:8080/api/orders", steps[0].Url.Text);
        Assert.Equal(
            ["status 200 or 304", "body tea, cup", @"body \d+", "body lacks error", "header content-type json",
                "within 500 ms", "json $[0].item ${item}", "json $[9] does not exist"],
            steps[0].Checks.Select(check => check.Name));
        Assert.Equal(["id", "word", "place"], steps[0].Extracts.Select(extract => extract.Name));
        Assert.Equal(["x-request-id", "accept"], steps[1].Headers.Select(header => header.Name.Text));
        Assert.Equal((true, TimeSpan.FromSeconds(1)), (steps[1].Follows, steps[1].Timeout));
        Assert.Equal("Send Rest Send Once", string.Join(' ', group.Items.Select(item => item.GetType().Name)));
        Assert.Equal(new ThinkSpec(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)),
            group.Items.OfType<ScenarioItem.Rest>().First().Think);
        Assert.Equal(["http_req_duration p(99)<200", "http_req_duration avg<50",
            "http_req_duration{step:order} med<=20",
            "http_req_failed rate<0.01", "checks rate>0.99"], scenario.Thresholds.Select(t => $"{t.Name} {t.Text}"));
        var file = Assert.Single(scenario.Files);
        Assert.Equal(("users.csv", ';', true, 3UL, true),
            (file.File, file.Separator, file.OncePerUser, file.Seed, file.EndsUsers));
    }

    [Theory]
    [InlineData("rate: 50, duration: 1m", "50..50 for 60")]
    [InlineData("rate: 50, ramp: 20s, duration: 1m", "0..50 for 20, 50..50 for 40")]
    [InlineData("rate: [10..20 5s, 20 1s]", "10..20 for 5, 20..20 for 1")]
    [InlineData("step: { from: 10, to: 30, by: 10, every: 5s }", "10..10 for 5, 20..20 for 5, 30..30 for 5")]
    [InlineData("spike: { base: 1, peak: 9, after: 5s, lasts: 2s, duration: 10s }",
        "1..1 for 5, 9..9 for 2, 1..1 for 3")]
    [InlineData("users: 3, iterations: 2", "3..3 for 86400")]
    public void A_profile_is_a_curve(string profile, string curve)
    {
        var (scenario, problems) = Read($"target: http://x\nprofile: {{ {profile} }}\nsteps: [ {{ path: / }} ]");
        Assert.True(scenario is not null, string.Join('\n', problems));
        Assert.Equal(curve, string.Join(", ", scenario!.Groups[0].Profile.Stages.Select(stage =>
            FormattableString.Invariant($"{stage.From}..{stage.To} for {stage.Lasts.TotalSeconds}"))));
    }

    [Theory]
    [InlineData("steps: [ { path: / } ]", "load.yaml:1:1: the scenario has no profile. write profile:")]
    [InlineData("profile: { rate: 1, duration: 1s }\nsteps: [ { path: / } ]",
        "load.yaml:2:18: the scenario has no target for this path. write target: http://HOST:PORT")]
    [InlineData("target: http://x\nprofile: { rate: 1, users: 2, duration: 1s }\nsteps: [ { path: / } ]",
        "load.yaml:2:10: the profile has rate and users. write one of")]
    [InlineData("target: http://x\nprofile: { rate: 1, duration: 1s }\nsteps: [ { path: /, chekcs: {} } ]",
        "load.yaml:3:21: 'chekcs' is not a key of a step. write 'checks'")]
    [InlineData("target: http://x\nprofile: { rate: 1, duration: 1s }\nsteps: [ { path: '/${no}' } ]",
        "load.yaml:3:18: nothing gives ${no} a value before this step. name it under variables")]
    [InlineData("target: http://x\nprofile: { rate: 1, duration: 1s }\nsteps: [ { path: '/${id}' }, " +
        "{ path: /, extract: " +
        "{ id: { header: x } } } ]", "load.yaml:3:18: nothing gives ${id} a value before this step")]
    [InlineData("target: http://x\nprofile: { rate: 1, duration: 1s }\nsteps: [ { path: / } ]\nthresholds: " +
        "{ http_req_duration: ['p(99)<fast'] }",
        "load.yaml:4:35: the threshold is 'p(99)<fast', which is not a bound such as")]
    [InlineData("target: http://x\nprofile: { rate: 1, duration: 1s }\nsteps: [ { path: /, name: order } ]\n" +
        "thresholds: " +
        "{ 'http_req_duration{step:ordr}': ['p(99)<1'] }",
            "load.yaml:4:15: there is no step named 'ordr'. write order")]
    [InlineData("target: http://x\nprofile: { rate: 1, duration: 1s }\nsteps: [ { path: /, checks: { json: " +
        "{ '$.a[?(1)]': 1 } } } ]", "is a JSON path which has a filter")]
    [InlineData("target: http://x\nprofile: { users: 1, arrivals: poisson, duration: 1s }\nsteps: [ { path: / } ]",
        "load.yaml:2:32: 'arrivals' does not go with users")]
    public void What_is_wrong_is_told_with_its_place_and_remedy(string text, string error) =>
        Assert.Contains(error, Errors(text));

    [Theory]
    [InlineData("http_req_duration", "p(99.9)<200", true)]
    [InlineData("http_req_duration", "rate<1", false)]
    [InlineData("http_req_failed", "rate<0.01", true)]
    [InlineData("http_req_failed", "p(9)<1", false)]
    [InlineData("http_reqs", "count>=100", true)]
    [InlineData("http_reqs", "rate > 10.5", true)]
    [InlineData("checks", "rate===1", true)]
    [InlineData("http_req_duration", "p(101)<1", false)]
    [InlineData("http_req_duration", "avg", false)]
    public void A_threshold_is_k6s(string metric, string text, bool known) =>
        Assert.Equal(known, Threshold.TryRead(ThresholdMetric.Find(metric)!, null, text, out _) is not null);

    [Fact]
    public void A_threshold_holds_up_to_its_bound_and_not_without_a_measurement()
    {
        var threshold = Threshold.TryRead(ThresholdMetric.Find("http_req_duration")!, "a", "p(99)<200", out _)!;
        Assert.True(ThresholdResult.Of(threshold, 199.9).Held);
        Assert.False(ThresholdResult.Of(threshold, 200).Held);
        Assert.False(ThresholdResult.Of(threshold, null).Held);
        Assert.Equal("http_req_duration{step:a} p(99)<200: 199.9", $"{ThresholdResult.Of(threshold, 199.9)}");
    }

    /// <summary>As the Compose reader's fuzzer: changes to the tree and to the bytes of a whole scenario.</summary>
    [Fact]
    public void Whatever_a_seed_makes_is_read_or_refused()
    {
        var whole = Node.Of(YamlTree.Parse(Whole, "", new ProblemList())!);
        var read = 0;
        for (var seed = 1UL; seed <= 4000; seed++)
        {
            var rng = new Rng(seed);
            var root = whole.Copy();
            var mutator = new TreeMutator(rng, [whole]);
            for (var changes = 1 + rng.Next(4); changes > 0; changes--) mutator.Change(root);
            var text = root.Print(flow: rng.Chance(0.3));
            try
            {
                var (scenario, problems) = Read(text);
                Assert.True(scenario is null == problems.Any(p => p.Severity == Severity.Error),
                    "a scenario beside errors");
                Assert.All(problems, problem => Assert.True(
                    problem is { What.Length: > 0 and < 1000, Remedy.Length: > 0 and < 1000 }
                    && problem.Place.Line <= text.Split('\n').Length + 1, $"{problem}"));
                if (scenario is not null) read++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}\n{text[..Math.Min(text.Length, 3000)]}");
            }
        }
        output.WriteLine($"{read} of 4000 are read");
        Assert.InRange(read, 100, 3900);
    }
}
