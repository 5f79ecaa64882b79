using Tangram.Planning.Designing;

namespace Tangram.Tests.Planning.Designing;

/// <summary>Objectives against what a design can reach, the figures worked out by hand.</summary>
public sealed class ObjectiveChecksTests
{
    private static DesignFinding[] Found(string services, string objectives, string zones = "a, b, c") =>
        [.. Yaml.Design($"services:\n{services}\nx-tangram: {{ zones: [{zones}], objectives: {{ {objectives} }} }}")
            .Where(f => f.Check is "availability" or "recovery-time" or "recovery-point" or "singleton"
                or "slow-healthcheck")];

    private static string Service(string name, string deploy, string tangram = "probe: tcp", string more = "") =>
        $"  {name}: {{ command: x, deploy: {{ {deploy} }}, x-tangram: {{ {tangram} }}, {more} }}";

    private static DesignFinding Only(string check, DesignFinding[] found)
    {
        Assert.Equal([check], found.Select(f => f.Check));
        return found[0];
    }

    [Fact]
    public void One_zone_is_six_hours_a_year()
    {
        var finding = Only("availability", Found(Service("web", "replicas: 6"), "availability: 99.99%", "a"));
        // Twice 6 h for the only node, once for the zone: 18 h of 8,766 h.
        Assert.Equal("web: 99.79466% is the best that this design can reach, and 99.99% is asked: 18 h of outage a " +
            "year, and 53 min are allowed", finding.Sentence);
        Assert.Contains("two nodes", finding.Remedy);
        Assert.Equal(3, finding.Place.Line);
    }

    [Fact]
    public void Replicas_in_three_zones_reach_five_nines_with_a_slow_start_and_one_replica_does_not()
    {
        const string slow = "healthcheck: { test: x, start_period: 60s, interval: 2s, timeout: 1s }";
        Assert.Empty(Found(Service("web", "replicas: 3", more: slow), "availability: 99.999%"));
        // 12 crashes of 61 s, 2 machines and 1 zone of 64 s: 924 s. Allowed: 316 s.
        var finding = Only("availability", Found(Service("web", "replicas: 1", more: slow), "availability: 99.999%"));
        Assert.Contains("99.99707% is the best", finding.What);
        Assert.Contains("15 min of outage a year, and 5 min are allowed", finding.What);
        Assert.Equal("write deploy.replicas: 3", finding.Remedy);
    }

    [Fact]
    public void What_a_service_depends_on_counts_and_the_worst_is_named()
    {
        var pinned = Service("db", "replicas: 1, placement: { constraints: [node.zone == a] }");
        var web = Service("web", "replicas: 3", more: "depends_on: [api]");
        var api = Service("api", "replicas: 3", more: "depends_on: { db: { condition: service_started } }");
        var finding = Only("availability", Found($"{web}\n{api}\n{pinned}", "availability: 99.95%"));
        Assert.Equal("db", Assert.Single(finding.Services).Value);
        api = Service("api", "replicas: 3",
            more: "depends_on: { db: { condition: service_started, required: false } }");
        Assert.Equal("db", Assert.Single(Only("availability",
            Found($"{web}\n{api}\n{pinned}", "availability: 99.95%")).Services).Value);
        Assert.Empty(Found($"{web}\n{api}\n{Service("db", "replicas: 3")}", "availability: 99.95%"));
    }

    [Fact]
    public void Deploys_that_stop_all_first_count()
    {
        const string slow = "healthcheck: { test: x, start_period: 59s, interval: 2s, timeout: 1s }";
        var web = Service("web", "replicas: 2, update_config: { order: stop-first, parallelism: 2 }", more: slow);
        // 52 deploys of 60 s.
        var finding = Only("availability", Found(web, "availability: 99.995%"));
        Assert.Contains("52 min of outage a year, and 26 min are allowed", finding.What);
        Assert.Contains("start-first", finding.Remedy);
        Assert.Empty(Found(web, "availability: 99.99%"));
    }

    [Fact]
    public void A_lone_replica_takes_too_long_to_come_back()
    {
        const string slow = "healthcheck: { test: x, start_period: 30s, interval: 2s, timeout: 1s }";
        var finding = Only("recovery-time", Found(Service("web", "replicas: 1", more: slow), "recovery_time: 30s"));
        Assert.Contains("up to 37 s, and recovery_time is 30 s", finding.What);
        Assert.Empty(Found(Service("web", "replicas: 2", more: slow), "recovery_time: 30s"));
        Assert.Empty(Found(Service("web", "replicas: 1"), "recovery_time: 10s"));
        Assert.Empty(Found(Service("worker", "replicas: 1", tangram: "files: /tmp"), "recovery_time: 1s"));
        finding = Only("recovery-time", Found(Service("web",
            "replicas: 3, placement: { constraints: [node.zone == a] }"), "recovery_time: 1m"));
        Assert.Contains("up to 6 h", finding.What);
    }

    [Fact]
    public void A_singleton_cannot_keep_what_only_several_can()
    {
        var alone = Service("job", "replicas: 1", tangram: "singleton: true");
        var finding = Only("singleton", Found(alone, "recovery_time: 5s"));
        Assert.Contains("up to 7 s", finding.What);
        Assert.Contains("elect one among them", finding.Remedy);
        alone = Service("db", "replicas: 1", tangram: "singleton: true, probe: tcp");
        // 12 crashes and 52 moves of 1 s, 3 losses of 4 s: 76 s a year.
        finding = Only("singleton", Found(alone, "availability: 99.9999%"));
        Assert.Contains("76 s of outage a year, and 32 s are allowed", finding.What);
        Assert.Empty(Found(alone, "availability: 99.999%, recovery_time: 10s"));
    }

    [Fact]
    public void A_healthcheck_that_is_too_slow_for_the_objective()
    {
        var finding = Only("slow-healthcheck", Found(Service("web", "replicas: 3",
            more: "healthcheck: { test: x, interval: 30s, timeout: 5s, retries: 3 }"), "recovery_time: 30s"));
        // 30 + 5, then twice 2 + 5.
        Assert.Contains("after up to 49 s", finding.What);
    }

    [Fact]
    public void Volumes_that_nothing_copies_lose_what_was_written()
    {
        var found = Found(Service("db", "replicas: 1", more: "volumes: ['/tmp:/tmp']"), "recovery_point: 1h");
        Assert.Contains("recovery_point is 60 min", Only("recovery-point", found).What);
    }
}
