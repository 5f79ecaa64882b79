using Tangram.Model;

namespace Tangram.Coordinating;

public sealed class StoreEngine
{
    private readonly SortedDictionary<string, KeyValue> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<long, (TimeSpan Ttl, Instant Until)> _leases = [];
    private long _nextLease = 1000;
    public long Revision { get; private set; } = 1;

    public RangeAnswer Range(string prefix) => new(StoreStatus.Ok, Revision,
        [.. _keys.Values.Where(k => k.Key.StartsWith(prefix, StringComparison.Ordinal))]);

    public (TxnAnswer, StoreBatch?) Apply(Txn txn)
    {
        var ok = txn.Compares.All(Holds);
        var changes = new List<KeyChange>();
        foreach (var op in ok ? txn.Then : txn.Else)
            if (op is StoreOp.Put { Lease: not 0 } p && !_leases.ContainsKey(p.Lease))
                return (TxnAnswer.Failed(StoreStatus.Unavailable, "unknown lease"), null);
        foreach (var op in ok ? txn.Then : txn.Else)
        {
            var rev = Revision + 1;
            if (op is StoreOp.Put p)
            {
                var old = _keys.GetValueOrDefault(p.Key);
                var kv = new KeyValue(p.Key, p.Value, old?.CreateRevision ?? rev, rev, (old?.Version ?? 0) + 1, p.Lease);
                _keys[p.Key] = kv;
                changes.Add(new KeyChange(kv, false));
            }
            else if (op is StoreOp.Delete d && _keys.Remove(d.Key, out var gone))
                changes.Add(new KeyChange(gone with { Value = "", ModRevision = rev }, true));
        }
        if (changes.Count > 0) Revision++;
        return (new TxnAnswer(StoreStatus.Ok, ok, Revision, []), changes.Count > 0 ? new StoreBatch(Revision, changes) : null);
    }

    private bool Holds(Compare c)
    {
        var kv = _keys.GetValueOrDefault(c.Key);
        if (c.Target == CompareTarget.Value) return kv is not null && (c.Result == CompareResult.Equal) == (kv.Value == c.Text);
        var n = c.Target switch { CompareTarget.ModRevision => kv?.ModRevision, CompareTarget.CreateRevision => kv?.CreateRevision, _ => kv?.Version } ?? 0;
        return c.Result switch { CompareResult.Equal => n == c.Number, CompareResult.NotEqual => n != c.Number, CompareResult.Less => n < c.Number, _ => n > c.Number };
    }

    public LeaseAnswer Grant(TimeSpan ttl, Instant now)
    {
        _leases[++_nextLease] = (ttl, now + ttl);
        return new LeaseAnswer(StoreStatus.Ok, _nextLease, ttl);
    }

    public LeaseAnswer KeepAlive(long lease, Instant now)
    {
        if (!_leases.TryGetValue(lease, out var l)) return new LeaseAnswer(StoreStatus.Ok, lease, TimeSpan.Zero);
        _leases[lease] = (l.Ttl, now + l.Ttl);
        return new LeaseAnswer(StoreStatus.Ok, lease, l.Ttl);
    }

    public IReadOnlyList<StoreBatch> Revoke(long lease)
    {
        if (!_leases.Remove(lease)) return [];
        var dead = _keys.Values.Where(k => k.Lease == lease).ToArray();
        if (dead.Length == 0) return [];
        Revision++;
        foreach (var k in dead) _keys.Remove(k.Key);
        return [new StoreBatch(Revision, [.. dead.Select(k => new KeyChange(k with { Value = "", ModRevision = Revision }, true))])];
    }

    public IReadOnlyList<StoreBatch> Expire(Instant now) =>
        [.. _leases.Where(l => l.Value.Until <= now).Select(l => l.Key).ToArray().SelectMany(Revoke)];
}
