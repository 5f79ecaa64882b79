using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

/// <summary>Builds a state the way it comes about: by documents in a store, each put raising the revision.</summary>
internal sealed class Documents
{
    private readonly Dictionary<string, KeyValue> _pairs = [];
    private long _revision;

    public IEnumerable<KeyValue> Pairs => _pairs.Values.OrderBy(p => p.ModRevision);

    public ClusterState State => ClusterState.From(new RangeAnswer(StoreStatus.Ok, _revision,
        [.. _pairs.Values.OrderBy(p => p.Key, StringComparer.Ordinal)]));

    public Documents Put<T>(string key, T document) => PutText(key, Json.Write(document));

    public Documents PutText(string key, string text)
    {
        var created = _pairs.TryGetValue(key, out var old) ? old.CreateRevision : _revision + 1;
        _pairs[key] = new KeyValue(key, text, created, ++_revision, (old?.Version ?? 0) + 1, 0);
        return this;
    }

    public Documents Delete(string key)
    {
        if (_pairs.Remove(key)) _revision++;
        return this;
    }

    public Documents Asked(int revision, params Scale[] scale) =>
        Put(Keys.Asked, new Asked { Revision = revision, Scale = [.. scale] });

    public Documents Revision(int number, ClusterSpec spec, int replaces = 0) =>
        Put(Keys.Revision(number), new Revision { Number = number, Spec = spec, Replaces = replaces });

    public Documents Rollout(int current, int target, RolloutStage stage, string because = "") =>
        Put(Keys.Rollout, new Rollout { Current = current, Target = target, Stage = stage, Because = because });

    /// <summary>A node with ready replicas of one revision, assigned and seen.</summary>
    public Documents Node(string node, int revision, params string[] replicas) => Node(node,
        [.. replicas.Select(r => (r, revision, Phase.Ready))]);

    public Documents Node(string node, params (string Replica, int Revision, Phase Phase)[] replicas)
    {
        var name = NodeName.Of(node);
        Put(Keys.Assigned(name), new Assigned
        {
            Replicas = [.. replicas.Select(r => new Assignment
            {
                Replica = ReplicaName.Of(r.Replica), Service = ServiceName.Of(r.Replica[..r.Replica.LastIndexOf('-')]),
                Revision = r.Revision, Because = "it was missing",
            })],
        });
        return Put(Keys.Seen(name), new Seen
        {
            Incarnation = 1, Zone = ZoneName.Of(node[..1]),
            Replicas = [.. replicas.Select(r => new SeenReplica
            {
                Replica = ReplicaName.Of(r.Replica), Phase = r.Phase, Pid = 100, Port = 20_000, Starts = 2, Exit = 1,
            })],
        });
    }

    public Documents Gateway(string name, long? applied = null) => Put(Keys.Gateway(name),
        new GatewaySeen { Addresses = ["http://127.0.0.1:8080"], Applied = applied ?? _revision });

    /// <summary>Services by name, each with a count and a route; zones a, b and c with one node each.</summary>
    public static ClusterSpec Spec(params (string Name, int Replicas)[] services) => new()
    {
        Name = "shop",
        Zones = [ZoneName.Of("a"), ZoneName.Of("b"), ZoneName.Of("c")],
        Services = [.. services.Select(s => new ServiceSpec
        {
            Name = ServiceName.Of(s.Name), Expose = [8080], Deploy = new DeploySpec { Replicas = s.Replicas },
        })],
    };

    public static ClusterSpec Spec(int version, int replicas = 2) => Spec(("order", replicas)) is var spec
        ? spec with { Services = [spec.Services[0] with { Command = [$"order-{version}"] }] }
        : throw new InvalidOperationException();
}
