using System.Text.Json.Nodes;
using Tangram.Model;

namespace Tangram.Tests.Planning;

public sealed class ComposeReaderTests
{
    private const string Whole =
        """
        name: shop
        services:
          order:
            command: ["dotnet", "Order.dll"]
            environment: { STOCK: 100, EMPTY: "", DOLLAR: "$$5" }
            expose: ["8080", 8081/tcp]
            ports: ["127.0.0.1:8081:8080", { target: 80, published: 8082, mode: host, host_ip: "::1" }]
            healthcheck: { test: ["CMD", "true"], interval: 2s, timeout: 500ms, retries: 5, start_period: 1m30s }
            depends_on: { stock: { condition: service_healthy, restart: true } }
            stop_grace_period: 20s
            stop_signal: int
            deploy:
              replicas: 6
              labels: [ team=shop ]
              placement:
                constraints: ["node.labels.disk==ssd", node.zone != b]
                preferences: [ { spread: node.labels.zone } ]
                max_replicas_per_node: 1
              resources: { limits: { cpus: "0.5", memory: 256M, pids: 50 }, reservations: { cpus: 0.25, memory: 64mb } }
              restart_policy: { condition: on-failure, delay: 2s, max_attempts: 3, window: 1m }
              update_config:
                { parallelism: 2, delay: 1s, failure_action: pause, monitor: 5s, max_failure_ratio: 0.25,
                  order: stop-first }
              rollback_config: { parallelism: 0 }
            x-tangram:
              route: [ { host: Shop.Local, path: /api/orders/ }, { path: /orders } ]
              balance: round-robin
              slow_start: 8s
              breaker: { error_rate: 40%, window: 20s, minimum: 50, open: 3s }
              admission: { limit: auto, min: 5, max: 500, queue: 20, queue_time: 50ms }
              hedge: p99.5
          stock:
            entrypoint: python3 -m 'http server'
            command: --bind "a b"
            x-tangram:
              probe: http:/healthz?deep=1
              placement: binpack
              balance: { hash: header X-User, bound: 150%, sticky: stock-at }
              breaker: off
              admission: { limit: 32 }
              hedge: 80ms
        x-tangram:
          zones: [a, b, c]
          nodes_per_zone: 2
          objectives: { availability: 99.99%, latency_p99: 250ms, recovery_time: 10s, recovery_point: 1h }
          gateway: { listen: ["http://*:8088", "http://[::1]:9000/"] }
        """;

    private static readonly ClusterSpec Spec = Yaml.Spec(Whole);
    private static readonly ServiceSpec Order = Spec.Services[0];

    [Fact]
    public void Reads_the_top_level()
    {
        Assert.Equal("shop", Spec.Name);
        Assert.Equal(["a", "b", "c"], Spec.Zones.Select(zone => zone.Value));
        Assert.Equal(2, Spec.NodesPerZone);
        Assert.Equal(["http://*:8088", "http://[::1]:9000"], Spec.GatewayListen);
        Assert.Equal(new ObjectivesSpec
        {
            Availability = 0.9999, LatencyP99 = TimeSpan.FromMilliseconds(250),
            RecoveryTime = TimeSpan.FromSeconds(10), RecoveryPoint = TimeSpan.FromHours(1),
        }, Spec.Objectives);
    }

    [Fact]
    public void Reads_what_a_replica_runs()
    {
        Assert.Equal(["dotnet", "Order.dll"], Order.Command);
        Assert.Equal([new("DOLLAR", "$5"), new("EMPTY", ""), new("STOCK", "100")], Order.Environment);
        Assert.Equal([8080, 8081], Order.Expose);
        Assert.Equal(
            [new("127.0.0.1", 8081, 8080, PortMode.Ingress), new("::1", 8082, 80, PortMode.Host)], Order.Ports);
        Assert.Equal((TimeSpan.FromSeconds(20), "SIGINT"), (Order.StopGracePeriod, Order.StopSignal));
        Assert.Equal([new(ServiceName.Of("stock"), DependencyCondition.Healthy, true, true)], Order.DependsOn);
        Assert.Equal(new HealthcheckSpec
        {
            Test = ["true"], Interval = TimeSpan.FromSeconds(2), Timeout = TimeSpan.FromMilliseconds(500), Retries = 5,
            StartPeriod = TimeSpan.FromSeconds(90),
        }, Order.Healthcheck);
    }

    [Fact]
    public void Splits_a_string_into_words_without_a_shell()
    {
        var stock = Spec.Services[1];
        Assert.Equal(["python3", "-m", "http server"], stock.Entrypoint);
        Assert.Equal(["--bind", "a b"], stock.Command);
    }

    [Fact]
    public void Reads_deploy()
    {
        var deploy = Order.Deploy;
        Assert.Equal(6, deploy.Replicas);
        Assert.Equal([new("team", "shop")], deploy.Labels);
        Assert.Equal(
            [new("node.labels.disk", true, "ssd"), new("node.zone", false, "b")], deploy.Placement.Constraints);
        Assert.Equal(["node.labels.zone"], deploy.Placement.Spread);
        Assert.Equal(1, deploy.Placement.MaxReplicasPerNode);
        Assert.Equal(new Resources { Cpus = 0.5, Memory = 256 << 20, Pids = 50 }, deploy.Resources.Limits);
        Assert.Equal(new Resources { Cpus = 0.25, Memory = 64 << 20 }, deploy.Resources.Reservations);
        Assert.Equal(new RestartSpec
        {
            Condition = RestartCondition.OnFailure, Delay = TimeSpan.FromSeconds(2), MaxAttempts = 3,
            Window = TimeSpan.FromMinutes(1),
        }, deploy.Restart);
        Assert.Equal(new UpdateSpec
        {
            Parallelism = 2, Delay = TimeSpan.FromSeconds(1), FailureAction = FailureAction.Pause,
            Monitor = TimeSpan.FromSeconds(5), MaxFailureRatio = 0.25, Order = UpdateOrder.StopFirst,
        }, deploy.Update);
        Assert.Equal(0, deploy.Rollback.Parallelism);
    }

    [Fact]
    public void Reads_what_the_gateway_needs()
    {
        Assert.Equal([new("shop.local", "/api/orders"), new(null, "/orders")], Order.Routes);
        Assert.Equal(BalancePolicy.RoundRobin, Order.Balance);
        Assert.Equal(new TrafficSpec
        {
            SlowStart = TimeSpan.FromSeconds(8),
            Breaker = new BreakerSpec
            {
                ErrorRate = 0.4, Window = TimeSpan.FromSeconds(20), Minimum = 50, Open = TimeSpan.FromSeconds(3),
            },
            Hedge = new HedgeSpec(null, 0.995),
            Admission = new AdmissionSpec
            {
                Min = 5, Max = 500, Queue = 20, QueueTime = TimeSpan.FromMilliseconds(50),
            },
        }, Order.Traffic);
        Assert.Equal(BalancePolicy.Hash, Spec.Services[1].Balance);
        Assert.Equal(new TrafficSpec
        {
            Hash = new HashSpec(HashSource.Header, "X-User", 1.5), Sticky = "stock-at",
            Breaker = new BreakerSpec { Off = true }, Admission = new AdmissionSpec { Limit = 32 },
            Hedge = new HedgeSpec(TimeSpan.FromMilliseconds(80)),
        }, Spec.Services[1].Traffic);
        Assert.Equal(new ProbeSpec(ProbeKind.Http, "/healthz?deep=1"), Spec.Services[1].Probe);
        Assert.Equal(PlacementStrategy.Binpack, Spec.Services[1].Deploy.Placement.Strategy);
    }

    [Fact]
    public void A_service_that_was_stored_without_traffic_has_the_usual()
    {
        var stored = JsonNode.Parse(Json.Write(new ServiceSpec { Name = ServiceName.Of("order") }))!.AsObject();
        Assert.True(stored.Remove("traffic"));
        Assert.Equal(new TrafficSpec(), Json.Read<ServiceSpec>(stored.ToJsonString()).Traffic);
    }

    [Fact]
    public void The_spec_survives_the_store()
    {
        var revision = new Revision { Number = 1, Spec = Spec };
        Assert.Equal(revision, Json.Read<Revision>(Json.Write(revision)));
    }

    [Fact]
    public void Defaults_are_those_of_the_support_matrix()
    {
        var spec = Yaml.Spec("services: { web: { command: serve } }");
        var web = spec.Services[0];
        Assert.Equal("shop", spec.Name);
        Assert.Equal([ZoneName.Of("a")], spec.Zones);
        Assert.Equal(["http://127.0.0.1:8080"], spec.GatewayListen);
        Assert.Equal(FailureAction.Rollback, web.Deploy.Update.FailureAction);
        Assert.Equal(FailureAction.Pause, web.Deploy.Rollback.FailureAction);
        Assert.Equal(
            new ServiceSpec
            {
                Name = web.Name, Command = ["serve"],
                Deploy = new() { Rollback = new() { FailureAction = FailureAction.Pause } },
            }, web);
    }

    [Fact]
    public void Services_are_sorted_so_that_they_can_be_found()
    {
        var spec = Yaml.Spec("services: { b: { command: x }, a: { command: x }, C: { command: x } }");
        Assert.Equal(["C", "a", "b"], spec.Services.Select(service => service.Name.Value));
        Assert.NotNull(spec.Find(ServiceName.Of("a")));
    }

    [Fact]
    public void Folders_start_at_the_file()
    {
        var (_, problems) = Yaml.Read("services: { web: { command: x, working_dir: ../data/ } }");
        var missing = Assert.Single(problems, problem => problem.Severity == Severity.Error);
        Assert.Equal("compose.yaml:1:45: 'working_dir' names the folder /srv/data, which does not exist. " +
            "create it, or correct the path; it is relative to the file.", missing.ToString());
        Assert.Equal("/tmp", Yaml.Web("working_dir: /tmp").WorkingDirectory);
        Assert.Equal("/tmp", Yaml.Web("x-tangram: { files: ../../tmp/. }").Files);
    }

    [Fact]
    public void A_folder_names_the_cluster()
    {
        static string Named(string folder) => Yaml.Read(
            "services: { web: { command: x } }"u8.ToArray(), Path.Combine(folder, "f")).Spec!.Name;
        Assert.Equal("myshop-2", Named("/srv/_My Shop-2"));
        Assert.Equal("app", Named("/"));
        Assert.Equal("app", Named("/srv/商店"));
    }
}
