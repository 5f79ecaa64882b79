using static Tangram.Planning.Section;

namespace Tangram.Planning;

internal static class TopKeys
{
    private const string OrSent = "on each gateway's machine; a secret is sent to every gateway";

    public static readonly Section Top = new("the top level",
        Yes("name", "the cluster's name, lower-case letters, digits, '-' and '_'; default: the file's folder"),
        Yes("services", "a map from service name to service"),
        Yes("x-tangram", "what Compose has no word for"),
        Yes("version", "changes nothing, as in Compose, and is warned about"),
        Yes("include", "a list of files whose services come to stand beside this file's"),
        Yes("networks", "a map from name to network; nothing is separated: a process is in its machine's network, " +
            "and reaches services by TANGRAM_URL_<SERVICE>"),
        Yes("volumes", "a map from name to volume: a folder in the state of each node, whose path is in " +
            "TANGRAM_VOLUME_<NAME>").On("each machine has its own"),
        Yes("configs", "a map from name to config: a read-only file, whose path is in TANGRAM_CONFIG_<NAME>")
            .On("sent to the machines that run it"),
        Yes("secrets", "a map from name to secret: a file that only its owner can read, whose path is in " +
            "TANGRAM_SECRET_<NAME>").On("sent to the machines that run it"),
        No("models", "delete it: run the model as a service of its own").Never());

    public static readonly Section Tangram = new("x-tangram (top level)",
        Yes("zones", "a list of zone names; default [a]").As(new Shape.Many(new Shape.Text(), Least: 1))
            .On("an agent says its zone"),
        Yes("nodes_per_zone", "virtual nodes of each zone on one machine, 1 to 1000; default 1")
            .As(new Shape.Whole(1, 1000))
            .On("agents are the nodes"),
        Yes("rebalance", "off, or how many replicas may move at a time for a better spread; default: two, and in a " +
            "large cluster one for every ten nodes").As(new Shape.Text("^(off|[0-9]+)$", Number: true)),
        Yes("objectives", "what the service promises").As(new Shape.Of(() => Objectives!)),
        Yes("drills", "a list of drills that the cluster holds by a calendar")
            .As(new Shape.Many(new Shape.Of(() => Drill!))).On("refused: drills break what one tangram up runs"),
        Yes("gateway", "where requests come in").As(new Shape.Of(() => Gateway!)));

    public static readonly Section Drill = new("x-tangram.drills",
        Yes("drill", "a ready drill, as tangram drill lists them").As(new Shape.Text()),
        Yes("schedule", "five fields, or six that begin with seconds, as a job's cron: \"0 3 * * 1\"; or @daily, " +
            "@weekly, @monthly. What is missed while no daemon runs is not made up for").As(new Shape.Text()),
        Yes("time_zone", "a name such as Europe/Berlin; default UTC").As(new Shape.Text()),
        Yes("at_most", "what a fault may strike: replica, node, zone (default), or cluster, which is all beyond; " +
            "faults by chance are drawn within it").As(new Shape.Words("replica", "node", "zone", "cluster")),
        Yes("starting_deadline", "how long it waits for a cluster that is ready, and in which no revision goes out " +
            "and no drill is held; default 5m").As(Shape.Duration));

    public static readonly Section Objectives = new("x-tangram.objectives",
        Yes("availability", "a share such as 99.99%").As(Shape.Share),
        Yes("latency_p99", "a duration").As(Shape.Duration),
        Yes("recovery_time", "a duration: how long an outage may last").As(Shape.Duration),
        Yes("recovery_point", "a duration: how much written work may be lost").As(Shape.Duration));

    public static readonly Section Gateway = new("x-tangram.gateway",
        Yes("listen", "a list of http:// and https:// URLs without a path; default [\"http://127.0.0.1:8080\"]; " +
            "port 0 takes a free one").As(new Shape.Many(new Shape.Text("^https?://"), Least: 1))
            .On("on each gateway"),
        Yes("certificates", "for https://, a list of {cert, key}; which one is shown is chosen by the name that the " +
            "client asks for, the first when none is for it").As(new Shape.Many(new Shape.Of(() => Certificate!), 1))
            .On("files on each gateway's machine; secrets are sent to every gateway"),
        Yes("acme", "certificates that the cluster has issued to itself and renews, one for each domain")
            .As(new Shape.Of(() => Acme!)).On("the leader orders them, and every gateway has them"),
        Yes("self_signed", "true: the gateway makes a certificate of its own for local use; default: when none is " +
            "given and every https:// address is a loopback one").As(Shape.Flag).On("each gateway has its own"),
        Yes("client_ca", "a PEM file, or secret:NAME, with the authorities whose clients are admitted; who a client " +
            "is goes on in X-Forwarded-Client-Cert").As(new Shape.Text())
            .On("a file on each gateway's machine; a secret is sent to every gateway"),
        Yes("client_certificates", "require (default with client_ca), or request: who shows none is admitted too")
            .As(new Shape.Words("require", "request")),
        Yes("hsts", "a duration such as 365d, for which browsers shall come by https alone; default: not said")
            .As(Shape.Duration),
        Yes("redirect_to_https", "true: requests that come by http are sent to the first https:// address; default " +
            "false").As(Shape.Flag),
        Yes("accept_proxy", "true: connections to listen begin with the PROXY protocol, version 1 or 2, by which a " +
            "balancer before the gateway names the client; others are refused. Let nobody else connect; default false")
            .As(Shape.Flag),
        Yes("trusted_proxies", "networks such as [10.0.0.0/8], or one: what comes from there is believed when it " +
            "says who its client is (X-Forwarded-For, -Proto and -Host); default: nobody is")
            .As(new Shape.OneOrMany(new Shape.Text())),
        Yes("routes", "a list of routes that belong to no service: they redirect, or say where they lead")
            .As(new Shape.Many(new Shape.Of(() => RouteKeys.GatewayRoute))),
        Yes("tcp", "a list of addresses whose connections go to a service as they are")
            .As(new Shape.Many(new Shape.Of(() => Tcp!))).On("on each gateway"),
        Yes("access_log", "true: one line for each request, in access.jsonl in the state folder; or a file's path, " +
            "or {format, path, query}; default: none").As(new Shape.Or(Shape.Flag,
                new Shape.Or(new Shape.Text(), new Shape.Of(() => AccessLog!)))).On("files on each gateway's machine"),
        Yes("metrics", "an http:// URL without a path, at whose /metrics Prometheus finds the gateway's figures; " +
            "default: only the API's socket has them").As(new Shape.Text("^http://")).On("on each gateway"),
        Yes("trace", "what becomes of a request without a traceparent: sampled (default) begins a trace that " +
            "backends shall record, unsampled one that they need not, and pass adds nothing")
            .As(new Shape.Words("sampled", "unsampled", "pass")),
        Yes("limits", "how much a client may send, and how slowly").As(new Shape.Of(() => Limits!)),
        Yes("http3", "true: HTTP/3 too on the ports of https, where libmsquic is installed; default false")
            .As(Shape.Flag).On("on each gateway"),
        No("tls", "write certificates: beside listen, and an https:// address in it").Never());

    public static readonly Section AccessLog = new("x-tangram.gateway.access_log",
        Yes("format", "json (default): an object in each line; or combined, Apache's")
            .As(new Shape.Words("json", "combined")),
        Yes("path", "a file, relative to this one; its folder must exist; default: access.jsonl or access.log in the " +
            "state folder").As(new Shape.Text()).On("on each gateway's machine"),
        Yes("query", "true: with what stands behind the ? of requests and referers; default false, since secrets may " +
            "stand there").As(Shape.Flag));

    public static readonly Section Limits = new("x-tangram.gateway.limits",
        Yes("header_bytes", "of all fields of a request together; more is answered 431; default 32k")
            .As(new Shape.Text(Number: true)),
        Yes("headers", "how many fields a request may have; more is answered 431; default 100")
            .As(new Shape.Whole(10, 1_000)),
        Yes("request_line", "of method, target and version; more is answered 414; default 8k")
            .As(new Shape.Text(Number: true)),
        Yes("header_time", "from a request's first byte to the end of its head; later is answered 408; default 30s")
            .As(Shape.Duration),
        Yes("body_rate", "bytes a second, on average and after 10 s, that a body of known length must come with " +
            "(else 408), and an answer over HTTP/1.1 be taken with; streams, WebSockets and gRPC are free; default " +
            "240; 0: at any pace").As(new Shape.Text(Number: true)),
        Yes("keep_alive", "how long a client may be silent before a request; default 130s").As(Shape.Duration),
        Yes("connections", "open at once at one gateway; those beyond are closed; default 65536, and never more " +
            "than a quarter of the files that it may open").As(new Shape.Whole(1, 1_000_000)).On("at each gateway"),
        Yes("body_bytes", "of one request's body; more is answered 413; default: of any length")
            .As(new Shape.Text(Number: true)));

    public static readonly Section Tcp = new("x-tangram.gateway.tcp",
        Yes("listen", "tcp://ADDRESS:PORT, where * is every address; several entries may share one, by sni")
            .As(new Shape.Text("^tcp://")),
        Yes("service", "whose replicas get the connections").As(new Shape.Text()),
        Yes("sni", "only those of TLS whose client asks for this host, such as shop.test or *.shop.test; it is not " +
            "decrypted; default: all that no other entry is for").As(new Shape.Text()),
        Yes("accept_proxy", "true: they begin with the PROXY protocol, version 1 or 2; others are refused; default " +
            "false").As(Shape.Flag),
        Yes("send_proxy", "v1 or v2: the replica is told of the client by the PROXY protocol; default: it is not")
            .As(new Shape.Words("v1", "v2")),
        Yes("idle", "a connection on which nothing moves for so long is ended; default 1h").As(Shape.Duration));

    public static readonly Section Acme = new("x-tangram.gateway.acme",
        Yes("domains", "a list of host names; each must lead to the gateways").As(new Shape.Many(new Shape.Text(), 1)),
        Yes("directory", "the https:// address of the authority's ACME directory, to whose terms you agree; default: " +
            "Let's Encrypt").As(new Shape.Text("^https://")),
        Yes("email", "to whom the authority may write; default: to nobody").As(new Shape.Text("@")),
        Yes("challenge", "http-01 (default: it asks at port 80), or tls-alpn-01 (at port 443)")
            .As(new Shape.Words("http-01", "tls-alpn-01")),
        Yes("ca", "a PEM file with the authorities that vouch for the directory itself; default: the machine's")
            .As(new Shape.Text()).On("a file on each server's machine"));

    public static readonly Section Certificate = new("x-tangram.gateway.certificates",
        Yes("cert", "a PEM file: the certificate, then those that vouch for it; relative to the file; read again " +
            "when it changes. Or secret:NAME, one of the top level's secrets, which is part of the revision")
            .As(new Shape.Text()).On(OrSent),
        Yes("key", "a PEM file: its private key, without a passphrase; relative to the file; it stays where it is. " +
            "Or secret:NAME").As(new Shape.Text()).On(OrSent));
}
