using Tangram.Planning;
using static Tangram.Planning.Section;

namespace Tangram.Proving.Drills;

/// <summary>The sections of a drill's file.</summary>
internal static class DrillKeys
{
    public static readonly Section Top = new("a drill",
        Yes("name", "how it is called; default: the file's name"),
        Yes("about", "a sentence for people"),
        Yes("hypothesis", "what must hold before, and while things break; default: the cluster's objectives"),
        Yes("steady", "how long the hypothesis must hold before anything is broken; default 3s"),
        Yes("load", "the requests that are offered meanwhile"),
        Yes("faults", "a list of what is broken, and when"),
        Yes("random", "draw so many more faults by chance, 1 to 100; --seed repeats them"));

    public static readonly Section Hypothesis = new("hypothesis",
        Yes("availability", "a share such as 99.99%; default: the cluster's, else 99.9%"),
        Yes("latency_p99", "a duration; default: the cluster's, else none"),
        Yes("recovery_time", "a duration: whole again after each fault; default: the cluster's, else 30s"));

    public static readonly Section Load = new("load",
        Yes("url", "what to ask for; default: the cluster's gateway"),
        Yes("path", "of a request to the gateway; default: the first route that any request may take"),
        Yes("method", "of HTTP; default GET"),
        Yes("rate", "requests a second; default 50"),
        Yes("duration", "default 20s"));

    public static readonly Section Fault = new("a fault",
        Yes("kind", "what breaks"),
        Yes("target", "a replica, service, node or zone; default: one that fits, by chance"),
        Yes("at", "when, since the load began; default 0"),
        Yes("for", "how long, of a fault that lasts; default 5s"),
        Yes("rate", "of a traffic-spike: requests a second; default four times the load's. Of disk-slow: how often a " +
            "second a disk is read, and written to; default 20"),
        Yes("delay", "of network-delay and link-delay: how much longer; of link-reorder: how far behind; of " +
            "answer-slow: how late answers begin"),
        Yes("jitter", "of network-delay and link-delay: so much more or less; default 0"),
        Yes("share", "of losses, corruption, doubling and reordering, and of answers: how much of it, such as 5%"),
        Yes("burst", "of losses: how many are lost in a row on average; default: each by its own chance"),
        Yes("bandwidth", "of network-bandwidth and link-bandwidth: bits a second; default 1mbit"),
        Yes("direction", "of the network: both, to (the replica) or from (it); default both"),
        Yes("status", "of answer-wrong; of 2xx only the body is wrong; default 500"),
        Yes("to", "of a link: the IPv4 address, the packets to which are meant; default: all"),
        Yes("shared", "of disk-full: true, where others use that disk too; default false"),
        Yes("offset", "of clock-off: by how much the clocks go ahead, whole seconds, such as 1h or -90s; default 1h"));
}
