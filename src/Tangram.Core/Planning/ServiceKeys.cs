using Tangram.Model;
using static Tangram.Planning.Section;

namespace Tangram.Planning;

internal static class ServiceKeys
{
    private const string Container = "delete it: a process has no container of its own; images come later";
    private const string Unlimited = "use deploy.resources";
    private const string User = "run Tangram as that user: every process runs as the user who runs Tangram";
    private const string Mount = "use a path of the machine, or x-tangram.files for what belongs to the revision";
    private const string Names = "delete it: services reach each other by TANGRAM_URL_<SERVICE>";

    private static readonly string[] Policies = ["peak-ewma", "least-requests", "round-robin", "first"];

    public static readonly Section Service = new("a service",
        Yes("command", "a list, or a string that is split like a shell's words but run without a shell. The " +
            "replica's port is in PORT: command: [sh, -c, 'exec app --port $$PORT']")
            .On("the program is on each machine"),
        Yes("entrypoint", "as command, and stands before it").On("the program is on each machine"),
        Yes("environment", "a map or a list of KEY=VALUE; a KEY alone takes its value from your environment"),
        Yes("working_dir", "a folder, relative to the file; not together with x-tangram.files").On("on each machine"),
        Yes("expose", "a list of ports, kept for containers: a process listens on PORT"),
        Yes("ports", "\"8081:8080\", \"127.0.0.1:8081:8080\" or the long form: published on the gateways; TCP only, " +
            "no ranges, and never a port alone").On("on each gateway; with mode: host on the node"),
        Yes("healthcheck", "a command that tells whether a replica is well"),
        Yes("depends_on", "a list or a map of services that come first"),
        Yes("stop_grace_period", "how long a replica may take to end; default 10s"),
        Yes("stop_signal", "a signal's name; default SIGTERM"),
        Yes("restart", "no, always, on-failure, on-failure:TIMES or unless-stopped; not together with " +
            "deploy.restart_policy"),
        Yes("scale", "as deploy.replicas, and not together with it"),
        Yes("labels", "a map or a list of KEY=VALUE, put with deploy.labels"),
        Yes("env_file", "a file or a list of files of KEY=VALUE lines; environment wins over them"),
        Yes("extends", "the service to begin with, of this file or another; this one's words are laid over it"),
        Yes("profiles", "a list of names; without one of them active the service does not run"),
        Yes("label_file", "a file or a list of files of KEY=VALUE lines; labels win over them"),
        Yes("configs", "a list of names of the top level, or the long form; the folder with all of them is in " +
            "TANGRAM_CONFIGS").On("sent to the machines that run it"),
        Yes("secrets", "as configs, with TANGRAM_SECRETS; never in environment variables, output or the store")
            .On("sent to the machines that run it"),
        Yes("volumes", "\"NAME:/path\": a volume of the top level, which the process finds in TANGRAM_VOLUME_<NAME> " +
            "and not at the path; or \"/path:/path\", the same on both sides: a folder of the machine")
            .On("each machine has its own"),
        Yes("networks", "names of the top level, which are checked and separate nothing"),
        Yes("network_mode", "host, as is always so; none is refused, others are passed over with a warning"),
        Yes("ulimits", "by name, such as nofile: a number, or { soft, hard }; -1 means none; more than Tangram has " +
            "itself needs root"),
        Yes("oom_score_adj", "-1000 to 1000; below what Tangram itself has needs root"),
        Yes("cpus", "as deploy.resources.limits.cpus, and not together with it"),
        Yes("mem_limit", "as deploy.resources.limits.memory, and not together with it"),
        Yes("mem_reservation", "as deploy.resources.reservations.memory, and not together with it"),
        Yes("pids_limit", "as deploy.resources.limits.pids, and not together with it; -1 means none"),
        Yes("deploy", "how many, where and how"),
        Yes("x-tangram", "what Compose has no word for"),
        No("image", "leave it out to run a plain process, and say what to run in command; images come later"),
        No("build", "leave it out and build before: command runs what is there; images come later").Never(),
        No("volumes_from", Mount).Never(),
        No("tmpfs", "let the process write below /tmp"),
        No("links", Names).Never(),
        No("external_links", "give the address in environment").Never(),
        No("extra_hosts", "write the names into the machine's /etc/hosts"),
        No("hostname", "delete it: the replica's name is in TANGRAM_REPLICA"),
        Pass("container_name", "replicas are named SERVICE-1, SERVICE-2 and so on"),
        No("domainname", "delete it: a process has its machine's name").Never(),
        No("dns", "set the machine's resolver"),
        No("dns_opt", "set the machine's resolver"),
        No("dns_search", "set the machine's resolver"),
        No("mac_address", Container).Never(),
        Pass("develop", "'tangram deploy' brings out a change"),
        No("post_start", "do it in the command before the program starts"),
        No("pre_stop", "let the program do it on its stop signal"),
        No("provider", "run it as a service with a command").Never(),
        No("models", "run the model as a service of its own").Never(),
        Pass("logging", "output goes to a file of each replica, which 'tangram logs' shows"),
        Pass("attach", "'tangram logs' shows the output"),
        Pass("annotations", "they are for containers; labels are kept").Later(),
        Pass("pull_policy", "a process has no image to pull").Later(),
        Pass("pull_refresh_after", "a process has no image to pull").Later(),
        No("platform", "label the nodes and use deploy.placement.constraints"),
        No("runtime", Container),
        No("isolation", Container).Never(),
        Pass("init", "a process is ended with its whole process group").Later(),
        Pass("tty", "a replica has no terminal").Later(),
        Pass("stdin_open", "a replica has no input").Later(),
        No("user", User),
        No("group_add", User),
        No("userns_mode", Container),
        No("privileged", User),
        No("cap_add", User),
        No("cap_drop", User),
        No("security_opt", Container),
        No("credential_spec", Container).Never(),
        No("read_only", Container),
        No("storage_opt", Container),
        No("ipc", Container),
        No("pid", Container),
        No("uts", Container),
        No("cgroup", Container),
        No("cgroup_parent", Container),
        No("devices", "delete it: a process sees the machine's devices by their permissions"),
        No("device_cgroup_rules", Container),
        No("gpus", "label the nodes that have one and use deploy.placement.constraints"),
        No("use_api_socket", Container).Never(),
        No("blkio_config", "delete it: input and output are not limited"),
        No("cpuset", "start the program with taskset"),
        No("cpu_count", Unlimited).Never(),
        No("cpu_percent", Unlimited).Never(),
        No("cpu_shares", Unlimited),
        No("cpu_period", Unlimited),
        No("cpu_quota", Unlimited),
        No("cpu_rt_runtime", Unlimited),
        No("cpu_rt_period", Unlimited),
        No("mem_swappiness", Unlimited),
        No("memswap_limit", Unlimited),
        No("oom_kill_disable", Unlimited),
        No("shm_size", "set the size of the machine's /dev/shm"),
        No("sysctls", "set them on the machine"));

    public static readonly Section Port = new("ports (long form)",
        Yes("target", "the container's port; a process listens on PORT whatever it says"),
        Yes("published", "the port on the gateways, or of the replica with mode: host"),
        Yes("host_ip", "the address to listen on; default: all"),
        Yes("protocol", "tcp"),
        Yes("mode", "ingress (default) or host"),
        Yes("name", "for people; changes nothing"),
        No("app_protocol", "delete it: the gateway serves HTTP/1.1, HTTP/2 and WebSocket by what the client speaks; " +
            "write x-tangram.gateway.tcp for what is not HTTP")
            .Never());

    public static readonly Section Volume = new("volumes (long form)",
        Yes("type", "volume or bind"),
        Yes("source", "a name of the top level, or an absolute path"),
        Yes("target", "for a bind the same path; a named volume is in TANGRAM_VOLUME_<NAME>, and not at its target"),
        Yes("read_only", "false; true is refused, since nothing would keep the process from writing"),
        No("bind", "delete it: a process sees its machine's folders as they are"),
        Yes("volume", "what only a named volume has"),
        No("tmpfs", "delete it: let the process write below /tmp"),
        No("image", "delete it; images come later"),
        No("consistency", "delete it: a process sees its machine's folders as they are"));

    public static readonly Section Healthcheck = new("healthcheck",
        Yes("test", "a string for /bin/sh, [CMD, program, ...], [CMD-SHELL, string] or [NONE]"),
        Yes("interval", "default 30s"),
        Yes("timeout", "default 30s"),
        Yes("retries", "1 to 1000; default 3"),
        Yes("start_period", "default 0s"),
        Yes("start_interval", "default 5s"),
        Yes("disable", "true or false"));

    public static readonly Section Dependency = new("depends_on (long form)",
        Yes("condition", "service_started (default), service_healthy or service_completed_successfully"),
        Yes("required", "default true; with false the file may lack the service"),
        Yes("restart", "default false; with true a change of that service restarts this one"));

    public static readonly Section Tangram = new("x-tangram (of a service)",
        Yes("probe", "http:/PATH or tcp: readiness, asked on the replica's port")
            .As(new Shape.Text("^(tcp|http:/([^/].*)?)$")),
        Yes("backend", "{tls}: how gateways speak with its replicas; default: plain HTTP")
            .As(new Shape.Of(() => Backend!)),
        Yes("route", "{host, path}, or a list of them: which requests of the gateway come here, and what becomes of " +
            "them").As(new Shape.OneOrMany(new Shape.Of(() => RouteKeys.Route))),
        Yes("balance", "peak-ewma (default), least-requests, round-robin or first; or {policy, hash, bound, sticky}")
            .As(new Shape.Or(new Shape.Words(Policies), new Shape.Of(() => Balance!))),
        Yes("slow_start", "how long a backend that is new or back takes to get its whole share of requests; default " +
            "5s, and 0 is none").As(Shape.Duration),
        Yes("breaker", "{error_rate, window, minimum, open}: requests are kept from a backend, or from all of them, " +
            "while too many fail; or off").As(new Shape.Or(new Shape.Words("off"), new Shape.Of(() => Breaker!))),
        Yes("admission", "auto, or {limit, min, max, queue, queue_time}: how many requests are let in at once, " +
            "before any work is done; default off").As(new Shape.Or(
                new Shape.Words("auto", "off"), new Shape.Of(() => Admission!))),
        Yes("hedge", "when a safe request without a body is sent to a second replica although the first has not " +
            "failed: after a quantile of the service's latency (p95) or a time (50ms); default off")
            .As(new Shape.Text(@"^(off|p[5-9][0-9](\.[0-9]+)?|([0-9]*\.?[0-9]+(us|µs|ms|s|m|h|d))+)$")),
        Yes("singleton", "true: never two processes of it at once, whatever fails; it stops where its node loses its " +
            "lease, and moves stop first").As(Shape.Flag),
        Yes("placement", "spread (default): over zones, then nodes; or binpack: fill the fullest node that has room")
            .As(new Shape.Words("spread", "binpack")),
        Yes("files", "the folder whose content is part of the revision, relative to the file; replicas run in the " +
            "revision's copy of it").As(new Shape.Text()).On("sent to the machines that run it"),
        Yes("schedule", "when a job runs; without it a job runs once for each revision that brings or changes it. " +
            "The job finds its run in TANGRAM_RUN, and the time that it runs for, in UTC, in TANGRAM_OCCURRENCE")
            .As(new Shape.Of(() => Schedule!)),
        Yes("zone_aware", "true (default): a gateway gives requests to the backends of its own zone first, as long " +
            "as they answer as quickly as others; false: all zones are equal").As(Shape.Flag),
        Yes("degrade", "{zone_latency, to, stale, response}: what becomes of requests while a zone is slow or no " +
            "backend is left").As(new Shape.Of(() => DegradeKeys.Degrade)),
        Yes("forecast", "{rate, latency_p99, storage, bandwidth}: what it will have to carry; `tangram plan` says " +
            "how many replicas that needs").As(new Shape.Of(() => Forecast!)),
        No("autoscale", "use deploy.replicas and 'tangram scale'; autoscaling comes later").Never());

    public static readonly Section Forecast = new("x-tangram.forecast",
        Yes("rate", "requests over all replicas: 500/s, 30/m or 10000/h").As(new Shape.Text(ForecastReader.RateForm)),
        Yes("latency_p99", "what 99 of 100 requests shall stay below; default: the objective, else what the capacity " +
            "was measured with").As(Shape.Duration),
        Yes("storage", "what each replica keeps on its node's disk, a size").As(new Shape.Text(Number: true)),
        Yes("bandwidth", "what each replica sends and receives in a second, a size")
            .As(new Shape.Text(Number: true)));

    public static readonly Section Backend = new("x-tangram.backend",
        Yes("tls", "true: replicas speak TLS on their port, and the probe goes by https; or {ca, name, " +
            "client_certificate, verify}; default false")
            .As(new Shape.Or(Shape.Flag, new Shape.Of(() => BackendTls!))));

    public static readonly Section BackendTls = new("x-tangram.backend.tls",
        Yes("ca", "a PEM file with the authorities that vouch for replicas; default: the machine's")
            .As(new Shape.Text()).On("a file on each gateway's and agent's machine"),
        Yes("name", "the host name that a replica's certificate must be for; default: the service's name")
            .As(new Shape.Text()),
        Yes("client_certificate", "{cert, key}: what the gateway shows of itself; default: nothing")
            .As(new Shape.Of(() => BackendCertificate!)).On("files on each gateway's and agent's machine"),
        Yes("verify", "false: whoever answers is taken for the replica; default true").As(Shape.Flag));

    public static readonly Section BackendCertificate = new("x-tangram.backend.tls.client_certificate",
        Yes("cert", "a PEM file: the certificate, then those that vouch for it; relative to the file; read again " +
            "when it changes").As(new Shape.Text()),
        Yes("key", "a PEM file: its private key, without a passphrase; relative to the file").As(new Shape.Text()));

    public static readonly Section Balance = new("x-tangram.balance",
        Yes("policy", "as balance itself; not together with hash").As(new Shape.Words(Policies)),
        Yes("hash", "header NAME, cookie NAME, client or path: requests with the same one go to the same backend; " +
            "those that have none go as with peak-ewma")
            .As(new Shape.Text(@"^((header|cookie) +[\w.-]+|client|path)$")),
        Yes("bound", "a backend takes at most this multiple of its share of the requests in flight; default 125%")
            .As(new Shape.Text(@"^([0-9]*\.?[0-9]+) ?%?$", Number: true)),
        Yes("sticky", "the name of a cookie by which a client stays with its replica as long as that is well; the " +
            "gateway sets and signs it").As(new Shape.Text(@"^[\w.-]+$")));

    public static readonly Section Breaker = new("x-tangram.breaker",
        Yes("error_rate", "the share of requests that fail; default 50%").As(Shape.Share),
        Yes("window", "over which it is counted; default 10s, at most 10m").As(Shape.Duration),
        Yes("minimum", "of requests in the window, before which it stays closed; default 20")
            .As(new Shape.Whole(1, 1_000_000)),
        Yes("open", "how long it stays open at first; default 5s, and longer each time that its trial fails")
            .As(Shape.Duration));

    public static readonly Section Admission = new("x-tangram.admission",
        Yes("limit", "auto (default): it finds itself; or how many requests may wait for their answer at once, in " +
            "each gateway").As(new Shape.Or(new Shape.Words("auto"), new Shape.Whole(1, AdmissionSpec.LargestLimit))),
        Yes("min", "auto does not settle below it; default 10").As(new Shape.Whole(1, AdmissionSpec.LargestLimit)),
        Yes("max", "auto does not go above it; default 10000").As(new Shape.Whole(1, AdmissionSpec.LargestLimit)),
        Yes("queue", "how many more wait to be let in; default 100, and 0 is none")
            .As(new Shape.Whole(0, AdmissionSpec.LongestQueue)),
        Yes("queue_time", "how long one of them waits at most; default 100ms, at most 1m").As(Shape.Duration));

    public static readonly Section Schedule = new("x-tangram.schedule",
        Yes("cron", "five fields, or six that begin with seconds: \"*/5 * * * *\", \"0 30 2 * * MON-FRI\"; or " +
            "@hourly, @daily, @weekly, @monthly").As(new Shape.Text()),
        Yes("time_zone", "a name such as Europe/Berlin; default UTC. Where clocks are put forward, what " +
            "falls into the gap runs when it ends; where they are put back, a fixed time of day runs once, an " +
            "interval in both hours").As(new Shape.Text()),
        Yes("overlap", "what an occurrence does while a run goes on: forbid (default) skips it, allow runs it " +
            "beside, replace ends the run first").As(new Shape.Words("forbid", "allow", "replace")),
        Yes("missed", "what becomes of occurrences that nobody saw within 10 s: run-once (default) runs the " +
            "newest, skip none").As(new Shape.Words("run-once", "skip")),
        Yes("starting_deadline", "how late an occurrence may start at most; default: however late")
            .As(Shape.Duration),
        Yes("history", "1 to 100 runs that have ended are remembered; default 10").As(new Shape.Whole(1, 100)));
}
