namespace Tangram.Coordinating;

public static class Batches
{
    /// <summary>The part of a batch that concerns a prefix, or null when none does.</summary>
    public static StoreBatch? Under(this StoreBatch batch, string prefix)
    {
        if (batch.Compacted || batch.Changes.All(change => Concerns(change, prefix))) return batch;
        var changes = batch.Changes.Where(change => Concerns(change, prefix)).ToArray();
        return changes.Length == 0 ? null : batch with { Changes = changes };
    }

    private static bool Concerns(KeyChange change, string prefix) =>
        change.Pair.Key.StartsWith(prefix, StringComparison.Ordinal);
}
