using System.Collections.Immutable;
using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>A lease as a store holds it.</summary>
/// <param name="Deadline">When it ends unless it is renewed; on this process's clock, so never persisted.</param>
/// <param name="Keys">The keys that live as long as it does.</param>
public sealed record StoredLease(long Id, TimeSpan Ttl, Instant Deadline, ImmutableSortedSet<string> Keys);

/// <summary>Everything a store holds at one revision. Immutable: readers hold on to one without a lock, and a store
/// that could not write goes back to the one before by one assignment.</summary>
public sealed record StoreState
{
    private static readonly IComparer<KeyValue> ByKey =
        Comparer<KeyValue>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key));

    public static readonly ImmutableSortedSet<KeyValue> NoPairs = ImmutableSortedSet.Create(ByKey);

    public static readonly StoreState Empty = new();

    /// <summary>1 when nothing was ever written, as in etcd.</summary>
    public long Revision { get; init; } = 1;

    /// <summary>In the ordinal order of the keys.</summary>
    public ImmutableSortedSet<KeyValue> Pairs { get; init; } = NoPairs;

    /// <summary>The changes of the revisions from <see cref="OldestKept"/> on, one batch a revision.</summary>
    public ImmutableList<StoreBatch> History { get; init; } = [];

    /// <summary>Watches can start here or later.</summary>
    public long OldestKept { get; init; }

    public ImmutableSortedDictionary<long, StoredLease> Leases { get; init; } =
        ImmutableSortedDictionary<long, StoredLease>.Empty;

    /// <summary>The leases in the order in which they end.</summary>
    public ImmutableSortedSet<(Instant At, long Lease)> Deadlines { get; init; } = [];

    /// <summary>Lease ids only grow, so that an id never means two leases.</summary>
    public long LastLease { get; init; }

    public Instant? NextDeadline => Deadlines.IsEmpty ? null : Deadlines.Min.At;

    /// <summary>A store as it was persisted. Its history is gone, so watches start at the next revision; every lease
    /// gets its whole TTL from <paramref name="now"/>, since nobody could renew it meanwhile.</summary>
    public static StoreState Loaded(
        long revision, IEnumerable<KeyValue> pairs, IEnumerable<(long Id, TimeSpan Ttl)> leases, long lastLease,
        Instant now)
    {
        var all = NoPairs.Union(pairs);
        var keys = all.Where(pair => pair.Lease != 0).ToLookup(pair => pair.Lease, pair => pair.Key);
        var held = leases.Select(lease => new StoredLease(lease.Id, lease.Ttl, now + lease.Ttl,
            keys[lease.Id].ToImmutableSortedSet(StringComparer.Ordinal))).ToList();
        return new StoreState
        {
            Revision = revision,
            OldestKept = revision + 1,
            Pairs = all,
            Leases = held.ToImmutableSortedDictionary(lease => lease.Id, lease => lease),
            Deadlines = [.. held.Select(lease => (lease.Deadline, lease.Id))],
            LastLease = lastLease,
        };
    }

    public KeyValue? Find(string key) => Pairs.TryGetValue(Probe(key), out var pair) ? pair : null;

    public IReadOnlyList<KeyValue> Range(string prefix) => Range(Pairs, prefix);

    /// <summary>The changes under a prefix since a revision (inclusive), or the one batch that says they are
    /// forgotten.</summary>
    public IEnumerable<StoreBatch> Since(string prefix, long from)
    {
        if (from < OldestKept)
        {
            yield return new StoreBatch(OldestKept, [], Compacted: true);
            yield break;
        }
        for (var i = IndexOf(from); i < History.Count; i++)
            if (History[i].Under(prefix) is { } batch)
                yield return batch;
    }

    /// <summary>The leases that have ended by now, the longest ended first.</summary>
    public IReadOnlyList<long> Due(Instant now) =>
        [.. Deadlines.TakeWhile(entry => entry.At <= now).Select(entry => entry.Lease)];

    /// <summary>The same with every lease renewed now.</summary>
    public StoreState Renewed(Instant now) => this with
    {
        Leases = Leases.ToImmutableSortedDictionary(l => l.Key, l => l.Value with { Deadline = now + l.Value.Ttl }),
        Deadlines = [.. Leases.Values.Select(lease => (now + lease.Ttl, lease.Id))],
    };

    /// <summary>Where the changes of a revision are in <see cref="History"/>, which has no holes.</summary>
    internal int IndexOf(long revision) =>
        History.IsEmpty ? 0 : (int)Math.Clamp(revision - History[0].Revision, 0, History.Count);

    internal static KeyValue Probe(string key) => new(key, "", 0, 0, 0, 0);

    internal static IReadOnlyList<KeyValue> Range(ImmutableSortedSet<KeyValue> pairs, string prefix)
    {
        if (prefix.Length == 0) return pairs;
        var found = new List<KeyValue>();
        var first = pairs.IndexOf(Probe(prefix));
        for (var i = first < 0 ? ~first : first; i < pairs.Count; i++)
        {
            var pair = pairs[i];
            if (!pair.Key.StartsWith(prefix, StringComparison.Ordinal)) break;
            found.Add(pair);
        }
        return found;
    }
}
