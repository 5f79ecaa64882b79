using Tangram.Model;

namespace Tangram.Coordinating;

/// <summary>Where the SQLite store keeps what must survive. One caller at a time.</summary>
internal interface IJournal : IDisposable
{
    /// <summary>The cluster's number for this store's revisions: restoring an older copy raises it, so that no pair
    /// (epoch, revision) ever means two things.</summary>
    long Epoch { get; }

    StoreState Load(Instant now);

    /// <summary>Writes all of it or nothing. Ok: it is on the disk. Unavailable: it is certainly not. Unknown: ask
    /// <see cref="Settle"/> before writing again.</summary>
    JournalAnswer Write(StoreWrite write);

    /// <summary>Whether the last write of unknown outcome is in the journal; null while that cannot be told.</summary>
    bool? Settle();
}

internal readonly record struct JournalAnswer(StoreStatus Status, string Error = "");

/// <summary>What one commit changes: the last value of each key (null: deleted) and of each lease (null:
/// ended).</summary>
internal sealed class StoreWrite
{
    public Dictionary<string, KeyValue?> Pairs { get; } = new(StringComparer.Ordinal);
    public Dictionary<long, TimeSpan?> Leases { get; } = [];
    public List<StoreBatch> Batches { get; } = [];
    public long Revision { get; set; }
    public long LastLease { get; set; }

    /// <summary>Grows with every mutation that has an effect.</summary>
    public int Size => Batches.Count + Leases.Count;

    public void Add(StoreBatch? batch)
    {
        if (batch is null) return;
        Batches.Add(batch);
        foreach (var change in batch.Changes) Pairs[change.Pair.Key] = change.Deleted ? null : change.Pair;
    }
}
