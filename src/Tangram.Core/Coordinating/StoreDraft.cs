using System.Collections.Immutable;

namespace Tangram.Coordinating;

/// <summary>One transaction under way. Its operations see each other's effects; nobody else does until
/// <see cref="Finish"/>.</summary>
internal sealed class StoreDraft(StoreState before)
{
    private readonly List<KeyChange> _changes = [];
    private ImmutableSortedSet<KeyValue> _pairs = before.Pairs;
    private ImmutableSortedDictionary<long, StoredLease> _leases = before.Leases;

    private long Next => before.Revision + 1;

    public KeyValue? Find(string key) => _pairs.TryGetValue(StoreState.Probe(key), out var pair) ? pair : null;

    public void Put(StoreOp.Put put)
    {
        var old = Find(put.Key);
        var pair = old is null
            ? new KeyValue(put.Key, put.Value, Next, Next, 1, put.Lease)
            : new KeyValue(put.Key, put.Value, old.CreateRevision, Next, old.Version + 1, put.Lease);
        if (old is not null) _pairs = _pairs.Remove(old);
        _pairs = _pairs.Add(pair);
        if (old?.Lease != put.Lease)
        {
            Detach(old);
            if (put.Lease != 0) Hang(put.Lease, keys => keys.Add(put.Key));
        }
        _changes.Add(new KeyChange(pair, Deleted: false));
    }

    public void Delete(string key)
    {
        if (Find(key) is not { } old) return;
        _pairs = _pairs.Remove(old);
        Detach(old);
        _changes.Add(new KeyChange(new KeyValue(key, "", 0, Next, 0, 0), Deleted: true));
    }

    public void DeletePrefix(string prefix)
    {
        foreach (var pair in StoreState.Range(_pairs, prefix)) Delete(pair.Key);
    }

    /// <summary>Ends a lease with all its keys.</summary>
    public void End(StoredLease lease)
    {
        foreach (var key in lease.Keys) Delete(key);
        _leases = _leases.Remove(lease.Id);
    }

    /// <summary>The state after it, and what changed; the same revision and no batch when no key did.</summary>
    public (StoreState State, StoreBatch? Batch) Finish()
    {
        if (_changes.Count == 0) return (before with { Leases = _leases }, null);
        var batch = new StoreBatch(Next, _changes);
        var state = before with
        {
            Revision = Next,
            Pairs = _pairs,
            Leases = _leases,
            History = before.History.Add(batch),
        };
        return (state, batch);
    }

    private void Detach(KeyValue? pair)
    {
        if (pair is { Lease: not 0 }) Hang(pair.Lease, keys => keys.Remove(pair.Key));
    }

    private void Hang(long id, Func<ImmutableSortedSet<string>, ImmutableSortedSet<string>> change)
    {
        if (_leases.TryGetValue(id, out var lease))
            _leases = _leases.SetItem(id, lease with { Keys = change(lease.Keys) });
    }
}
