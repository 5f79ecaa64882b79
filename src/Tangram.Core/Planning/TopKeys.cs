using static Tangram.Planning.Section;

namespace Tangram.Planning;

internal static class TopKeys
{
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
        Yes("gateway", "where requests come in").As(new Shape.Of(() => Gateway!)));

    public static readonly Section Objectives = new("x-tangram.objectives",
        Yes("availability", "a share such as 99.99%").As(Shape.Share),
        Yes("latency_p99", "a duration").As(Shape.Duration),
        Yes("recovery_time", "a duration: how long an outage may last").As(Shape.Duration),
        Yes("recovery_point", "a duration: how much written work may be lost").As(Shape.Duration));

    public static readonly Section Gateway = new("x-tangram.gateway",
        Yes("listen", "a list of http:// URLs without a path; default [\"http://127.0.0.1:8080\"]; port 0 takes a " +
            "free one").As(new Shape.Many(new Shape.Text("^http://"), Least: 1)).On("on each gateway"),
        Yes("trusted_proxies", "networks such as [10.0.0.0/8], or one: what comes from there is believed when it " +
            "says who its client is (X-Forwarded-For, -Proto and -Host); default: nobody is")
            .As(new Shape.OneOrMany(new Shape.Text())),
        Yes("routes", "a list of routes that belong to no service: they redirect, or say where they lead")
            .As(new Shape.Many(new Shape.Of(() => RouteKeys.GatewayRoute))),
        No("tls", "listen on http:// behind something that ends TLS; https comes later").Never());
}
