using Tangram.Model;

namespace Tangram.Tests.Planning;

/// <summary>What the author is told, word for word.</summary>
public sealed class RefusalTests
{
    [Fact]
    public void All_problems_are_told_at_once_in_the_order_of_the_file()
    {
        var errors = Yaml.Errors(
            """
            name: Shop
            services:
              web:
                image: nginx
                comand: serve
                replicas: 2
                deploy: { replicas: many, mode: job }
            models: {}
            x-tangram: { zone: [a] }
            """);
        Assert.Equal(
            [
                "compose.yaml:1:7: 'Shop' is not a cluster's name. write 1 to 63 lower-case letters, digits, '-' or " +
                    "'_', starting with a letter or digit.",
                "compose.yaml:4:5: 'image' is not honoured in a service. leave it out to run a plain process, " +
                    "and say what to run in command; images come later.",
                "compose.yaml:5:5: 'comand' is not a key of a service. write 'command'.",
                "compose.yaml:6:5: 'replicas' is not a key of a service. move it: 'replicas' belongs to deploy.",
                "compose.yaml:7:25: 'replicas' is 'many', which is not a whole number from 0 to 100000. " +
                    "write a whole number from 0 to 100000.",
                "compose.yaml:7:37: 'mode' is 'job', which is not honoured. " +
                    "write replicated or global or replicated-job or global-job.",
                "compose.yaml:8:1: 'models' is not honoured in the top level. " +
                    "delete it: run the model as a service of its own.",
                "compose.yaml:9:14: 'zone' is not a key of x-tangram (top level). write 'zones'.",
            ],
            errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("labels: [A]", "4:14: 'A' has no value")]
    [InlineData("labels: { A: }", "4:15: 'A' has no value")]
    [InlineData("volumes: ['data:/data']", "4:15: 'data' is not among the 'volumes' of the top level. declare")]
    [InlineData("volumes: [/data]", "4:15: 'volumes' mounts a new volume at '/data', and nobody would find")]
    [InlineData("volumes: ['/tmp:/data']", "4:15: 'volumes' would show '/tmp' at '/data', and a process sees its")]
    [InlineData("volumes: ['/tmp:/tmp:ro']", "4:15: nothing would keep the process from writing into this volume")]
    [InlineData("volumes: ['/no-such:/no-such']", "4:15: 'volumes' names the folder /no-such, which does not exist")]
    [InlineData("restart: sometimes", "4:14: 'restart' is 'sometimes', which is not honoured")]
    [InlineData("deploy: { mode: replicated-job, restart_policy: { condition: any } }", "4:66: 'condition: any' would")]
    [InlineData("environment: [A=1, A=2]", "4:24: 'A' is given twice in 'environment'")]
    [InlineData("environment: { PORT: 80 }", "4:20: the variable 'PORT' is Tangram's to set")]
    [InlineData("environment: { A: [1] }", "4:23: 'A' takes one value and is a list")]
    [InlineData("ports: [8080]", "4:13: 'ports' has '8080', which leaves the published port to chance")]
    [InlineData("ports: ['1-2:1-2']", "4:13: 'ports' has '1-2:1-2', which is a range")]
    [InlineData("ports: ['53:53/udp']", "4:13: the port '53:53/udp' is not a TCP port")]
    [InlineData("ports: ['host:53:53']", "4:13: 'ports' has 'host:53:53', whose address is not an IP address")]
    [InlineData("ports: ['1:53:53']", "4:13: 'ports' has '1:53:53', whose address is not an IP address")]
    [InlineData("ports: ['70000:53']", "4:13: 'ports' has '70000:53', which is not of a known form")]
    [InlineData("ports: [{target: 1}]", "4:13: 'published' is missing, which leaves the port to chance")]
    [InlineData("expose: ['1-2']", "4:14: 'expose' has '1-2', which is not one port")]
    [InlineData("healthcheck: { interval: 1s }", "4:18: 'healthcheck' has no test")]
    [InlineData("healthcheck: { test: [curl] }", "4:26: 'test' is a list that starts with 'curl' and of no known form")]
    [InlineData("healthcheck: { test: x, interval: 0s }",
        "4:39: 'interval' is '0s', which is not a duration of 1ms or more")]
    [InlineData("stop_grace_period: 10", "4:24: 'stop_grace_period' is '10', which is not a duration")]
    [InlineData("stop_signal: SIGFOO", "4:18: 'stop_signal' is 'SIGFOO', which is not a signal's name")]
    [InlineData("entrypoint: 'a | b'", "4:17: 'entrypoint' has an unquoted '|', and no shell runs it")]
    [InlineData("entrypoint: a 'b", "4:17: 'entrypoint' has a quote ' that is never closed")]
    [InlineData("entrypoint: ['']", "4:17: the program to run has an empty name")]
    [InlineData("entrypoint:", "4:16: 'entrypoint' has no value")]
    [InlineData("volumes: ['./data:/data']",
        "4:15: 'volumes' mounts './data' at '/data', and for a process nothing is")]
    [InlineData("ulimits: 3", "4:14: 'ulimits' takes a map and is one value")]
    [InlineData("ulimits: { nofiles: 3 }", "4:16: 'nofiles' is not among the limits of the kernel. write nofile")]
    [InlineData("ulimits: { nofile: { soft: 3 } }", "4:24: the limit 'nofile' needs both a soft and a hard one")]
    [InlineData("ulimits: { nofile: { soft: -1, hard: 3 } }", "4:32: the soft limit of 'nofile' is above the hard one")]
    [InlineData("ulimits: { nofile: many }", "4:24: 'nofile' is 'many', which is not a whole number, or -1 for none")]
    [InlineData("oom_score_adj: 2000", "4:20: 'oom_score_adj' is '2000', which is not a whole number from -1000 to")]
    [InlineData("network_mode: none", "4:19: 'network_mode: none' would keep the process from its machine's network")]
    [InlineData("networks: [back]", "4:16: 'back' is not among the 'networks' of the top level")]
    [InlineData("configs: [app]", "4:15: 'app' is not among the 'configs' of the top level. declare it there")]
    [InlineData("secrets: [{ target: a }]", "4:15: this one of 'secrets' has no source")]
    [InlineData("label_file: no-such", "4:17: no-such: there is no such file")]
    [InlineData("working_dir: ~/x", "4:18: 'working_dir' is '~/x', and no shell replaces the ~")]
    [InlineData("depends_on: [web]", "4:18: these services wait for each other: web → web")]
    [InlineData("depends_on: [db]", "4:18: the service 'db' is not in the file")]
    [InlineData("depends_on: [wep]", "4:18: the service 'wep' is not in the file. write 'web'")]
    [InlineData("depends_on: { db: { condition: healthy, required: false } }",
        "4:36: 'condition' is 'healthy', which is not honoured")]
    [InlineData("x-tangram: { probe: 'http://x/' }", "4:25: 'probe' is 'http://x/', which is of no known form")]
    [InlineData("x-tangram: { balance: random }",
        "4:27: 'balance' is 'random', which is not honoured. write least-requests, which chooses the better of two")]
    [InlineData("x-tangram: { balance: maglev }",
        "4:27: 'balance' is 'maglev', which is not honoured. write balance: { hash: client }")]
    [InlineData("x-tangram: { balance: { hash: X-User } }",
        "4:35: 'hash' is 'X-User', which names no part of a request. write header NAME, cookie NAME, client or path")]
    [InlineData("x-tangram: { balance: { hash: client, policy: first } }",
        "4:35: 'hash' and 'policy' exclude each other")]
    [InlineData("x-tangram: { balance: { hash: client, bound: 90% } }",
        "4:50: 'bound' is '90%', which is not a share of 100% to 1000%, such as 125%")]
    [InlineData("x-tangram: { balance: { bound: 150% } }", "4:36: 'bound' is for hash")]
    [InlineData("x-tangram: { balance: { sticky: 'a b' } }", "4:37: 'sticky' is 'a b', which is not the name of")]
    [InlineData("x-tangram: { slow_start: soon }", "4:30: 'slow_start' is 'soon', which is not a duration")]
    [InlineData("x-tangram: { breaker: on }", "4:27: x-tangram.breaker takes a map and is")]
    [InlineData("x-tangram: { breaker: { error_rate: 0 } }",
        "4:41: 'error_rate' is '0', which is not a share above 0 and up to 100%")]
    [InlineData("x-tangram: { admission: on }", "4:29: x-tangram.admission takes a map and is")]
    [InlineData("x-tangram: { admission: { limit: 0 } }", "4:38: 'limit' is '0', which is not a whole number from 1")]
    [InlineData("x-tangram: { admission: { min: 9, max: 8 } }", "4:36: 'min' is 9 and 'max' is 8")]
    [InlineData("x-tangram: { admission: { limit: 5, min: 2 } }", "4:46: 'min' is for a limit that finds itself")]
    [InlineData("x-tangram: { admission: { queue_time: 2m } }", "4:43: 'queue_time' is longer than 1m")]
    [InlineData("x-tangram: { hedge: p40 }", "4:25: 'hedge' is 'p40', which does not say when a second")]
    [InlineData("x-tangram: { hedge: 2h }", "4:25: 'hedge' is '2h', which does not say when")]
    [InlineData("x-tangram: { hedge: 0 }", "4:25: 'hedge' is '0', which does not say when")]
    [InlineData("x-tangram: { hedge: pp }", "4:25: 'hedge' is 'pp', which does not say when")]
    [InlineData("x-tangram: { breaker: { window: 1h } }", "4:37: 'window' is longer than 10m")]
    [InlineData("x-tangram: { placement: pack }", "4:29: 'placement' is 'pack', which is not honoured")]
    [InlineData("x-tangram: { route: {} }", "4:25: the route has neither host nor path")]
    [InlineData("x-tangram: { route: { host: 'a:80' } }",
        "4:33: 'host' is 'a:80', which is not a host name. leave out")]
    [InlineData("x-tangram: { route: { host: 'a.*' } }",
        "4:33: 'host' is 'a.*', which is not a host name. a * stands at the beginning only")]
    [InlineData("x-tangram: { route: { path: api } }",
        "4:33: 'path' is 'api', which is not the path of a route. write '/api'")]
    [InlineData("x-tangram: { route: [{ path: /a }, { path: /a/ }] }",
        "4:40: the route of any host with path '/a' is given twice")]
    [InlineData("x-tangram: { autoscale: {} }", "4:18: 'autoscale' is not honoured in x-tangram (of a service)")]
    [InlineData("deploy: { x-tangram: {} }",
        "4:15: 'x-tangram' is not a key of deploy. move it: 'x-tangram' belongs to")]
    [InlineData("deploy: { replicas: 100001 }",
        "4:25: 'replicas' is '100001', which is not a whole number from 0 to 100000")]
    [InlineData("deploy: { mode: global, replicas: 2 }", "4:39: 'replicas' does not go with mode: global")]
    [InlineData("deploy: { endpoint_mode: dnsrr }", "4:30: 'endpoint_mode' is 'dnsrr', which is not honoured")]
    [InlineData("deploy: { placement: { constraints: [node.role == manager] } }",
        "4:42: the constraint asks for 'node.role', which no node has")]
    [InlineData("deploy: { placement: { constraints: [node.zone] } }",
        "4:42: the constraint 'node.zone' is not a comparison by == or !=")]
    [InlineData("deploy: { placement: { preferences: [{ spread: node.rack }] } }",
        "4:52: 'spread' is 'node.rack', over which nothing can be spread")]
    [InlineData("deploy: { resources: { limits: { memory: lots } } }",
        "4:46: 'memory' is 'lots', which is not a size above 0, such as 256M")]
    [InlineData("deploy: { resources: { limits: { cpus: -1 } } }",
        "4:44: 'cpus' is '-1', which is not a number of cores above 0")]
    [InlineData("deploy: { restart_policy: { condition: always } }",
        "4:44: 'condition' is 'always', which is not honoured. write any")]
    [InlineData("deploy: { rollback_config: { failure_action: rollback } }",
        "4:50: 'failure_action' is 'rollback', which is not honoured. write pause or continue")]
    [InlineData("deploy: { update_config: { max_failure_ratio: 2 } }",
        "4:51: 'max_failure_ratio' is '2', which is not a share from 0 to 1")]
    [InlineData("deploy: []", "4:13: deploy takes a map and is a list")]
    public void A_wrong_line_is_refused_in_its_place(string line, string told) =>
        Assert.StartsWith("compose.yaml:" + told, Yaml.WebError(line));

    [Theory]
    [InlineData("", "compose.yaml: the file is empty")]
    [InlineData("services:", "compose.yaml:1:10: the file has no services")]
    [InlineData("services: { web: }", "compose.yaml:1:18: a service takes a map and is nothing")]
    [InlineData("services: { web: {} }", "compose.yaml:1:13: service 'web' has nothing to run")]
    [InlineData("services: { web: { command: [] } }", "compose.yaml:1:13: service 'web' has nothing to run")]
    [InlineData("services: { a: { command: x, x-tangram: { placement: binpack },\n" +
        " deploy: { placement: { preferences: [{ spread: node.zone }] } } } }",
        "compose.yaml:1:54: 'placement: binpack' and deploy.placement.preferences exclude each other")]
    [InlineData("services: { a b: { command: x } }", "compose.yaml:1:13: 'a b' is not a service name")]
    [InlineData("services: { a-b: { command: x }, a_B: { command: x } }",
        "compose.yaml:1:34: services 'a-b' and 'a_B' would share the variable TANGRAM_URL_A_B")]
    [InlineData("services: { a: { command: x } }\nx-tangram: { zones: [] }", "compose.yaml:2:21: 'zones' has 0 zones")]
    [InlineData("services: { a: { command: x } }\nx-tangram: { zones: [a, a] }",
        "compose.yaml:2:25: the zone 'a' is given twice")]
    [InlineData("services: { a: { command: x } }\nx-tangram: { objectives: { availability: 100% } }",
        "compose.yaml:2:42: 'availability' is '100%', which is not a share above 0 and below 100%")]
    [InlineData("services: { a: { command: x } }\nx-tangram: { gateway: { listen: ['https://*:1'] } }",
        "compose.yaml:2:34: https://*:1 has no certificate. add certificates: [{cert: FILE, key: FILE}], " +
        "acme: {domains: [NAME]}, or self_signed: true for one that only those trust who are given it")]
    [InlineData("services: { a: { command: x } }\nx-tangram: { gateway: { listen: ['http://a.b'] } }",
        "compose.yaml:2:34: 'listen' has 'http://a.b', where no gateway can listen")]
    public void A_wrong_file_is_refused_in_its_place(string text, string told) =>
        Assert.StartsWith(told, Assert.Single(Yaml.Errors(text)).ToString());

    [Fact]
    public void An_obsolete_version_is_only_warned_about()
    {
        var (spec, problems) = Yaml.Read("version: '3'\nservices: { web: { command: serve } }");
        Assert.NotNull(spec);
        Assert.Contains(problems, p => p.ToString().StartsWith("compose.yaml:1:10: 'version' changes nothing"));
    }

    [Fact]
    public void Other_extensions_are_passed_over_and_a_near_miss_is_warned_about()
    {
        var (spec, problems) = Yaml.Read("x-a: ${B}\nx-tangrm: {}\nservices: { web: { command: serve, x-b: 1 } }");
        Assert.NotNull(spec);
        Assert.DoesNotContain(problems, problem => problem.What.Contains("x-a"));
        Assert.Contains(problems, problem => problem.Place.Line == 2 && problem.Severity == Severity.Warning);
    }
}
