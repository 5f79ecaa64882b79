using Tangram.Coordinating;
using Tangram.Model;

namespace Tangram.Tests.Coordinating;

/// <summary>The same semantics as <see cref="StoreEngine"/>, written a second time as plainly as possible: lists, and
/// loops over all of them. It decides nothing by structure, so it shares no mistake with the engine.</summary>
internal sealed class NaiveStore(int history)
{
    private sealed record Lease(long Id, TimeSpan Ttl, Instant Deadline);

    private List<KeyValue> _pairs = [];
    private readonly List<Lease> _leases = [];
    private readonly List<StoreBatch> _batches = [];
    private long _revision = 1;
    private long _granted;
    private long _compacted;

    public RangeAnswer Range(string prefix) => new(StoreStatus.Ok, _revision, [.. _pairs
        .Where(pair => Under(pair.Key, prefix))
        .OrderBy(pair => pair.Key, StringComparer.Ordinal)]);

    public TxnAnswer Apply(Txn txn)
    {
        foreach (var ops in new[] { txn.Then, txn.Else })
            foreach (var put in ops.OfType<StoreOp.Put>())
                if (ops.Count(op => op is StoreOp.Put other && other.Key == put.Key
                                    || op is StoreOp.Delete delete && delete.Key == put.Key
                                    || op is StoreOp.DeletePrefix under && Under(put.Key, under.Prefix)) > 1)
                    return TxnAnswer.Failed(StoreStatus.Unavailable, "");
        var succeeded = true;
        foreach (var compare in txn.Compares) succeeded &= Holds(compare);
        var branch = succeeded ? txn.Then : txn.Else;
        foreach (var put in branch.OfType<StoreOp.Put>())
            if (put.Lease != 0 && !_leases.Exists(lease => lease.Id == put.Lease))
                return TxnAnswer.Failed(StoreStatus.Unavailable, "");
        var gets = new List<KeyValue?>();
        var changes = new List<KeyChange>();
        foreach (var op in branch)
        {
            if (op is StoreOp.Get get) gets.Add(_pairs.Find(pair => pair.Key == get.Key));
            if (op is StoreOp.Put put) changes.Add(Put(put));
            if (op is StoreOp.Delete delete) changes.AddRange(Delete(pair => pair.Key == delete.Key));
            if (op is StoreOp.DeletePrefix under)
                changes.AddRange(Delete(pair => Under(pair.Key, under.Prefix)));
        }
        Record(changes);
        return new TxnAnswer(StoreStatus.Ok, succeeded, _revision, gets);
    }

    public LeaseAnswer Grant(TimeSpan ttl, Instant now)
    {
        _leases.Add(new Lease(++_granted, ttl, now + ttl));
        return new LeaseAnswer(StoreStatus.Ok, _granted, ttl);
    }

    public LeaseAnswer KeepAlive(long id, Instant now)
    {
        var index = _leases.FindIndex(lease => lease.Id == id && lease.Deadline > now);
        if (index < 0) return new LeaseAnswer(StoreStatus.Ok, id, TimeSpan.Zero);
        _leases[index] = _leases[index] with { Deadline = now + _leases[index].Ttl };
        return new LeaseAnswer(StoreStatus.Ok, id, _leases[index].Ttl);
    }

    public LeaseAnswer Revoke(long id)
    {
        if (_leases.RemoveAll(lease => lease.Id == id) > 0) Record([.. Delete(pair => pair.Lease == id)]);
        return new LeaseAnswer(StoreStatus.Ok, id, TimeSpan.Zero);
    }

    public List<StoreBatch> Expire(Instant now)
    {
        var before = _revision;
        foreach (var due in _leases.Where(lease => lease.Deadline <= now).OrderBy(lease => lease.Deadline)
                     .ThenBy(lease => lease.Id).ToList())
            Revoke(due.Id);
        return [.. _batches.Where(batch => batch.Revision > before)];
    }

    public List<StoreBatch> History(string prefix, long from)
    {
        var forgotten = Math.Max(_compacted, _batches.Count > history ? _batches[^history].Revision : 0);
        if (from < forgotten) return [new StoreBatch(forgotten, [], Compacted: true)];
        var found = new List<StoreBatch>();
        foreach (var batch in _batches.Where(batch => batch.Revision >= from))
        {
            var changes = batch.Changes.Where(change => Under(change.Pair.Key, prefix)).ToList();
            if (changes.Count > 0) found.Add(new StoreBatch(batch.Revision, changes));
        }
        return found;
    }

    public TxnAnswer Compact(long revision)
    {
        if (revision > _revision) return TxnAnswer.Failed(StoreStatus.Unavailable, "");
        _compacted = Math.Max(_compacted, revision);
        return new TxnAnswer(StoreStatus.Ok, true, _revision, []);
    }

    private KeyChange Put(StoreOp.Put put)
    {
        var old = _pairs.Find(pair => pair.Key == put.Key);
        var next = new KeyValue(put.Key, put.Value, old?.CreateRevision ?? _revision + 1, _revision + 1,
            (old?.Version ?? 0) + 1, put.Lease);
        _pairs = [.. _pairs.Where(pair => pair.Key != put.Key), next];
        return new KeyChange(next, false);
    }

    private List<KeyChange> Delete(Func<KeyValue, bool> which)
    {
        var gone = _pairs.Where(which).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        _pairs = [.. _pairs.Except(gone)];
        return [.. gone.Select(pair => new KeyChange(new KeyValue(pair.Key, "", 0, _revision + 1, 0, 0), true))];
    }

    private void Record(List<KeyChange> changes)
    {
        if (changes.Count > 0) _batches.Add(new StoreBatch(++_revision, changes));
    }

    private bool Holds(Compare compare)
    {
        var pair = _pairs.Find(candidate => candidate.Key == compare.Key);
        if (compare.Target == CompareTarget.Value)
            return pair is not null && Is(compare.Result, string.CompareOrdinal(pair.Value, compare.Text));
        var number = pair is null ? 0
            : compare.Target == CompareTarget.Version ? pair.Version
            : compare.Target == CompareTarget.ModRevision ? pair.ModRevision
            : pair.CreateRevision;
        return Is(compare.Result, Math.Sign(number - compare.Number));
    }

    private static bool Under(string key, string prefix) => key.StartsWith(prefix, StringComparison.Ordinal);

    private static bool Is(CompareResult result, int order) =>
        result == CompareResult.Equal && order == 0 || result == CompareResult.NotEqual && order != 0
        || result == CompareResult.Less && order < 0 || result == CompareResult.Greater && order > 0;
}
