using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Tangram.Coordinating;

/// <summary>What readers see of a store: the newest published state, and the changes since any revision still kept.
/// Publishing never waits for a reader: one that falls behind has its stream ended and resumes from history.</summary>
internal sealed class Watchers
{
    /// <summary>The most batches that wait for one watcher; it has a second or so to drain them at full load.</summary>
    public const int MostWaiting = 1_024;

    private readonly Lock _gate = new();
    private readonly HashSet<Watcher> _watchers = [];
    private volatile StoreState _state;
    private bool _closed;

    public Watchers(StoreState state) => _state = state;

    public StoreState State => _state;

    public RangeAnswer Range(string prefix)
    {
        var state = _state;
        return new RangeAnswer(StoreStatus.Ok, state.Revision, state.Range(prefix));
    }

    /// <summary>Makes a state the one that is read, and tells the watchers what has changed since the last.</summary>
    public void Publish(StoreState state, IReadOnlyList<StoreBatch> batches)
    {
        lock (_gate)
        {
            _state = state;
            foreach (var batch in batches) _watchers.RemoveWhere(watcher => !watcher.Offer(batch));
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var watcher in _watchers) watcher.End();
            _watchers.Clear();
        }
    }

    public async IAsyncEnumerable<StoreBatch> WatchAsync(
        string prefix, long from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Join(prefix, from) is not var (state, watcher)) yield break;
        try
        {
            foreach (var batch in state.Since(prefix, from))
            {
                cancellation.ThrowIfCancellationRequested();
                yield return batch;
                if (batch.Compacted) yield break;
            }
            await foreach (var batch in watcher.Batches.ReadAllAsync(cancellation))
            {
                yield return batch;
                if (batch.Compacted) yield break;
            }
        }
        finally
        {
            lock (_gate) _watchers.Remove(watcher);
        }
    }

    /// <summary>What has been published and a watcher of all that comes after it, taken at one moment.</summary>
    private (StoreState State, Watcher Watcher)? Join(string prefix, long from)
    {
        lock (_gate)
        {
            if (_closed) return null;
            var watcher = new Watcher(prefix, from);
            _watchers.Add(watcher);
            return (_state, watcher);
        }
    }

    private sealed class Watcher(string prefix, long from)
    {
        private readonly Channel<StoreBatch> _waiting = Channel.CreateBounded<StoreBatch>(
            new BoundedChannelOptions(MostWaiting) { SingleReader = true });

        public ChannelReader<StoreBatch> Batches => _waiting.Reader;

        /// <summary>False when it is too far behind; its stream then ends after what waits.</summary>
        public bool Offer(StoreBatch batch)
        {
            if (batch.Revision < from || batch.Under(prefix) is not { } mine) return true;
            if (_waiting.Writer.TryWrite(mine)) return true;
            End();
            return false;
        }

        public void End() => _waiting.Writer.TryComplete();
    }
}
