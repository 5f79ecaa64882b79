using Tangram.Model;

namespace Tangram.Tests.Planning;

/// <summary>What must hold between services, and what is only warned about.</summary>
public sealed class CrossCheckTests
{
    private static string Two(string a, string b, string tangram = "") =>
        $"services:\n  a: {{ command: x, {a} }}\n  b: {{ command: x, {b} }}\nx-tangram: {{ {tangram} }}";

    private static string Only(string text) => Assert.Single(Yaml.Errors(text)).ToString();

    [Fact]
    public void Circles_of_dependencies_are_named_each_once()
    {
        var errors = Yaml.Errors(
            """
            services:
              a: { command: x, depends_on: [b] }
              b: { command: x, depends_on: [e, c] }
              c: { command: x, depends_on: [d] }
              d: { command: x, depends_on: [b] }
              e: { command: x }
              f: { command: x, depends_on: [g] }
              g: { command: x, depends_on: [f, a] }
            """);
        Assert.Equal(
            [
                "compose.yaml:3:36: these services wait for each other: b → c → d → b. " +
                    "remove one of these dependencies.",
                "compose.yaml:7:33: these services wait for each other: f → g → f. remove one of these dependencies.",
            ],
            errors.Select(error => error.ToString()));
    }

    [Fact]
    public void A_service_that_nothing_checks_is_never_healthy() => Assert.StartsWith(
        "compose.yaml:3:34: 'a' can never be healthy: it has neither probe nor healthcheck. give 'a' an",
        Only(Two("expose: [80]", "depends_on: { a: { condition: service_healthy } }")));

    [Fact]
    public void A_service_that_is_always_restarted_never_completes()
    {
        const string waits = "depends_on: { a: { condition: service_completed_successfully } }";
        Assert.StartsWith("compose.yaml:3:34: 'a' can never complete", Only(Two("expose: [80]", waits)));
        Assert.Empty(Yaml.Errors(Two("deploy: { restart_policy: { condition: on-failure } }", waits)));
    }

    [Fact]
    public void An_optional_dependency_may_be_absent()
    {
        var (spec, problems) = Yaml.Read(Two("expose: [80]", "depends_on: { c: { required: false } }"));
        Assert.Empty(spec!.Find(ServiceName.Of("b"))!.DependsOn);
        Assert.Contains(problems, p => p.What == "the optional dependency 'c' is not in the file, and is passed over");
    }

    [Fact]
    public void Two_services_cannot_have_the_same_route() => Assert.Equal(
        "compose.yaml:3:40: the route of any host with path '/a' belongs to 'a' already, at compose.yaml:2:40. " +
        "give each its own.",
        Only(Two("x-tangram: { route: { path: /a } }", "x-tangram: { route: { path: /a/ } }")));

    [Theory]
    [InlineData("ports: ['81:80']", "ports: ['127.0.0.1:81:80']", "3:28: 'b' and 'a' both want port 81")]
    [InlineData("ports: ['8080:80']", "expose: [1]", "2:28: 'a' and the gateway both want port 8080")]
    [InlineData("ports: ['81:80']", "ports: [{ published: 81, target: 1, mode: host }]",
        "3:28: 'b' and 'a' both want port 81")]
    public void Two_listeners_cannot_have_the_same_port(string a, string b, string told) =>
        Assert.StartsWith("compose.yaml:" + told, Only(Two(a, b)));

    [Theory]
    [InlineData("ports: ['127.0.0.1:81:80']", "ports: ['127.0.0.2:81:80']")]
    [InlineData("ports: ['[::1]:8080:80']", "ports: ['81:80']")]
    [InlineData("ports: [{ published: 81, target: 1, mode: host }]",
        "ports: [{ published: 81, target: 1, mode: host }]")]
    public void Ports_that_do_not_meet_are_fine(string a, string b) => Assert.Empty(Yaml.Errors(Two(a, b)));

    [Fact]
    public void A_port_of_the_replica_allows_one_replica_on_a_node()
    {
        const string port = "ports: [{ published: 81, target: 1, mode: host }], ";
        Assert.StartsWith("compose.yaml:2:92: 'a' allows 2 replicas on a node, and one alone can hold port 81",
            Only(Two(port + "deploy: { placement: { max_replicas_per_node: 2 } }", "expose: [1]")));
        var (_, problems) = Yaml.Read(Two(port + "deploy: { replicas: 4 }", "expose: [1]", "zones: [a, b, c]"));
        Assert.Contains(problems, p => p.Severity == Severity.Warning && p.What.StartsWith("'a' wants 4 replicas"));
    }

    [Fact]
    public void A_wrong_value_is_not_also_called_weak_or_missing()
    {
        var (_, problems) = Yaml.Read(
            """
            services:
              web:
                command: x
                deploy: { replicas: x }
                x-tangram: { files: ~/x, probe: x, route: { path: / } }
              api: { command: x, depends_on: { web: { condition: service_healthy } }, x-tangram: { files: /tmp } }
            x-tangram: { zones: [a, b c] }
            """);
        Assert.Equal(
            ["'replicas' is 'x'", "'files' is '~/x'", "'probe' is 'x'", "'b c' is not"],
            problems.Select(problem => problem.What[..problem.What.IndexOf(problem.Place.Line == 7 ? " a" : ",")]));
    }
}
