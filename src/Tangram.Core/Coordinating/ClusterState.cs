using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>A document with the revision at which it was last written, for compare-and-set.</summary>
public sealed record Versioned<T>(T Value, long ModRevision) where T : class;

/// <summary>Everything the store says about one node. Any part may be missing.</summary>
public sealed record NodeState
{
    public required NodeName Name { get; init; }
    public Versioned<Assigned>? Assigned { get; init; }
    public Versioned<Seen>? Seen { get; init; }
    public Versioned<Dead>? Dead { get; init; }

    public ZoneName? Zone => Seen?.Value.Zone ?? Dead?.Value.Zone;

    /// <summary>It has an agent with a lease and nobody has declared it dead.</summary>
    public bool Alive => Seen is not null && Dead is null;

    public EquatableArray<Assignment> Assignments => Assigned?.Value.Replicas ?? [];

    public SeenReplica? Find(ReplicaName replica)
    {
        if (Seen is null) return null;
        foreach (var seen in Seen.Value.Replicas) if (seen.Replica == replica) return seen;
        return null;
    }
}

/// <summary>What was seen: one immutable snapshot of the store at one revision. <see cref="Apply"/> makes the
/// next.</summary>
public sealed record ClusterState
{
    public static readonly ClusterState Empty = new();

    public long Revision { get; init; }

    /// <summary>Read from this machine's own copy because no store answered: it may be old, and its revisions may be
    /// those of another store.</summary>
    public bool Recalled { get; init; }

    public Versioned<Asked>? Asked { get; init; }
    public Versioned<Term>? Term { get; init; }
    public Versioned<Rollout>? Rollout { get; init; }
    public ImmutableSortedDictionary<int, Revision> Revisions { get; init; } =
        ImmutableSortedDictionary<int, Revision>.Empty;
    public ImmutableSortedDictionary<NodeName, NodeState> Nodes
    {
        get;
        init => (field, _ring) = (value, new Lazy<Ring>(() => Ring.Of(value)));
    } = ImmutableSortedDictionary<NodeName, NodeState>.Empty;
    public ImmutableSortedDictionary<string, Versioned<GatewaySeen>> Gateways { get; init; } =
        ImmutableSortedDictionary.Create<string, Versioned<GatewaySeen>>(StringComparer.Ordinal);

    /// <summary>What each job has done, as the leader remembers it.</summary>
    public ImmutableSortedDictionary<ServiceName, Versioned<JobRuns>> Jobs { get; init; } =
        ImmutableSortedDictionary<ServiceName, Versioned<JobRuns>>.Empty;

    /// <summary>What one replica of a service was measured to carry.</summary>
    public ImmutableSortedDictionary<ServiceName, Versioned<Capacities>> Capacities { get; init; } =
        ImmutableSortedDictionary<ServiceName, Versioned<Capacities>>.Empty;

    /// <summary>Certificates that the cluster has ordered, and orders.</summary>
    public AcmeState Acme { get; init; } = AcmeState.Empty;

    /// <summary>Who watches whom: the same object in all states in which the same nodes live.</summary>
    public Ring Ring => _ring.Value;

    private Lazy<Ring> _ring = new(() => Ring.Of(ImmutableSortedDictionary<NodeName, NodeState>.Empty));

    /// <summary>The revision of the newest key that a gateway's routes depend on (asked, revisions, rollout, assigned,
    /// seen, dead; a challenge and certificates). A gateway reports it as <see cref="GatewaySeen.Applied"/>.</summary>
    public long RoutedRevision { get; init; }

    /// <summary>The spec of a revision, or null when it was never written.</summary>
    public ClusterSpec? Spec(int revision) => Revisions.TryGetValue(revision, out var found) ? found.Spec : null;

    /// <summary>The spec that replicas shall follow now: the rollout's, before the first rollout the asked
    /// one.</summary>
    public ClusterSpec? EffectiveSpec => Spec(Rollout?.Value.Effective ?? Asked?.Value.Revision ?? 0);

    /// <summary>The state that was listed. What was deleted before left no trace, so routes may depend on any revision
    /// up to this one.</summary>
    public static ClusterState From(RangeAnswer range) =>
        range.Pairs.Aggregate(Empty, (state, pair) => state.With(new KeyChange(pair, false)))
            with { Revision = range.Revision, RoutedRevision = range.Revision };

    /// <summary>What <see cref="From"/> makes this state of; leases are left out.</summary>
    public RangeAnswer ToRange()
    {
        var pairs = new List<KeyValue>();
        Add(Keys.Asked, Asked);
        Add(Keys.Term, Term);
        Add(Keys.Rollout, Rollout);
        foreach (var (number, revision) in Revisions)
            Add(Keys.Revision(number), new Versioned<Revision>(revision, Revision));
        foreach (var (name, node) in Nodes)
        {
            Add(Keys.Assigned(name), node.Assigned);
            Add(Keys.Seen(name), node.Seen);
            Add(Keys.Dead(name), node.Dead);
        }
        foreach (var (name, job) in Jobs) Add(Keys.Job(name), job);
        foreach (var (name, gateway) in Gateways) Add(Keys.Gateway(name), gateway);
        foreach (var (name, capacity) in Capacities) Add(Keys.Capacity(name), capacity);
        Add(Keys.AcmeAccount, Acme.Account);
        Add(Keys.AcmeChallenge, Acme.Challenge);
        Add(Keys.AcmeTroubles, Acme.Troubles);
        foreach (var (domain, certificate) in Acme.Certificates) Add(Keys.AcmeCertificate(domain), certificate);
        return new RangeAnswer(StoreStatus.Ok, Revision, pairs);

        void Add<T>(string key, Versioned<T>? document) where T : class
        {
            if (document is { ModRevision: var at })
                pairs.Add(new KeyValue(key, Json.Write(document.Value), at, at, 1, 0));
        }
    }

    /// <summary>The state after a batch of the watch. Batches that were already applied change nothing.</summary>
    public ClusterState Apply(StoreBatch batch)
    {
        if (batch.Revision <= Revision) return this;
        var next = this;
        foreach (var change in batch.Changes) next = next.With(change);
        return next with { Revision = batch.Revision };
    }

    private ClusterState With(KeyChange change)
    {
        var (key, rev) = (change.Pair.Key, change.Pair.ModRevision);
        var next = key switch
        {
            Keys.Asked => this with { Asked = Read<Asked>(change) },
            Keys.Term => this with { Term = Read<Term>(change) },
            Keys.Rollout => this with { Rollout = Read<Rollout>(change) },
            _ when After(key, Keys.Revisions) is { } number => this with
            {
                Revisions = change.Deleted
                    ? Revisions.Remove(int.Parse(number))
                    : Revisions.SetItem(int.Parse(number), Json.Read<Revision>(change.Pair.Value)),
            },
            _ when After(key, Keys.AssignedPrefix) is { } node =>
                Node(node, n => n with { Assigned = Read<Assigned>(change) }),
            _ when After(key, Keys.SeenPrefix) is { } node => Node(node, n => n with { Seen = Read<Seen>(change) }),
            _ when After(key, Keys.DeadPrefix) is { } node => Node(node, n => n with { Dead = Read<Dead>(change) }),
            _ when After(key, Keys.JobPrefix) is { } job => this with
            {
                Jobs = change.Deleted
                    ? Jobs.Remove(ServiceName.Of(job))
                    : Jobs.SetItem(ServiceName.Of(job), Read<JobRuns>(change)!),
            },
            _ when After(key, Keys.GatewayPrefix) is { } gateway => this with
            {
                Gateways = change.Deleted
                    ? Gateways.Remove(gateway)
                    : Gateways.SetItem(gateway, Read<GatewaySeen>(change)!),
            },
            _ when After(key, Keys.CapacityPrefix) is { } service => this with
            {
                Capacities = change.Deleted
                    ? Capacities.Remove(ServiceName.Of(service))
                    : Capacities.SetItem(ServiceName.Of(service), Read<Capacities>(change)!),
            },
            _ when After(key, Keys.AcmePrefix) is not null => this with { Acme = Acme.With(change) },
            _ => this,
        };
        var routed = key != Keys.Term && !key.StartsWith(Keys.GatewayPrefix, StringComparison.Ordinal)
            && !key.StartsWith(Keys.JobPrefix, StringComparison.Ordinal)
            && !key.StartsWith(Keys.CapacityPrefix, StringComparison.Ordinal)
            && (!key.StartsWith(Keys.AcmePrefix, StringComparison.Ordinal) || AcmeState.IsRouted(key));
        if (!routed || ReferenceEquals(next, this)) return next;
        return next with { RoutedRevision = Math.Max(rev, RoutedRevision) };
    }

    private ClusterState Node(string name, Func<NodeState, NodeState> change)
    {
        var node = NodeName.Of(name);
        var before = Nodes.GetValueOrDefault(node);
        var next = change(before ?? new NodeState { Name = node });
        var gone = next.Assigned is null && next.Seen is null && next.Dead is null;
        var state = this with { Nodes = gone ? Nodes.Remove(node) : Nodes.SetItem(node, next) };
        if (Ring.Same(before, gone ? null : next)) state._ring = _ring;
        return state;
    }

    private static string? After(string key, string prefix) =>
        key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null;

    internal static Versioned<T>? Read<T>(KeyChange change) where T : class =>
        change.Deleted ? null : new Versioned<T>(Json.Read<T>(change.Pair.Value), change.Pair.ModRevision);
}
