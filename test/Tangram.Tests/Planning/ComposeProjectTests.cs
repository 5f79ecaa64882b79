using Tangram.Model;

namespace Tangram.Tests.Planning;

/// <summary>What several files, variables and profiles come to.</summary>
public sealed class ComposeProjectTests
{
    private readonly MemoryFiles _files = new();

    [Theory]
    [InlineData("a$$b", "a$b")]
    [InlineData("$SET-${SET}", "x-x")]
    [InlineData("${NONE:-d}${EMPTY:-d}${EMPTY-d}${SET:-d}", "ddx")]
    [InlineData("${NONE:-${EMPTY:-${SET}}}", "x")]
    [InlineData("${SET:+a}${SET+b}${EMPTY:+c}${EMPTY+d}${NONE+e}", "abd")]
    [InlineData("${SET:?must}${EMPTY?must}", "x")]
    [InlineData("${NONE:-a$$b}", "a$b")]
    [InlineData("${DOLLAR}", "$SET ${SET}")]
    public void Variables_are_replaced(string text, string value)
    {
        foreach (var (name, set) in (ReadOnlySpan<(string, string)>)
            [("SET", "x"), ("EMPTY", ""), ("DOLLAR", "$SET ${SET}")]) _files.Variables[name] = set;
        Assert.Equal(value, Web(Yaml.WebFile($"environment: {{ A: '{text}' }}")).Environment[0].Value);
    }

    [Theory]
    [InlineData("${NONE:?say it}", "the variable 'NONE' is required and not set: 'say it'")]
    [InlineData("${", "'${' has ${ without a variable's name")]
    [InlineData("${A", "'${A' has ${A without its }")]
    [InlineData("${A:-${B}", "'${A:-${B}' has ${A without its }")]
    [InlineData("${A!}", "'${A!}' has ${A without its }")]
    [InlineData("$1", "'$1' has a $ that begins no variable")]
    [InlineData("a$", "'a$' has a $ that begins no variable")]
    public void A_wrong_variable_is_refused_in_its_place(string text, string told) =>
        Assert.StartsWith($"compose.yaml:4:23: {told}", Yaml.WebError($"environment: {{ A: '{text}' }}"));

    [Fact]
    public void Variables_nested_without_end_are_refused() => Assert.Contains("nests variables",
        Yaml.WebError($"stop_signal: '{string.Concat(Enumerable.Repeat("${A:-", 100_000))}'"));

    [Fact]
    public void A_long_variable_in_many_places_is_refused()
    {
        _files.Variables["A"] = new string('a', 100_000);
        _files["compose.yaml"] = Yaml.WebFile($"command: [{string.Join(", ", Enumerable.Repeat("$A", 10_000))}]")
            .Replace("    command: [serve]\n", "");
        Assert.Contains(_files.Read(["compose.yaml"]).Problems, p => p.What.Contains("more than 20000000 characters"));
    }

    [Fact]
    public void The_environment_wins_over_the_file_beside_and_a_missing_variable_is_warned_about()
    {
        _files[".env"] = "A=file\nB='$A'\nC=\"$A\\n${B}\" # said\nexport D=${A}x # said\n";
        _files.Variables["A"] = "shell";
        var web = Web(Yaml.WebFile("environment: { A: $A, B: $B, C: $C, D: $D, E: $E, A2: }"), out var problems);
        Assert.Equal(["A=shell", "B=$A", "C=shell\n$A", "D=shellx", "E="], Shown(web));
        Assert.Equal(2, problems.Count(p => p.Severity == Severity.Warning && p.Place.Line == 4));
        _files["other.env"] = "A=other\nE=1";
        _files.Variables.Clear();
        Assert.Equal(["A=other", "B=", "C=", "D=", "E=1"],
            Shown(_files.Read(["compose.yaml"], envFiles: ["other.env"]).Spec!.Services[0]));
    }

    [Fact]
    public void A_later_file_is_laid_over_an_earlier_one()
    {
        _files["a.yaml"] = """
            services:
              web:
                command: [serve, --a]
                environment: [A=1, B=1]
                ports: ["81:80", "82:80"]
                expose: [1, 2]
                healthcheck: { test: [CMD, a, b], interval: 3s }
                depends_on: [db]
                deploy: { replicas: 2, labels: { a: b } }
              db: { command: db, stop_signal: SIGINT, environment: { A: "1" }, expose: [5] }
            x-tangram: { zones: [a, b] }
            """;
        _files["b.yaml"] = """
            services:
              web:
                command: [other]
                environment: { B: "2", C: "2" }
                ports: [{ published: 81, target: 80 }, "83:80"]
                expose: [2, 3]
                healthcheck: { test: [CMD, c] }
                depends_on: { new: { condition: service_started } }
                deploy: { replicas: 3 }
              db: { stop_signal: !reset null, environment: !override { B: "2" }, expose: !reset [] }
              new: { command: new, expose: [9] }
            x-tangram: { zones: [c] }
            """;
        var spec = _files.Read(["a.yaml", "b.yaml"]).Spec!;
        var (db, web) = (spec.Services[0], spec.Services[2]);
        Assert.Equal(["other"], web.Command);
        Assert.Equal(["A=1", "B=2", "C=2"], Shown(web));
        Assert.Equal([82, 81, 83], web.Ports.Select(p => p.Published));
        Assert.Equal([1, 2, 3], web.Expose);
        Assert.Equal((["c"], TimeSpan.FromSeconds(3)), (web.Healthcheck!.Test, web.Healthcheck.Interval));
        Assert.Equal(["db", "new"], web.DependsOn.Select(d => d.Service.Value).Order());
        Assert.Equal((3, 1), (web.Deploy.Replicas, web.Deploy.Labels.Count));
        Assert.Equal(("SIGTERM", "B=2", 0), (db.StopSignal, Shown(db).Single(), db.Expose.Count));
        Assert.Equal([ZoneName.Of("c")], spec.Zones);
    }

    [Fact]
    public void A_problem_names_the_file_where_it_was_written()
    {
        _files["a.yaml"] = "services: { web: { command: x, deploy: { replicas: many } } }";
        _files["b.yaml"] = "services:\n  web:\n    stop_grace_period: soon\n    extends: { service: x, file: c.yaml }";
        _files["c.yaml"] = "services:\n  x: { imgae: x }";
        Assert.Equal(["a.yaml:1:52", "b.yaml:3:24", "c.yaml:2:8"],
            _files.Read(["a.yaml", "b.yaml"]).Problems.Where(p => p.Severity == Severity.Error)
                .Select(p => p.Place.ToString()));
    }

    [Fact]
    public void A_service_extends_another_of_any_file()
    {
        _files["compose.yaml"] = """
            services:
              web: { extends: { file: base/b.yaml, service: web }, environment: { B: "2" } }
              api: { extends: web, command: [api], env_file: own.env }
            """;
        _files["base/b.yaml"] = """
            services:
              root: { command: [serve], environment: { A: "1", B: "1" }, env_file: b.env }
              web: { extends: root, stop_signal: SIGINT }
            """;
        _files["base/b.env"] = "F=base\nA=0";
        _files["own.env"] = "F=own";
        var spec = _files.Read(["compose.yaml"]).Spec!;
        Assert.Equal(["A=1", "B=2", "F=base"], Shown(spec.Services[1]));
        Assert.Equal(["A=1", "B=2", "F=own"], Shown(spec.Services[0]));
        Assert.Equal(("api", "SIGINT"), (spec.Services[0].Command[0], spec.Services[0].StopSignal));
    }

    [Theory]
    [InlineData("services: { a: { extends: b }, b: { extends: a } }",
        "compose.yaml:1:27: these services extend each other: a → b → a")]
    [InlineData("services: { a: { extends: wep }, web: { command: x } }",
        "compose.yaml:1:27: the service 'wep' to extend is not in compose.yaml. write 'web'")]
    [InlineData("services: { a: { extends: { service: a, file: no.yaml } } }",
        "compose.yaml:1:47: no.yaml: there is no such file")]
    [InlineData("!reset { services: { a: { command: x } } }",
        "compose.yaml:1:1: a whole file has a tag of merging")]
    [InlineData("services: !override { a: { extends: b, command: x }, b: { command: x } }",
        "compose.yaml:1:37: 'extends' has no effect below a tag of merging")]
    [InlineData("services: { a: { extends: {} } }", "compose.yaml:1:27: 'extends' names no service")]
    [InlineData("include: [no.yaml]\nservices: { a: { command: x } }",
        "compose.yaml:1:11: no.yaml: there is no such file")]
    [InlineData("include: [compose.yaml]\nservices: { a: { command: x } }",
        "compose.yaml:1:1: this file includes itself")]
    [InlineData("include: [other.yaml]\nservices: { web: { command: x } }",
        "other.yaml:1:13: 'web' is included and also stands in compose.yaml:2:13")]
    [InlineData("services: { a: { command: x, env_file: no.env } }",
        "compose.yaml:1:40: no.env: there is no such file")]
    [InlineData("services: { a: { command: x, env_file: { path: own.env, format: xml } } }",
        "compose.yaml:1:65: 'format' is 'xml', which is not honoured")]
    [InlineData("services: { a: { command: x, env_file: bad.env } }",
        "/srv/shop/bad.env:2:1: 'B C' is not a line of KEY=VALUE")]
    [InlineData("services: { a: { command: x, depends_on: [b] }, b: { command: x, profiles: [p] } }",
        "compose.yaml:1:43: the service 'b' runs only with a profile that is not active. write --profile p")]
    public void A_wrong_project_is_refused_in_its_place(string text, string told)
    {
        _files["compose.yaml"] = text;
        _files["other.yaml"] = "services: { web: { command: other } }";
        _files["bad.env"] = "A=1\nB C\n";
        _files["own.env"] = "A=1";
        Assert.StartsWith(told, Assert.Single(_files.Read(["compose.yaml"]).Problems,
            problem => problem.Severity == Severity.Error).ToString());
    }

    [Fact]
    public void What_is_included_stands_beside_with_paths_and_variables_of_its_own()
    {
        _files["compose.yaml"] = "include: [sub/c.yaml, { path: sub/d.yaml, env_file: d.env }]\n" +
            "services: { web: { command: web, depends_on: [db] } }";
        _files["sub/c.yaml"] = "name: c\nservices: { db: { command: $RUN, env_file: c.env } }";
        _files["sub/d.yaml"] = "services: { d: { command: $RUN } }";
        (_files["sub/.env"], _files["sub/c.env"], _files["d.env"]) = ("RUN=mydb", "A=1", "RUN=d");
        var spec = _files.Read(["compose.yaml"]).Spec!;
        Assert.Equal(["d", "mydb", "web"], spec.Services.Select(s => s.Command[0]).Order());
        Assert.Equal("shop", spec.Name);
        Assert.Equal(["A=1"], Shown(spec.Find(ServiceName.Of("db"))!));
    }

    [Fact]
    public void Services_with_profiles_run_when_one_is_active()
    {
        _files["compose.yaml"] = "services: { a: { command: x }, b: { command: x, profiles: [p, q] } }";
        Assert.Single(_files.Read(["compose.yaml"]).Spec!.Services);
        Assert.Equal(2, _files.Read(["compose.yaml"], ["q"]).Spec!.Services.Count);
        Assert.Equal(2, _files.Read(["compose.yaml"], ["*"]).Spec!.Services.Count);
        _files.Variables["COMPOSE_PROFILES"] = "x, p";
        Assert.Equal(2, _files.Read(["compose.yaml"]).Spec!.Services.Count);
        Assert.Equal(["p", "q"], _files.Read(["compose.yaml"]).Profiles);
    }

    [Fact]
    public void Ten_thousand_services_that_extend_one_of_another_file_are_read_in_seconds()
    {
        _files["base.yaml"] = "services: { base: { command: x, environment: { A: $NONE } } }";
        _files["compose.yaml"] = "services:\n" + string.Concat(Enumerable.Range(0, 10_000).Select(n =>
            $"  s{n}: {{ extends: {{ file: base.yaml, service: base }}, environment: {{ N: \"{n}\" }} }}\n"));
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Equal(10_000, _files.Read(["compose.yaml"]).Spec!.Services.Count);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_chain_of_extensions_that_grows_without_end_is_refused()
    {
        _files["compose.yaml"] = "services:\n  s0: { command: x }\n" + string.Concat(Enumerable.Range(1, 10_000)
            .Select(n => $"  s{n}: {{ extends: s{n - 1}, expose: [{n}] }}\n").Reverse());
        Assert.Contains(_files.Read(["compose.yaml"]).Problems, p => p.What.Contains("more than 50 deep"));
    }

    [Fact]
    public void The_resolved_file_means_the_same()
    {
        _files["compose.yaml"] = """
            name: my
            x-e: &e { A: "a$$b", B: 'q"\', C: "x\ny\u0085", D: 08, E: "null", F: "${NONE:-}", "<<": "é😀" }
            include: [sub/c.yaml]
            services:
              web:
                command: sh -c 'serve $$PORT'
                environment: *e
                ports: ["81:80"]
                profiles: [p]
                env_file: [{ path: no.env, required: false }]
                healthcheck: { test: [CMD-SHELL, "a: b # c"], interval: 1m30s }
                depends_on: [db]
                restart: "on-failure:3"
                scale: 2
                mem_limit: 64M
              job: { command: "true", deploy: { mode: replicated-job } }
              other: { command: x, profiles: [no] }
            x-tangram: { zones: [a, b], gateway: { listen: ["http://127.0.0.1:8081"] } }
            """;
        _files["sub/c.yaml"] = "services: { db: { command: [db], working_dir: /tmp, volumes: ['/tmp:/tmp'] } }";
        var first = _files.Read(["compose.yaml"], ["p"]);
        Assert.True(first.Spec is not null, string.Join('\n', first.Problems));
        _files["resolved.yaml"] = first.Resolved!();
        var second = _files.Read(["resolved.yaml"]);
        Assert.Equal(first.Spec, second.Spec);
        Assert.Equal(first.Resolved(), second.Resolved!());
        Assert.Equal(3, second.Spec!.Services.Count);
    }

    private ServiceSpec Web(string text) => Web(text, out _);

    private ServiceSpec Web(string text, out EquatableArray<Problem> problems)
    {
        _files["compose.yaml"] = text;
        var answer = _files.Read(["compose.yaml"]);
        Assert.True(answer.Spec is not null, string.Join('\n', answer.Problems));
        problems = answer.Problems;
        return answer.Spec!.Services[0];
    }

    private static IEnumerable<string> Shown(ServiceSpec service) =>
        service.Environment.Select(v => $"{v.Name}={v.Value}");
}
