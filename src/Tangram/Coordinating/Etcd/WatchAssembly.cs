namespace Tangram.Coordinating.Etcd;

/// <summary>Makes batches, each one whole revision, of what a watch is sent: etcd packs several revisions into one
/// response, and splits a large response into fragments, even inside a revision.</summary>
/// <param name="from">Events of earlier revisions are dropped.</param>
internal sealed class WatchAssembly(EtcdKeys keys, long from)
{
    private readonly List<Wire.Event> _fragments = [];
    private long _next = from;

    /// <summary>The batches that a response completes, in order.</summary>
    public IReadOnlyList<StoreBatch> Add(Wire.WatchResponse response)
    {
        if (response.CompactRevision > 0)
        {
            // The store was told to forget what is below the next revision; see EtcdStore.
            return [new StoreBatch(response.CompactRevision + 1, [], Compacted: true)];
        }
        _fragments.AddRange(response.Events);
        if (response.Fragment || _fragments.Count == 0) return [];
        var batches = new List<StoreBatch>();
        for (var i = 0; i < _fragments.Count;)
        {
            var revision = _fragments[i].Kv.ModRevision;
            var changes = new List<KeyChange>();
            for (; i < _fragments.Count && _fragments[i].Kv.ModRevision == revision; i++)
                changes.Add(keys.Read(_fragments[i]));
            if (revision >= _next) batches.Add(new StoreBatch(revision, changes));
        }
        _fragments.Clear();
        if (batches.Count > 0) _next = batches[^1].Revision + 1;
        return batches;
    }
}
