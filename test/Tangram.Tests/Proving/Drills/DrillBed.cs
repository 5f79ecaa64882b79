using Tangram.Model;
using Tangram.Observing;
using Tangram.Proving.Drills;
using Tangram.Proving.Faults;

namespace Tangram.Tests.Proving.Drills;

/// <summary>A drill on three replicas over two zones, whose time is the test's.</summary>
internal sealed class DrillBed
{
    private readonly List<DrillEffect> _effects = [];

    public DrillBed(DrillSpec drill, ObjectivesSpec? objectives = null, int replicas = 3)
    {
        Replicas = [.. Enumerable.Range(1, replicas).Select(n => Replica($"web-{n}", n % 2 == 1 ? "a-1" : "b-1", n))];
        Machine = new DrillMachine(drill, new ClusterSpec
        {
            Name = "shop", Objectives = objectives ?? new ObjectivesSpec(),
            Services = [new ServiceSpec { Name = ServiceName.Of("web") }],
        }, new Rng(1));
    }

    public DrillMachine Machine { get; }
    public Instant Now { get; private set; } = Instant.Zero + TimeSpan.FromHours(1);
    public List<ReplicaView> Replicas { get; }
    public Dictionary<string, string> Nodes { get; } = new() { ["a-1"] = "ready", ["b-1"] = "ready" };
    public bool Ready { get; set; } = true;
    public long Requests { get; set; }
    public long Errors { get; set; }
    public DrillVerdict? Verdict => Machine.Verdict;

    public DrillSighting Seen => new(true, Ready, Replicas.ToEquatableArray(),
        Nodes.Select(n => new NodeView(n.Key, n.Key[..1], n.Value, 1, "")).ToEquatableArray(),
        Replicas.Where(r => r.Ready).Select(r => new BackendTrafficView(
            r.Replica, r.Node, r.Zone, "up", "", 1, 1, 0, 0, 0, 0, null, null, null, null)).ToEquatableArray(),
        0, null) { Requests = Requests, Errors = Errors };

    public static DrillSpec Killing(params FaultSpec[] faults) => new()
    {
        Name = "mine", Load = new DrillLoadSpec { Rate = 100, Duration = TimeSpan.FromSeconds(10) },
        Faults = [.. faults],
    };

    public static FaultSpec Fault(FaultKind kind, double at, double lasts = 0, string? target = null) =>
        new(kind, target, TimeSpan.FromSeconds(at), TimeSpan.FromSeconds(lasts), new Place("mine.yaml", 1, 1));

    public static DrillLoad Load(long sent = 1000, long failed = 0, double p99 = 10, double late = 0) => new(
        sent, failed, failed > 0 ? [$"{failed} Refused"] : [], TimeSpan.Zero, TimeSpan.FromMilliseconds(p99),
        TimeSpan.FromMilliseconds(p99), TimeSpan.FromMilliseconds(late), 0, null);

    public static DrillResult Result(string drill, DrillRuling ruling, TimeSpan? whole = null) => new()
    {
        Drill = drill, Cluster = "shop", Seed = 7, StartedAt = new(2026, 11, 29, 3, 0, 0, TimeSpan.Zero),
        Url = "http://127.0.0.1:8080/", Availability = 0.999, LatencyP99 = null, Recovery = TimeSpan.FromSeconds(30),
        Verdict = new DrillVerdict(ruling, ["so it was"]), Steady = Load(), Load = Load(failed: 1), Retried = 0,
        Faults =
        [
            new DrillFault("replica-killed", "web-1", ["web-1"], TimeSpan.FromSeconds(3), TimeSpan.Zero, "gone", "",
                TimeSpan.FromMilliseconds(50), null, whole, null),
        ],
        Timeline = [],
    };

    public static ReplicaView Replica(string name, string node, int pid, bool ready = true) =>
        new(name, "web", node, node[..1], ready ? "ready" : "starting", ready, pid, 1, 1, 0, "");

    public List<DrillEffect> Begin() => Told(effects => Machine.Begin(Seen, Now, effects));

    public List<DrillEffect> On(DrillEvent @event) => Told(effects => Machine.On(@event, Now, effects));

    public List<DrillEffect> Look() => On(new DrillEvent.Looked(Seen, Now));

    /// <summary>Passes and looks.</summary>
    public List<DrillEffect> After(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        return Look();
    }

    /// <summary>Up to the begin of the load.</summary>
    public DrillBed Running()
    {
        Begin();
        Assert.Contains(new DrillEffect.StartLoad(), On(new DrillEvent.SteadyEnded(Load())));
        return this;
    }

    private List<DrillEffect> Told(Action<List<DrillEffect>> tell)
    {
        _effects.Clear();
        tell(_effects);
        return [.. _effects];
    }
}
