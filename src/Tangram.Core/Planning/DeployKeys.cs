using static Tangram.Planning.Section;

namespace Tangram.Planning;

internal static class DeployKeys
{
    public static readonly Section Deploy = new("deploy",
        Yes("mode", "replicated (default) or global, which is one replica on every node; replicated-job or " +
            "global-job for what ends: started again only when it fails"),
        Yes("replicas", "0 to 100000; default 1; not with mode: global"),
        Yes("endpoint_mode", "vip, which is the default and how the gateway works"),
        Yes("labels", "a map or a list of KEY=VALUE"),
        Yes("placement", "where replicas may run"),
        Yes("resources", "what replicas may use and what is kept for them"),
        Yes("restart_policy", "what happens when a process ends"),
        Yes("update_config", "how a new revision goes out"),
        Yes("rollback_config", "how the old revision comes back"));

    public static readonly Section Placement = new("deploy.placement",
        Yes("constraints", "a list such as \"node.labels.disk == ssd\", with == or != on node.hostname, node.id, " +
            "node.zone or node.labels.KEY"),
        Yes("preferences", "a list of spread preferences; by default replicas are spread over zones, then over nodes"),
        Yes("max_replicas_per_node", "0 (default) means no limit"));

    public static readonly Section Preference = new("deploy.placement.preferences",
        Yes("spread", "node.zone or node.labels.KEY"));

    public static readonly Section Resources = new("deploy.resources",
        Yes("limits", "enforced by cgroup where one can be written"),
        Yes("reservations", "counted when a node is chosen"));

    public static readonly Section Limits = new("deploy.resources.limits",
        Yes("cpus", "cores, such as \"0.5\""),
        Yes("memory", "bytes, such as 256M (units of 1024)"),
        Yes("pids", "a number of processes"));

    public static readonly Section Reservations = new("deploy.resources.reservations",
        Yes("cpus", "cores, such as \"0.25\""),
        Yes("memory", "bytes, such as 128M (units of 1024)"),
        No("pids", "write it under limits: processes are limited, not reserved").Never(),
        No("generic_resources", "label the nodes that have the resource and use placement.constraints"),
        No("devices", "label the nodes that have the device and use placement.constraints"));

    public static readonly Section Restart = new("deploy.restart_policy",
        Yes("condition", "any (default), on-failure or none"),
        Yes("delay", "default 1s between two starts; doubles, to 60 s, only after starts that never became ready"),
        Yes("max_attempts", "1 or more; without it there is no end"),
        Yes("window", "how long a start must stay ready not to count; default 0s"));

    public static readonly Section Update = new("deploy.update_config",
        Yes("parallelism", "replicas moved at a time; default 1; 0 means all"),
        Yes("delay", "between two batches; default 0s"),
        Yes("failure_action", "rollback (default; Compose: pause), pause or continue"),
        Yes("monitor", "how long a batch is watched; default 10s (Compose: 0s)"),
        Yes("max_failure_ratio", "the share of failed replicas that is tolerated, 0 (default) to 1"),
        Yes("order", "start-first (default; Compose: stop-first) or stop-first"));

    public static readonly Section Rollback = new("deploy.rollback_config",
        Yes("parallelism", "replicas moved at a time; default 1; 0 means all"),
        Yes("delay", "between two batches; default 0s"),
        Yes("failure_action", "pause (default) or continue"),
        Yes("monitor", "how long a batch is watched; default 10s (Compose: 0s)"),
        Yes("max_failure_ratio", "the share of failed replicas that is tolerated, 0 (default) to 1"),
        Yes("order", "start-first (default; Compose: stop-first) or stop-first"));
}
