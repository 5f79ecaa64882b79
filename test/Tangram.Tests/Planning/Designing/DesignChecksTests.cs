using Tangram.Planning;
using Tangram.Planning.Designing;

namespace Tangram.Tests.Planning.Designing;

public sealed class DesignChecksTests
{
    private const string Good = "files: /tmp, probe: tcp, route: { path: / }";
    private const string Limits = "resources: { limits: { memory: 64M } }";

    /// <summary>The service <c>web</c> with these lines under deploy, x-tangram and itself, on three zones.</summary>
    private static DesignFinding[] Web(string deploy = "replicas: 3", string tangram = Good, string service = "",
        string cluster = "zones: [a, b, c]") => [.. Yaml.Design(
        $"services:\n  web: {{ command: x, deploy: {{ {Limits}, {deploy} }}, x-tangram: {{ {tangram} }}, " +
        $"{service} }}\nx-tangram: {{ {cluster} }}")];

    private static DesignFinding One(string check, DesignFinding[] found)
    {
        Assert.Equal([check], found.Select(f => f.Check));
        return found[0];
    }

    private static void Finds(string check, string what, string remedy, DesignFinding[] found)
    {
        var finding = One(check, found);
        Assert.Contains(what, finding.Sentence);
        Assert.Contains(remedy, finding.Remedy);
        Assert.NotEqual("", finding.Why);
        Assert.True(finding.Place.Line > 0);
    }

    [Fact]
    public void A_strong_design_has_no_finding() => Assert.Empty(Web(cluster:
        "zones: [a, b, c], objectives: { availability: 99.99%, latency_p99: 250ms, recovery_time: 10s, " +
        "recovery_point: 1h }"));

    [Theory]
    [InlineData("replicas: 1", "web: one replica takes all requests, and without it there is none for 4 s")]
    [InlineData("replicas: 0", "web: no replica takes requests")]
    public void One_replica(string deploy, string what) => Finds("one-replica", what, "replicas: 3", Web(deploy));

    [Fact]
    public void A_start_that_takes_long_is_counted() => Finds("one-replica", "for 34 s or more", "replicas: 3",
        Web("replicas: 1", service: "healthcheck: { test: x, start_period: 30s, interval: 5s, timeout: 1s }"));

    [Theory]
    [InlineData("replicas: 2", "zones: [a, b, c]", "2 replicas in 3 zones: without one zone 1 is left for 4 s",
        "write deploy.replicas: 3")]
    [InlineData("replicas: 3", "zones: [a, b]", "3 replicas in 2 zones: without one zone 1 is left",
        "write deploy.replicas: 4, or name three zones")]
    public void Fewer_than_two_left_without_a_zone(string deploy, string cluster, string what, string remedy) =>
        Finds("few-replicas", what, remedy, Web(deploy, cluster: cluster));

    [Fact]
    public void Enough_replicas_without_a_zone()
    {
        Assert.Empty(Web("replicas: 4", cluster: "zones: [a, b]"));
        Assert.Empty(Web("mode: global"));
    }

    [Theory]
    [InlineData("replicas: 3, placement: { constraints: [node.zone == a] }", Good, "its constraints put all 3")]
    [InlineData("replicas: 3, placement: { constraints: [node.hostname == b-1] }", Good, "its constraints")]
    [InlineData("replicas: 3", Good + ", placement: binpack", "binpack puts all 3 replicas on one node of 3 zones")]
    public void All_in_one_zone(string deploy, string tangram, string what) =>
        Finds("same-zone", what, "", Web(deploy, tangram));

    [Fact]
    public void Labels_that_nobody_knows_yet_are_not_judged() =>
        Assert.Empty(Web("replicas: 3, placement: { constraints: [node.labels.disk == ssd] }"));

    [Fact]
    public void No_room_for_all() => Finds("max-per-node", "3 nodes take 1 each, which is 3 of 5 replicas", "raise",
        Web("replicas: 5, placement: { max_replicas_per_node: 1 }"));

    [Fact]
    public void One_zone_with_the_availability_that_it_leaves() => Finds("one-zone", "99.93155%", "[a, b, c]",
        Web(cluster: "zones: [a], nodes_per_zone: 3"));

    [Fact]
    public void No_probe() => Finds("no-probe", "nothing tells", "x-tangram.probe", Web(tangram:
        "files: /tmp, route: { path: / }"));

    [Fact]
    public void A_restart_that_never_comes() => Finds("no-restart", "not started again", "restart_policy",
        Web("replicas: 3, restart_policy: { condition: none }"));

    [Theory]
    [InlineData("parallelism: 1", "each deploy runs on 2 of 3 replicas for 1 s")]
    [InlineData("parallelism: 0", "each deploy stops all 3 before the new ones serve: 1 s or more of outage")]
    public void Stop_first(string batch, string what) => Finds("stop-first", what, "start-first",
        Web($"replicas: 3, update_config: {{ order: stop-first, {batch} }}"));

    [Theory]
    [InlineData("failure_action: pause", "failure_action: pause")]
    [InlineData("failure_action: continue", "failure_action: continue")]
    [InlineData("monitor: 0s", "nobody watches")]
    public void No_rollback(string update, string what) => Finds("no-rollback", what, "rollback",
        Web($"replicas: 3, update_config: {{ {update} }}"));

    [Theory]
    [InlineData("500ms", "zones: [a, b, c]", "stop_grace_period is 0.5 s, and 1 s is the least")]
    [InlineData("2s", "zones: [a, b, c], objectives: { latency_p99: 5s }", "stop_grace_period is 2 s, and 5.2 s is")]
    public void A_grace_period_too_short_for_a_request(string grace, string cluster, string what) =>
        Finds("short-grace", what, "raise", Web(service: $"stop_grace_period: {grace}", cluster: cluster));

    [Fact]
    public void What_is_true_of_several_services_is_told_once()
    {
        var found = Yaml.Design(
            """
            services:
              a: { command: x }
              b: { command: x }
            x-tangram: { zones: [a, b, c] }
            """);
        Assert.Equal(["a, b: no memory limit", "a, b: no files"], found.Select(f => f.Sentence));
        Assert.Equal("compose.yaml:2:3", found[0].Place.ToString());
    }

    [Fact]
    public void A_job_and_a_worker_need_no_replicas() => Assert.Empty(Web("mode: replicated-job", "files: /tmp"));

    [Fact]
    public void Every_finding_is_in_the_table_and_the_shop_has_a_short_list()
    {
        var shop = Path.Combine(Repository.Root, "examples/shop/compose.yaml");
        var answer = ComposeFile.Load(new([shop]), _ => null);
        Assert.True(answer.Design.Count <= 1, string.Join('\n', answer.Design));
        Assert.Equal(DesignPage.All.Count, DesignPage.All.Select(c => c.Name).Distinct().Count());
        var folder = Path.Combine(Repository.Root, "src/Tangram.Core/Planning/Designing");
        var source = string.Concat(Directory.EnumerateFiles(folder, "*Checks.cs").Select(File.ReadAllText));
        Assert.All(DesignPage.All, check => Assert.Contains($"\"{check.Name}\"", source));
    }
}
