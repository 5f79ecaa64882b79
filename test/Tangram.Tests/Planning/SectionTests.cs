using Tangram.Model;
using Tangram.Planning;

namespace Tangram.Tests.Planning;

/// <summary>The table of keys and the reader are held together: a key that the table honours is really looked at, and
/// one that it refuses is refused with the table's own remedy.</summary>
public sealed class SectionTests
{
    private static readonly string[] Files =
    [
        "{ services: { s: { command: x } },\n KEY }",
        "{ services: { s: { command: x } }, x-tangram: {\n KEY } }",
        "{ services: { s: { command: x } }, x-tangram: { objectives: {\n KEY } } }",
        "{ services: { s: { command: x } }, x-tangram: { gateway: {\n KEY } } }",
        "{ services: { s: { command: x } }, x-tangram: { gateway: { certificates: [ {\n KEY } ] } } }",
        "{ services: { s: { command: x } }, x-tangram: { gateway: { limits: {\n KEY } } } }",
        "{ services: { s: { command: x } }, x-tangram: { gateway: { tcp: [ {\n KEY } ] } } }",
        "{ services: { s: { command: x } }, x-tangram: { drills: [ {\n KEY } ] } }",
        "{ services: { s: { command: x } }, include: [ {\n KEY } ] }",
        "{ services: { s: { command: x } }, configs: { c: {\n KEY } } }",
        "{ services: { s: { command: x } }, secrets: { c: {\n KEY } } }",
        "{ services: { s: { command: x } }, volumes: { c: {\n KEY } } }",
        "{ services: { s: { command: x } }, networks: { c: {\n KEY } } }",
        Service("\n KEY"),
        Service("extends: {\n KEY }"),
        Service("env_file: {\n KEY }"),
        Service("ports: [ {\n KEY } ]"),
        Service("volumes: [ {\n KEY } ]"),
        Service("volumes: [ { volume: {\n KEY } } ]"),
        Service("configs: [ {\n KEY } ]"),
        Service("networks: { c: {\n KEY } }"),
        Service("ulimits: { nofile: {\n KEY } }"),
        Service("healthcheck: {\n KEY }"),
        Service("depends_on: { s: {\n KEY } }"),
        Service("deploy: {\n KEY }"),
        Service("deploy: { placement: {\n KEY } }"),
        Service("deploy: { placement: { preferences: [ {\n KEY } ] } }"),
        Service("deploy: { resources: {\n KEY } }"),
        Service("deploy: { resources: { limits: {\n KEY } } }"),
        Service("deploy: { resources: { reservations: {\n KEY } } }"),
        Service("deploy: { restart_policy: {\n KEY } }"),
        Service("deploy: { update_config: {\n KEY } }"),
        Service("deploy: { rollback_config: {\n KEY } }"),
        Service("x-tangram: {\n KEY }"),
        Service("x-tangram: { balance: {\n KEY } }"),
        Service("x-tangram: { breaker: {\n KEY } }"),
        Service("x-tangram: { admission: {\n KEY } }"),
        Service("deploy: { mode: replicated-job }, x-tangram: { schedule: {\n KEY } }"),
        Service("x-tangram: { forecast: {\n KEY } }"),
        Service("x-tangram: { degrade: {\n KEY } }"),
        Service("x-tangram: { degrade: { response: {\n KEY } } }"),
        Service("x-tangram: { route: {\n KEY } }"),
        "{ services: { s: { command: x } }, x-tangram: { gateway: { routes: [ {\n KEY } ] } } }",
        Service("x-tangram: { route: { header: { a: {\n KEY } } } }"),
        Service("x-tangram: { route: { redirect: {\n KEY } } }"),
        Service("x-tangram: { route: { split: {\n KEY } } }"),
        Service("x-tangram: { route: { rate_limit: {\n KEY } } }"),
        Service("x-tangram: { route: { rate_limit: { by: {\n KEY } } } }"),
        Service("x-tangram: { route: { mirror: {\n KEY } } }"),
        Service("x-tangram: { route: { request_headers: {\n KEY } } }"),
    ];

    private static string Service(string body) => "{ services: { s: { " + body + " } } }";

    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, Sections.All.Count)];

    private static IEnumerable<Problem> InLineTwo(int section, string entry) =>
        Yaml.Read(Files[section].Replace("KEY", entry)).Problems.Where(problem => problem.Place.Line == 2);

    [Theory, MemberData(nameof(Indexes))]
    public void Every_honoured_key_is_looked_at(int section)
    {
        foreach (var key in Sections.All[section].Keys.Where(key => key.Honoured))
        {
            var problems = InLineTwo(section, $"{key.Name}: [[]]").ToList();
            Assert.True(problems.Count > 0, $"{Sections.All[section].Title}: {key.Name} is not looked at");
            Assert.DoesNotContain(problems, problem => problem.What.Contains("is not a key of"));
        }
    }

    [Theory, MemberData(nameof(Indexes))]
    public void Every_refused_key_is_refused_with_the_remedy_of_the_table(int section)
    {
        foreach (var key in Sections.All[section].Keys.Where(key => !key.Honoured))
        {
            var problem = Assert.Single(InLineTwo(section, $"{key.Name}: {{}}"), p => p.Place.Column == 2);
            var severity = key.Support == Support.PassedOver ? Severity.Warning : Severity.Error;
            Assert.Equal((severity, key.Note), (problem.Severity, problem.Remedy));
            Assert.Contains($"'{key.Name}'", problem.What);
        }
    }

    [Theory, MemberData(nameof(Indexes))]
    public void An_unknown_key_is_refused_and_an_extension_is_passed_over(int section)
    {
        Assert.Single(InLineTwo(section, "zzz: 1"),
            p => p is { Severity: Severity.Error, Place.Column: 2, Remedy.Length: > 0 });
        Assert.DoesNotContain(InLineTwo(section, "x-zzz: [1]"), p => p.What.Contains("x-zzz"));
    }

    [Fact]
    public void No_text_ends_with_a_stop_since_the_problem_adds_it()
    {
        foreach (var key in Sections.All.SelectMany(section => section.Keys))
        {
            Assert.NotEmpty(key.Note);
            Assert.False(key.Note.EndsWith('.') || char.IsAsciiLetterUpper(key.Note[0]), key.Name);
        }
    }
}
