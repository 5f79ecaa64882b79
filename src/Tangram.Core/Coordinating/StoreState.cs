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

    /// <summary>The state of a follower after a change that was made elsewhere; it knows of no leases.</summary>
    /// <param name="history">How many changes to keep.</param>
    public StoreState Followed(StoreBatch batch, int history)
    {
        var pairs = Pairs.ToBuilder();
        foreach (var change in batch.Changes)
        {
            pairs.Remove(change.Pair);
            if (!change.Deleted) pairs.Add(change.Pair);
        }
        var kept = History.Add(batch);
        var oldest = OldestKept;
        if (kept.Count > history) (oldest, kept) = (kept[1].Revision, kept.RemoveAt(0));
        return this with { Revision = batch.Revision, Pairs = pairs.ToImmutable(), History = kept, OldestKept =
            oldest };
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

    /// <summary>Where the changes from a revision on begin in <see cref="History"/>.</summary>
    internal int IndexOf(long revision)
    {
        var (low, high) = (0, History.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (History[middle].Revision < revision) low = middle + 1;
            else high = middle;
        }
        return low;
    }

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
