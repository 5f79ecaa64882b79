using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Proving.Simulation;

/// <summary>A cluster of any size starts, loses a whole zone at once, with the server and the gateway in it, and gets
/// it back. Messages are lost now and then; the leader's own zone stays.</summary>
public sealed class ZoneLoss
{
    private const int Zones = 3;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);

    private readonly ZoneLossOptions _options;
    private readonly Action<ZoneLossPhase> _entered;
    private readonly Simulator _cluster;
    private readonly ReadyCount _count = new();
    private readonly HashSet<NodeName> _everDead = [];

    private ZoneLoss(ZoneLossOptions options, Action<ZoneLossPhase> entered)
    {
        (_options, _entered) = (options, entered);
        _cluster = new Simulator(options.Seed, options.Hooks with
        {
            Servers = Zones, Zones = Zones, Gateways = Zones, Nodes = options.Nodes,
            Capacity = new Resources { Cpus = options.CoresPerNode },
            MessageLoss = 0.01, StoreRefuses = 0, StoreAnswerLost = 0, Sparing = true,
        });
        _cluster.Store.Changed += (state, batch) =>
        {
            _count.Take(state, batch);
            _everDead.UnionWith(_count.Dead);
        };
    }

    /// <param name="entered">Called when a phase begins, at the very moment.</param>
    public static ZoneLossResult Run(ZoneLossOptions options, Action<ZoneLossPhase>? entered = null) =>
        new ZoneLoss(options, entered ?? (_ => { })).Run();

    private ZoneLossResult Run()
    {
        var started = Start();
        _entered(ZoneLossPhase.Steady);
        Pass(Calm);

        var zone = _cluster.Leader?.EndsWith('1') == true ? 'b' : 'a';
        var lost = _cluster.Nodes.Where(n => n.Value[0] == zone).ToArray();
        _entered(ZoneLossPhase.Detecting);
        PowerOff(zone, lost);
        var first = _cluster.RunUntil(() => _count.Dead.Count > 0, _options.Patience);
        var detected = first + _cluster.RunUntil(() => lost.All(_count.Dead.Contains), _options.Patience);
        _entered(ZoneLossPhase.Replacing);
        var whole = detected + _cluster.RunUntil(() => _count.Ready >= _options.Replicas, _options.Patience);
        var ready = _count.Ready;
        _entered(ZoneLossPhase.Replaced);
        Pass(Calm);

        _entered(ZoneLossPhase.Returning);
        foreach (var node in lost) _cluster.PowerOn(node);
        _cluster.StartServer($"server-{zone - 'a' + 1}");
        _cluster.StartGateway($"gateway-{zone - 'a' + 1}");
        var returned = _cluster.RunUntil(() => _count.Dead.Count == 0 && Settled(), _options.Patience);
        _entered(ZoneLossPhase.Done);
        return new ZoneLossResult(started, first, detected, whole, returned, lost.Length,
            _everDead.Except(lost).Count(), ready, _cluster.Said, _cluster.Invariants.Violations,
            _cluster.Agenda.Now - Instant.Zero, _cluster.Events);
    }

    private TimeSpan? Start()
    {
        _entered(ZoneLossPhase.Starting);
        _cluster.StartQuietly();
        Pass(TimeSpan.FromSeconds(3));
        var revision = new Revision { Number = 1, Spec = Spec() };
        _cluster.Store.Commit("people", new Txn
        {
            Then =
            [
                new StoreOp.Put(Keys.Asked, Json.Write(new Asked { Revision = 1 })),
                new StoreOp.Put(Keys.Revision(1), Json.Write(revision)),
            ],
        }, _ => { });
        return _cluster.RunUntil(() => _count.Ready >= _options.Replicas &&
            _cluster.Store.State.Rollout is { Value.Ended: true }, _options.Patience);
    }

    private void Pass(TimeSpan time) => _cluster.RunUntil(_cluster.Agenda.Now + time);

    private void PowerOff(char zone, NodeName[] nodes)
    {
        foreach (var node in nodes) _cluster.PowerOff(node);
        _cluster.Kill($"server-{zone - 'a' + 1}");
        _cluster.Kill($"gateway-{zone - 'a' + 1}");
    }

    private bool Settled() =>
        _cluster.Store.State.Nodes.Values.All(n => n.Assignments.All(a => a.Intent == Intent.Run));

    private ClusterSpec Spec() => new()
    {
        Name = "simulated",
        Zones = [ZoneName.Of("a"), ZoneName.Of("b"), ZoneName.Of("c")],
        Services = Enumerable.Range(0, _options.Services).Select(i => new ServiceSpec
        {
            Name = ServiceName.Of($"service{i:000}"),
            Command = [Behaviours.Good, "0"],
            Expose = [80],
            Deploy = new DeploySpec
            {
                Replicas = _options.Replicas * (i + 1) / _options.Services - _options.Replicas * i / _options.Services,
                Resources = new ResourcesSpec { Reservations = new Resources { Cpus = 1 } },
            },
        }).ToEquatableArray(),
    };
}
