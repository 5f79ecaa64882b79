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
        Yes("rate", "of a traffic-spike: requests a second; default four times the load's"),
        Yes("shared", "of disk-full: true, where others use that disk too; default false"),
        Yes("to", "of a link: a node or an IPv4 address, the packets to which are meant; default: all"),
        Yes("delay", "of link-delay (default 100ms) and link-reorder (default 20ms)"),
        Yes("jitter", "of link-delay: each packet is off by up to this; default 0"),
        Yes("share", "of link-loss, -duplicate and -corrupt, default 10%, and of link-reorder, default 25%"),
        Yes("burst", "of link-loss: packets lost in a row, in the mean; default 1"),
        Yes("bandwidth", "of link-bandwidth: bits a second; default 1mbit"));
}
